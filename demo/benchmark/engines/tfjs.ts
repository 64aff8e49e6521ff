// TF.js as an engine of the benchmark. Its tape would take U's gradient step by step, in as many products: the backward
// sweep is written here, with all that does not wait for another step outside the loop.

import {
  add,
  concat,
  dispose,
  env,
  fused,
  gather,
  log,
  matMul,
  memory,
  mul,
  type Rank,
  reshape,
  setBackend,
  sigmoid,
  slice,
  softmax,
  split,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tanh,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  tile,
  version_core,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { type CellName, openGpu } from "../../../src/index";
import type { Engine } from "./engine";

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

interface Layer {
  inputWeight: Tensor2D;
  recurrentWeight: Tensor2D;
  bias: Tensor1D;
  recurrentBias: Tensor1D | undefined;
  /** [steps · batch] */
  tokens: Tensor1D;
  steps: number;
}

const columns = (x: Tensor2D, from: number, count: number) => slice(x, [0, from], [x.shape[0], count]);
const one = (x: Tensor2D) => sub<Tensor2D>(1, x);
const parts = (x: Tensor2D, count: number, axis = 0) => split<Tensor2D>(x, count, axis);
const dTanh = (output: Tensor2D) => one(square(output));
const dSigmoid = (output: Tensor2D) => mul<Tensor2D>(output, one(output));
const product = (...[first, ...rest]: Tensor2D[]) => rest.reduce((a, b) => mul<Tensor2D>(a, b), first!);

/** x·U + term */
const through = (x: Tensor2D, U: Tensor2D, term: Tensor2D) => fused.matMul({ a: x, b: U, bias: term }) as Tensor2D;
/** da·Uᵀ + term */
const back = (da: Tensor2D, U: Tensor2D, term: Tensor2D) =>
  fused.matMul({ a: da, b: U, transposeB: true, bias: term }) as Tensor2D;

function elman({ inputWeight, recurrentWeight: U, bias, tokens, steps }: Layer): Sweep {
  const h: Tensor2D[] = [];
  for (const a of parts(gather<Tensor2D>(add(inputWeight, bias), tokens), steps)) {
    const past = h.at(-1);
    h.push(tanh(past ? through(past, U, a) : a));
  }
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

function lstm({ inputWeight, recurrentWeight: U, bias, tokens, steps }: Layer): Sweep {
  const all: Record<"i" | "f" | "g" | "o" | "c" | "tanhC" | "h", Tensor2D[]> = {
    i: [],
    f: [],
    g: [],
    o: [],
    c: [],
    tanhC: [],
    h: [],
  };
  for (const a of parts(gather<Tensor2D>(add(inputWeight, bias), tokens), steps)) {
    const past = all.h.at(-1);
    const [ai, af, ag, ao] = parts(past ? through(past, U, a) : a, 4, 1) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
    const [i, f, g, o] = [sigmoid(ai), sigmoid(af), tanh(ag), sigmoid(ao)];
    const before = all.c.at(-1);
    const c = before ? add<Tensor2D>(mul(f, before), mul(i, g)) : mul<Tensor2D>(i, g);
    const tanhC = tanh(c);
    for (const [name, value] of Object.entries({ i, f, g, o, c, tanhC, h: mul<Tensor2D>(o, tanhC) })) {
      all[name as keyof typeof all].push(value);
    }
  }
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

function gru({ inputWeight, recurrentWeight: U, bias, recurrentBias, tokens, steps }: Layer): Sweep {
  const width = U.shape[0];
  const symbols = inputWeight.shape[0];
  const table = add<Tensor2D>(inputWeight, bias);
  // h·U + [a_r, a_z, b_r] in one product: a_n comes after the reset.
  const inside = concat(
    [columns(table, 0, 2 * width), tile(reshape<Rank.R2>(recurrentBias!, [1, width]), [symbols, 1])],
    1,
  );
  const candidates = parts(gather(columns(table, 2 * width, width), tokens), steps);
  const all: Record<"r" | "z" | "m" | "n" | "h", Tensor2D[]> = { r: [], z: [], m: [], n: [], h: [] };
  for (const [t, a] of parts(gather(inside, tokens), steps).entries()) {
    const past = all.h.at(-1);
    const [ar, az, m] = parts(past ? through(past, U, a) : a, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
    const [r, z] = [sigmoid(ar), sigmoid(az)];
    const n = tanh(add<Tensor2D>(candidates[t]!, mul(r, m)));
    const h = past ? add<Tensor2D>(n, mul(z, sub(past, n))) : mul<Tensor2D>(one(z), n);
    for (const [name, value] of Object.entries({ r, z, m, n, h })) all[name as keyof typeof all].push(value);
  }
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

const cells: Record<CellName, (layer: Layer) => Sweep> = { elman, gru, lstm };

const oneHot = (tokens: Int32Array, symbols: number) => {
  const values = new Float32Array(tokens.length * symbols);
  for (const [row, token] of tokens.entries()) values[row * symbols + token] = 1;
  return tensor2d(values, [tokens.length, symbols]); // of tf.oneHot, an int32 tensor, the transpose is wrong on WebGPU
};

export function tfjs(backend: "webgpu" | "webgl" | "cpu"): Engine {
  return {
    engine: "TF.js",
    backend,
    version: version_core,
    async open({ cell, shape, parameters, inputs, targets, learningRate }) {
      if (backend === "webgpu") {
        await import("@tensorflow/tfjs-backend-webgpu");
        const gpu = await openGpu();
        gpu.destroy();
        // Small tiles in many workgroups are for GPUs; without one a step takes 0.7 times as long with large tiles.
        if (gpu.software) env().set("WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL", 1);
      } else if (backend === "webgl") await import("@tensorflow/tfjs-backend-webgl");
      else await import("@tensorflow/tfjs-backend-cpu");
      if (!(await setBackend(backend))) throw new Error(`TF.js has no ${backend} here.`);

      const { steps, batch, symbols } = shape;
      const count = steps * batch;
      let values = new Map<string, Tensor>();
      for (const [name, { shape: sizes, data }] of parameters) values.set(name, tensor(data, sizes));
      const tokens = tensor1d(inputs, "int32");
      const inputRows = oneHot(inputs, symbols);
      const targetRows = oneHot(targets, symbols);

      /** The loss of a training step and the updated parameters. */
      const stepped = () => {
        const value = <T extends Tensor>(name: string) => values.get(name) as T;
        const [U, V] = [value<Tensor2D>("layer0.recurrentWeight"), value<Tensor2D>("outputWeight")];
        const { hidden, backward } = cells[cell]({
          inputWeight: value("layer0.inputWeight"),
          recurrentWeight: U,
          bias: value("layer0.bias"),
          recurrentBias: value("layer0.recurrentBias"),
          tokens,
          steps,
        });
        const probabilities = softmax(fused.matMul({ a: hidden, b: V, bias: value("outputBias") }));
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
        if (cell === "gru") {
          gradients["layer0.recurrentBias"] = sum(columns(dProduct, 2 * shape.hidden, shape.hidden), 0);
        }
        const updated = Object.entries(gradients).map(([name, gradient]) => [
          name,
          sub(value(name), mul(gradient, learningRate / count)),
        ]);
        return { loss, updated: Object.fromEntries(updated) as Record<string, Tensor> };
      };

      return {
        async run(times) {
          const losses: Tensor[] = [];
          for (let i = 0; i < times; i++) {
            const { loss, updated } = tidy(stepped);
            dispose([...values.values()]);
            values = new Map(Object.entries(updated));
            losses.push(loss);
          }
          const all = stack(losses);
          const result = [...(await all.data())];
          dispose([all, ...losses]);
          return result;
        },
        bytes() {
          const { numBytesAllocatedInGPU, numBytesInGPUAllocated } = memory() as unknown as Record<
            string,
            number | undefined
          >;
          return numBytesAllocatedInGPU ?? numBytesInGPUAllocated;
        },
        close: () => dispose([...values.values(), tokens, inputRows, targetRows]),
      };
    },
  };
}
