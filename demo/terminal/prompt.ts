// A prompt that a user gives in the terminal, held against what the network knows.

import { unknownInPrompt } from "../data/characters";
import { piecesOf } from "../data/pieces";
import type { TrainedOn } from "../data/trained-on";
import { OptionError } from "./arguments";

/** Says what the network reads in place of what it does not know. @throws where it reads nothing in its place. */
export function expectKnown({ symbols, kind }: Pick<TrainedOn, "symbols" | "kind">, prompt: string): void {
  const unknown = unknownInPrompt(symbols, piecesOf(prompt, kind), kind);
  if (unknown && !unknown.isRead) throw new OptionError(`--prompt ${unknown.words}`);
  if (unknown) console.error(`--prompt ${unknown.words}`);
}
