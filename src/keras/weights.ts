// The variables of layers, wherever a format has them.

import type { FloatTensor } from "../interchange/safetensors";
import type { SaidLayer } from "./said-layer";

/** What a file has of variables. */
export interface Weights {
  /** What gates may go through: "hard_sigmoid" where the format's is that of `hardLstm`. */
  readonly gateActivations: readonly ("sigmoid" | "hard_sigmoid")[];
  /**
   * The variables of a layer, or of the one that it wraps, in Keras' order.
   * @param wrapped of which of the layers that it wraps
   * @throws where one is missing, or is not of floats
   */
  read(layer: SaidLayer, names: readonly string[], wrapped?: Wrapped): FloatTensor[];
}

/** A layer within a Bidirectional or a TimeDistributed, by the names that formats have for it. */
export interface Wrapped {
  readonly role: "layer" | "forward_layer" | "backward_layer";
  /** Its own, behind what tells its direction: "forward_lstm". */
  readonly name: string;
}

/** As `read` of `Weights`, each of the shape that it must have. @throws otherwise */
export function variables(
  weights: Weights,
  layer: SaidLayer,
  shapes: Readonly<Record<string, readonly (number | undefined)[]>>,
  wrapped?: Wrapped,
): FloatTensor[] {
  const names = Object.keys(shapes);
  const found = weights.read(layer, names, wrapped);
  for (const [i, { shape }] of found.entries()) {
    const expected = shapes[names[i]!]!;
    const isSame = shape.length === expected.length && shape.every((size, axis) => size === (expected[axis] ?? size));
    if (isSame) continue;
    const wanted = `[${expected.map((size) => size ?? "any").join(", ")}]`;
    layer.refuse(`has ${names[i]} of [${shape.slice(0, 8).join(", ")}]`, wanted, "write or fetch the file again");
  }
  return found;
}
