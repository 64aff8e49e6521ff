// First names as a text to write more of; apart from the list, which pages read without the library.

import { splitItems } from "../../src/index";
import { names } from "./names";
import { heldOutFraction, splitSeed } from "./split";

/** The names in an order that a seed shuffled, those that are held out last; a line each, after an empty one. */
export async function namesAsText(): Promise<string> {
  const { training, heldOut } = splitItems((await names()).items, heldOutFraction, splitSeed);
  return `\n${[...training, ...heldOut].map(({ text }) => `${text}\n`).join("")}`;
}
