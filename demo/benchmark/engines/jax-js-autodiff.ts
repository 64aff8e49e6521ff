// jax-js as its users train with it: the forward pass and the loss are written, and jit(valueAndGrad(…)) does the rest.

import { type numpy as np, valueAndGrad } from "@jax-js/jax";
import type { Engine } from "./engine";
import {
  type Given,
  type JaxBackend,
  jaxEngine,
  layerOf,
  logProbabilitiesOf,
  lossOf,
  type Parameters,
  updated,
} from "./jax-js";
import { cells, joined } from "./jax-js-cells";

function step(given: Given): [loss: np.Array, updated: Parameters] {
  const loss = (values: Parameters) => {
    const now = { ...given, values };
    const { h } = cells[given.cell](layerOf(now));
    return lossOf(now, logProbabilitiesOf(now, joined(h)));
  };
  const [value, gradients] = valueAndGrad(loss)(given.values);
  return [value, updated(given.values, gradients, given.learningRate)];
}

export const jaxJs = (backend: JaxBackend): Engine => jaxEngine("jax-js", backend, step);
