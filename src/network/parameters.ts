// The parameters of a network: their names and shapes.

import { cellOf } from "../cells/cells";
import type { TensorSpec } from "../gpu/tensor";
import { directionsOf, type NetworkConfig } from "./config";

/** Values by parameter name, row-major. */
export type ParameterValues = Map<string, { shape: number[]; data: Float32Array }>;

/** What the parameters of a layer's direction are called: `layer0.`, or `layer0.reverse.`. */
export const prefixOf = (layer: number, direction: number): string =>
  `layer${layer}.${direction === 1 ? "reverse." : ""}`;

/** Names and shapes, in the order in which they are stored and drawn. */
export function parameterShapes(config: NetworkConfig): Record<string, TensorSpec & { shape: number[] }> {
  const { inputs, hidden, outputs, layers } = config;
  const { gates, candidate, recurrent, unitParameters } = cellOf(config);
  const directions = directionsOf(config);
  const shapes: Record<string, TensorSpec & { shape: number[] }> = {};
  for (let layer = 0; layer < layers; layer++) {
    for (let direction = 0; direction < directions; direction++) {
      const prefix = prefixOf(layer, direction);
      const [below, rowParts] = layer === 0 ? [inputs, 1] : [directions * hidden, directions];
      shapes[`${prefix}inputWeight`] = { shape: [below, gates * hidden], parts: gates, rowParts };
      if (recurrent === "unit") shapes[`${prefix}recurrentWeight`] = { shape: [gates, hidden] };
      else if (recurrent !== "none")
        shapes[`${prefix}recurrentWeight`] = { shape: [hidden, gates * hidden], parts: gates };
      shapes[`${prefix}bias`] = { shape: [gates * hidden], parts: gates };
      if (candidate) shapes[`${prefix}recurrentBias`] = { shape: [hidden] };
      if (unitParameters.length > 0) shapes[`${prefix}unitParameters`] = { shape: [unitParameters.length, hidden] };
    }
  }
  shapes.outputWeight = { shape: [directions * hidden, outputs], rowParts: directions };
  shapes.outputBias = { shape: [outputs] };
  return shapes;
}
