// What a layer reads and answers in a graph, whatever its operator.

import type { GraphBuilder } from "./builder";

/** Names of values. */
export interface LayerInputs {
  /** [steps, batch, I] */
  readonly x: string;
  /** int32 [batch] */
  readonly lengths?: string | undefined;
  /** States to begin with, [directions, batch, width of h]; zero where they are left out. */
  readonly hidden?: string | undefined;
  /** Those beside h, [directions, batch, H] each. */
  readonly cell?: readonly string[] | undefined;
}

export interface LayerOutputs {
  /** [steps, batch, directions · width of h]; past a sequence's end, without meaning */
  readonly y: string;
  /** The states after each sequence's last step, as those to begin with. */
  readonly hidden: string;
  readonly cell: readonly string[];
}

/** The parameters of a network, and how they are held in a graph. */
export interface Weights {
  has(name: string): boolean;
  take(name: string): Float32Array;
  /** @returns the name of a value of 32 bits. */
  constant(name: string, shape: readonly number[], data: Float32Array): string;
}

/** Of [steps, directions, batch, width]: [steps, batch, directions · width]. */
export function sideBySide(graph: GraphBuilder, y: string, directions: number): string {
  if (directions === 1) return graph.add("Squeeze", [y, graph.integers(1)]);
  return graph.add("Reshape", [graph.add("Transpose", [y], { perm: [0, 2, 1, 3] }), graph.integers(0, 0, -1)]);
}
