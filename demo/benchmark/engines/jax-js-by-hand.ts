// jax-js with a backward pass written in its array operations. jax.grad takes three times as many kernels: here jit
// makes a step of Elman's one kernel each way, and W's, U's and V's gradients one product each.

import { numpy as np } from "@jax-js/jax";
import type { CellName } from "../../../src/index";
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
import {
  columns,
  elman,
  gru,
  gruGates,
  joined,
  type Layer,
  lstm,
  lstmCandidate,
  lstmGate,
  one,
  stepOf,
  tanh,
} from "./jax-js-cells";

interface Sweep {
  /** h of all steps [steps · batch, hidden] */
  hidden: np.Array;
  /**
   * From dL/dh by the readout alone [steps · batch, hidden]: dL/da [steps · batch, gates · hidden], and dL/d(h·U) where
   * it is not the same.
   */
  backward(dHidden: np.Array): { preactivation: np.Array; product?: np.Array };
}

const dTanh = (output: np.Array) => np.square(output.ref).mul(-1).add(1);
const dSigmoid = (output: np.Array) => output.ref.mul(output.ref.mul(-1).add(1));
const product = (...[first, ...rest]: np.Array[]) => rest.reduce((a, b) => a.mul(b.ref), first!.ref);
const timesTransposed = (x: np.Array, y: np.Array) => np.matmul(x.ref, y.ref.transpose());
const transposedTimes = (x: np.Array, y: np.Array) => np.matmul(x.ref.transpose(), y.ref);

/** `rows` of each step before: zeros at the first. */
const shifted = (rows: np.Array[]) => joined([np.zerosLike(rows[0]!.ref), ...rows.slice(0, -1)]);

function throughElman(layer: Layer): Sweep {
  const { recurrentWeight: U, steps } = layer;
  const { h } = elman(layer);
  const hidden = joined(h);
  return {
    hidden,
    backward(dHidden) {
      const da: np.Array[] = [];
      for (let t = steps - 1; t >= 0; t--) {
        const next = da[t + 1];
        const dh = stepOf(dHidden, t, layer);
        da[t] = (next ? timesTransposed(next, U).add(dh) : dh).mul(dTanh(h[t]!));
      }
      return { preactivation: joined(da) };
    },
  };
}

function throughLstm(layer: Layer): Sweep {
  const { recurrentWeight: U, batch, steps } = layer;
  const width = U.shape[0]!;
  const { a, p: ps, c: cs, h: hs } = lstm(layer);
  const hidden = joined(hs);
  return {
    hidden,
    backward(dHidden) {
      const z = joined(ps).add(a.ref);
      const [i, f, g, o] = [lstmGate(z, 0), lstmGate(z, 1), lstmCandidate(z), lstmGate(z, 3)];
      const tanhC = tanh(joined(cs));
      // What dc and dh are multiplied with: da = [dc, dc, dc, dh] ⊙ slopes.
      const slopes = np.concatenate(
        [product(g, dSigmoid(i)), product(shifted(cs), dSigmoid(f)), product(i, dTanh(g)), product(tanhC, dSigmoid(o))],
        1,
      );
      const outward = product(o, dTanh(tanhC));
      const spread = (x: np.Array) => np.broadcastTo(x.reshape([batch, 1, width]), [batch, 4, width]);
      const da: np.Array[] = [];
      let dcLater: np.Array | undefined;
      for (let t = steps - 1; t >= 0; t--) {
        const next = da[t + 1];
        const p = next && timesTransposed(next, U);
        const dh = () => (p ? p.ref.add(stepOf(dHidden, t, layer)) : stepOf(dHidden, t, layer));
        const direct = dh().mul(stepOf(outward, t, layer));
        const dc = dcLater ? direct.add(dcLater) : direct;
        const ofCell = np.arange(4).reshape([1, 4, 1]).less(3);
        const four = np.where(ofCell, spread(dc.ref), spread(dh())).reshape([batch, 4 * width]);
        da[t] = four.mul(stepOf(slopes, t, layer));
        dcLater = dc.ref.mul(stepOf(f, t, layer));
      }
      return { preactivation: joined(da) };
    },
  };
}

function throughGru(layer: Layer): Sweep {
  const { recurrentWeight: U, batch, steps } = layer;
  const width = U.shape[0]!;
  const { candidates, p: ps, h: hs } = gru(layer);
  const hidden = joined(hs);
  return {
    hidden,
    backward(dHidden) {
      const { r, z, m, n } = gruGates(joined(ps), candidates);
      // All three are products of dh: d(h·U) = [dh, dh, dh] ⊙ slopes.
      const slopeN = product(one(z), dTanh(n));
      const slopeZ = product(shifted(hs).sub(n.ref), dSigmoid(z));
      const slopes = np.concatenate([product(slopeN, m, dSigmoid(r)), slopeZ, product(slopeN, r)], 1);
      const dhs: np.Array[] = [];
      const dProduct: np.Array[] = [];
      for (let t = steps - 1; t >= 0; t--) {
        const [next, later] = [dProduct[t + 1], dhs[t + 1]];
        const own = stepOf(dHidden, t, layer);
        const dh = next ? timesTransposed(next, U).add(own.add(later!.ref.mul(stepOf(z, t + 1, layer)))) : own;
        dhs[t] = dh;
        const three = np.broadcastTo(dh.ref.reshape([batch, 1, width]), [batch, 3, width]);
        dProduct[t] = three.reshape([batch, 3 * width]).mul(stepOf(slopes, t, layer));
      }
      const whole = joined(dProduct);
      const dCandidate = joined(dhs).mul(slopeN.ref);
      return { preactivation: np.concatenate([columns(whole, 0, width, 2), dCandidate], 1), product: whole };
    },
  };
}

const sweeps: Record<CellName, (layer: Layer) => Sweep> = {
  elman: throughElman,
  gru: throughGru,
  lstm: throughLstm,
};

function step(given: Given): [loss: np.Array, updated: Parameters] {
  const { cell, shape, values, inputRows, targetRows, learningRate } = given;
  const { batch, steps, hidden: width } = shape;
  const count = steps * batch;
  const { hidden, backward } = sweeps[cell](layerOf(given));
  const logProbabilities = logProbabilitiesOf(given, hidden);
  const loss = lossOf(given, logProbabilities.ref);

  const dLogits = np.exp(logProbabilities).sub(targetRows.ref); // the mean's 1 / count is in the update's rate
  const { preactivation, product: dProduct = preactivation } = backward(timesTransposed(dLogits, values.outputWeight!));
  const gradients: Parameters = {
    "layer0.inputWeight": transposedTimes(inputRows, preactivation),
    // h is zero before the first step, which so adds nothing.
    "layer0.recurrentWeight": transposedTimes(hidden.ref.slice([0, count - batch]), dProduct.ref.slice([batch])),
    "layer0.bias": preactivation.ref.sum(0),
    outputWeight: transposedTimes(hidden, dLogits),
    outputBias: dLogits.ref.sum(0),
  };
  if (cell === "gru") gradients["layer0.recurrentBias"] = columns(dProduct, 2, width).sum(0);
  return [loss, updated(values, gradients, learningRate / count)];
}

export const jaxJsByHand = (backend: JaxBackend): Engine => jaxEngine("jax-js by hand", backend, step);
