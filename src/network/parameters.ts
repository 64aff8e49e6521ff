// The parameters of a network: their names and shapes.

import { cellOf } from "../cells/cells";
import type { TensorSpec } from "../gpu/tensor";
import { architectureOf, depthOf, type StackedLayer } from "../parts/architecture";
import type { NetworkConfig } from "./config";

/** Values by parameter name, row-major. */
export type ParameterValues = Map<string, { shape: number[]; data: Float32Array }>;

/** What the parameters of a layer's direction are called: `layer0.`, or `layer0.reverse.`. */
export const prefixOf = (layer: number, direction: number): string =>
  `layer${layer}.${direction === 1 ? "reverse." : ""}`;

/** What a parameter begins as. */
export interface ParameterSpec extends TensorSpec {
  readonly shape: number[];
  /** The layer that it is of; none of what stands before and behind them. */
  readonly layer?: StackedLayer;
  /** Numbers whose weighted sum one of its products is. */
  readonly fanIn: number;
}

/** Names and shapes, in the order in which they are stored and drawn. */
export function parameterShapes(config: NetworkConfig): Record<string, ParameterSpec> {
  const architecture = architectureOf(config);
  const { input, layers, readout } = architecture;
  const shapes: Record<string, ParameterSpec> = {};
  const { tokens = 0, width } = input;
  if (input.kind === "embedding") shapes.embeddingWeight = { shape: [tokens, width], fanIn: readout.tied ? width : 1 };
  let rowParts = 1;
  for (const layer of layers) {
    const { number, inputs, hidden, directions, bias, projection } = layer;
    const { gates: parts, candidate, unitParameters } = cellOf(layer);
    const { length: count } = unitParameters;
    for (let direction = 0; direction < directions; direction++) {
      const prefix = prefixOf(number, direction);
      const of = { layer, fanIn: hidden };
      shapes[`${prefix}inputWeight`] = { shape: [inputs, parts * hidden], parts, rowParts, ...of };
      shapes[`${prefix}recurrentWeight`] = { shape: [layer.width, parts * hidden], parts, ...of };
      if (bias) shapes[`${prefix}bias`] = { shape: [parts * hidden], parts, ...of };
      if (bias && candidate) shapes[`${prefix}recurrentBias`] = { shape: [hidden], ...of };
      if (count > 0) shapes[`${prefix}unitParameters`] = { shape: [count, hidden], ...of };
      if (projection !== undefined) shapes[`${prefix}projectionWeight`] = { shape: [hidden, projection], ...of };
    }
    rowParts = directions;
  }
  const { outputs, bias, tied } = readout;
  const depth = depthOf(architecture);
  const fanIn = layers.at(-1)!.width;
  if (!tied) shapes.outputWeight = { shape: [depth, outputs], rowParts, fanIn };
  if (bias) shapes.outputBias = { shape: [outputs], fanIn };
  return shapes;
}
