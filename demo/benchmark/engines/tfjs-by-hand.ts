// TF.js with a backward pass written in its array operations. Its tape takes U's gradient step by step, in as many
// products: here all that does not wait for another step is outside the loop.

import {
  add,
  concat,
  fused,
  gather,
  log,
  matMul,
  mul,
  slice,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tile,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { CellName } from "../../../src/index";
import type { Engine } from "./engine";
import { type LaidOut, layerOf, parameterOf, type Step, type TfjsBackend, tfjsEngine } from "./tfjs";
import { columns, elman, gru, type Layer, lstm, one, parts } from "./tfjs-cells";

/** h of all steps, and what goes back through them. */
interface Sweep {
  /** [steps · batch, hidden] */
  hidden: Tensor2D;
  /** From dL/dh by the readout alone [steps · batch, hidden]. */
  backward(dHidden: Tensor2D): SweepGradients;
}

interface SweepGradients {
  /** dL/da [steps · batch, gates · hidden] */
  preactivation: Tensor2D;
  /** dL/d(h·U) [steps · batch, gates · hidden], where it is not the same */
  product?: Tensor2D;
}

const dTanh = (output: Tensor2D) => one(square(output));
const dSigmoid = (output: Tensor2D) => mul<Tensor2D>(output, one(output));
const product = (...[first, ...rest]: Tensor2D[]) => rest.reduce((a, b) => mul<Tensor2D>(a, b), first!);

/** x·U + term */
const through = (x: Tensor2D, U: Tensor2D, term: Tensor2D) => fused.matMul({ a: x, b: U, bias: term }) as Tensor2D;
/** da·Uᵀ + term */
const back = (da: Tensor2D, U: Tensor2D, term: Tensor2D) =>
  fused.matMul({ a: da, b: U, transposeB: true, bias: term }) as Tensor2D;

function throughElman(layer: Layer): Sweep {
  const { recurrentWeight: U, steps } = layer;
  const { h } = elman(layer);
  const hidden = concat(h);
  return {
    hidden,
    backward(dHidden) {
      const dh = parts(dHidden, steps);
      const slope = parts(dTanh(hidden), steps);
      const da: Tensor2D[] = [];
      for (let t = steps - 1; t >= 0; t--) {
        const next = da[t + 1];
        da[t] = mul<Tensor2D>(next ? back(next, U, dh[t]!) : dh[t]!, slope[t]!);
      }
      return { preactivation: concat(da) };
    },
  };
}

function throughLstm(layer: Layer): Sweep {
  const { recurrentWeight: U, steps } = layer;
  const all = lstm(layer);
  const hidden = concat(all.h);
  return {
    hidden,
    backward(dHidden) {
      const [i, f, g, o, tanhC] = [concat(all.i), concat(all.f), concat(all.g), concat(all.o), concat(all.tanhC)];
      const before = concat([zerosLike(all.c[0]!), ...all.c.slice(0, -1)]);
      // What dc and dh are multiplied with: da = [dc, dc, dc, dh] ⊙ slopes.
      const slopes = parts(
        concat(
          [product(g, dSigmoid(i)), product(before, dSigmoid(f)), product(i, dTanh(g)), product(tanhC, dSigmoid(o))],
          1,
        ),
        steps,
      );
      const outward = parts(product(o, dTanh(tanhC)), steps);
      const dhs = parts(dHidden, steps);
      const da: Tensor2D[] = [];
      let dcLater: Tensor2D | undefined;
      for (let t = steps - 1; t >= 0; t--) {
        const next = da[t + 1];
        const dh = next ? back(next, U, dhs[t]!) : dhs[t]!;
        const own = mul<Tensor2D>(dh, outward[t]!);
        const dc = dcLater ? add<Tensor2D>(own, dcLater) : own;
        da[t] = mul<Tensor2D>(concat([dc, dc, dc, dh], 1), slopes[t]!);
        dcLater = mul<Tensor2D>(dc, all.f[t]!);
      }
      return { preactivation: concat(da) };
    },
  };
}

function throughGru(layer: Layer): Sweep {
  const { recurrentWeight: U, steps } = layer;
  const width = U.shape[0];
  const all = gru(layer);
  const hidden = concat(all.h);
  return {
    hidden,
    backward(dHidden) {
      const [r, z, m, n] = [concat(all.r), concat(all.z), concat(all.m), concat(all.n)];
      const before = concat([zerosLike(all.h[0]!), ...all.h.slice(0, -1)]);
      // All three are products of dh: d(h·U) = [dh, dh, dh] ⊙ slopes.
      const slopeN = product(one(z), dTanh(n));
      const slopeZ = product(sub<Tensor2D>(before, n), dSigmoid(z));
      const slopes = parts(concat([product(slopeN, m, dSigmoid(r)), slopeZ, product(slopeN, r)], 1), steps);
      const dhs = parts(dHidden, steps);
      const dProduct: Tensor2D[] = [];
      const dh: Tensor2D[] = [];
      for (let t = steps - 1; t >= 0; t--) {
        const [next, later] = [dProduct[t + 1], dh[t + 1]];
        dh[t] = next ? back(next, U, add<Tensor2D>(dhs[t]!, mul(later!, all.z[t + 1]!))) : dhs[t]!;
        dProduct[t] = mul<Tensor2D>(tile(dh[t]!, [1, 3]), slopes[t]!);
      }
      const whole = concat(dProduct);
      const dCandidate = product(concat(dh), slopeN);
      return { preactivation: concat([columns(whole, 0, 2 * width), dCandidate], 1), product: whole };
    },
  };
}

const sweeps: Record<CellName, (layer: Layer) => Sweep> = {
  elman: throughElman,
  gru: throughGru,
  lstm: throughLstm,
};

function stepOf(problem: LaidOut): Step {
  const { cell, shape, parameters, inputRows, targetRows, tokens, learningRate } = problem;
  const { batch, hidden: width } = shape;
  const count = shape.steps * batch;
  return () => {
    const layer = layerOf(problem, { rowsOf: (table) => gather(table, tokens), through });
    const V = parameterOf<Tensor2D>(problem, "outputWeight");
    const { hidden, backward } = sweeps[cell](layer);
    const probabilities = softmax(fused.matMul({ a: hidden, b: V, bias: parameterOf(problem, "outputBias") }));
    const loss = mul(sum(log(sum(mul(probabilities, targetRows), 1))), -1 / count);

    const dLogits = sub<Tensor2D>(probabilities, targetRows); // the mean's 1 / count is in the update's rate
    const { preactivation, product: dProduct = preactivation } = backward(matMul(dLogits, V, false, true));
    const gradients: Record<string, Tensor> = {
      "layer0.inputWeight": matMul(inputRows, preactivation, true),
      // h is zero before the first step, which so adds nothing.
      "layer0.recurrentWeight": matMul(slice(hidden, 0, count - batch), slice(dProduct, batch), true),
      "layer0.bias": sum(preactivation, 0),
      outputWeight: matMul(hidden, dLogits, true),
      outputBias: sum(dLogits, 0),
    };
    if (cell === "gru") gradients["layer0.recurrentBias"] = sum(columns(dProduct, 2 * width, width), 0);
    for (const [name, value] of parameters) {
      value.assign(sub(value, mul(gradients[name]!, learningRate / count)));
    }
    return loss;
  };
}

export const tfjsByHand = (backend: TfjsBackend): Engine => tfjsEngine("TF.js by hand", backend, stepOf);
