// How `fromOnnx` refuses: what it got, what it expected, what to do.

import { shown, TempogradError } from "../errors";
import type { Node } from "./model";

export { shown };

export function refuse(subject: string, got: string, expected: string, cure: string): never {
  throw new TempogradError("file", `fromOnnx: ${subject} ${got}, expected ${expected}; ${cure}.`);
}

/** A node for a message, by its name and operator. */
export const nodeText = ({ name, type, outputs }: Node): string =>
  `node ${shown(name || (outputs[0] ?? ""))} (${shown(type).slice(1, -1)})`;

export const refuseNode = (
  node: Node,
  got: string,
  expected: string,
  cure = "leave it out of the model, and export it again",
): never => refuse(nodeText(node), got, expected, cure);
