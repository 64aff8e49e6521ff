// A prompt that a user gives in the terminal, held against what the network knows.

import { unknownInPrompt } from "../data/characters";
import { OptionError } from "./arguments";

/** Says what the network reads in place of what it does not know. @throws where it reads nothing in its place. */
export function expectKnown(symbols: readonly string[], prompt: string): void {
  const unknown = unknownInPrompt(symbols, prompt);
  if (unknown && !unknown.isRead) throw new OptionError(`--prompt ${unknown.words}`);
  if (unknown) console.error(`--prompt ${unknown.words}`);
}
