// The initial values of parameters, all at once.

import { elements } from "../gpu/tensor";
import { parameterShapes } from "../parts/parameter-shapes";
import { type NetworkOptions, networkConfig } from "./config";
import { drawParameters } from "./draw-parameters";
import { expectSize } from "./expect";
import { orthogonal } from "./orthogonal";
import type { ParameterValues } from "./parameters";

/** Of one parameter: 4 GiB. */
const mostValues = 2 ** 30;

/**
 * "uniform": in ±1/√hidden, as PyTorch initialises `nn.RNN`, `nn.GRU` and `nn.LSTM` (and `nn.Linear` with `hidden`
 * inputs). "glorot": in ±√(6 / (rows + columns)) of each gate (Glorot and Bengio 2010). "orthogonal": UᵀU = 1 for each
 * gate (Saxe, McClelland and Ganguli 2014), by random rotations, near enough to uniformly distributed that no direction is
 * preferred. Biases are zero but for "uniform". An embedding begins in ±1, and in ±1/√width
 * where the output layer is tied to it. Unit parameters are always "uniform".
 *
 * @throws where the options are none of a network, or a parameter is larger than any device's buffers.
 */
export function initialParameters(options: NetworkOptions): ParameterValues {
  const config = networkConfig(options);
  for (const [name, { shape }] of Object.entries(parameterShapes(config))) {
    expectSize("initialParameters", `the size of "${name}" [${shape.join(", ")}]`, elements(shape), mostValues);
  }
  const drawing = drawParameters(config, orthogonal);
  for (;;) {
    const { done, value } = drawing.next();
    if (done) return value;
  }
}
