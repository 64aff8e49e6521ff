// The parameters of a network: their names and shapes, and their initial values.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { mersenne } from "pure-rand/generator/mersenne";
import { elements } from "../gpu/tensor";
import type { NetworkConfig } from "./config";

/** Values by parameter name, row-major. */
export type ParameterValues = Map<string, { shape: number[]; data: Float32Array }>;

/** Names and shapes, in the order in which they are stored and drawn. */
export function parameterShapes({ inputs, hidden, outputs }: NetworkConfig): Record<string, { shape: number[] }> {
  return {
    "layer0.inputWeight": { shape: [inputs, hidden] },
    "layer0.recurrentWeight": { shape: [hidden, hidden] },
    "layer0.bias": { shape: [hidden] },
    outputWeight: { shape: [hidden, outputs] },
    outputBias: { shape: [outputs] },
  };
}

/**
 * Uniform in ±1/√hidden, as PyTorch initialises `nn.RNN` (and `nn.Linear` with `hidden` inputs). The same seed gives
 * the same values on every machine.
 */
export function initialParameters(config: NetworkConfig): ParameterValues {
  const generator = mersenne(config.seed);
  const bound = 1 / Math.sqrt(config.hidden);
  const values: ParameterValues = new Map();
  for (const [name, { shape }] of Object.entries(parameterShapes(config))) {
    const data = Float32Array.from({ length: elements(shape) }, () => (2 * uniformFloat64(generator) - 1) * bound);
    values.set(name, { shape, data });
  }
  return values;
}
