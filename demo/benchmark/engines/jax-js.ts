// jax-js as an engine of the benchmark: one jitted training step, its loop over time unrolled, for jax-js has no scan.
// jax.grad takes three times as many kernels: the backward sweep is written here, so that jit makes a step of Elman's
// one kernel each way, and W's, U's and V's gradients one product each.

import { defaultDevice, init, jit, nn, numpy as np } from "@jax-js/jax";
import { devDependencies } from "../../../package.json";
import type { CellName } from "../../../src/index";
import type { Engine } from "./engine";

type Parameters = Record<string, np.Array>;

/** What a sweep works on; x.ref everywhere, as each is used again. */
interface Layer {
  inputWeight: np.Array;
  recurrentWeight: np.Array;
  bias: np.Array;
  recurrentBias: np.Array | undefined;
  /** Rows of a table [symbols, n], by the tokens of all steps: [steps · batch, n]. */
  gather(table: np.Array): np.Array;
  batch: number;
  steps: number;
}

interface Sweep {
  /** h of all steps [steps · batch, hidden] */
  hidden: np.Array;
  /**
   * From dL/dh by the readout alone [steps · batch, hidden]: dL/da [steps · batch, gates · hidden], and dL/d(h·U) where
   * it is not the same.
   */
  backward(dHidden: np.Array): { preactivation: np.Array; product?: np.Array };
}

/** As one chain of operations, which jit puts behind the product that it follows; np.tanh uses its argument twice. */
const tanh = (x: np.Array) => nn.sigmoid(x.mul(2)).mul(2).sub(1);
const dTanh = (output: np.Array) => np.square(output.ref).mul(-1).add(1);
const dSigmoid = (output: np.Array) => output.ref.mul(output.ref.mul(-1).add(1));
const one = (x: np.Array) => x.ref.mul(-1).add(1);
const product = (...[first, ...rest]: np.Array[]) => rest.reduce((a, b) => a.mul(b.ref), first!.ref);
const times = (x: np.Array, y: np.Array) => np.matmul(x.ref, y.ref);
const timesTransposed = (x: np.Array, y: np.Array) => np.matmul(x.ref, y.ref.transpose());
const transposedTimes = (x: np.Array, y: np.Array) => np.matmul(x.ref.transpose(), y.ref);
const columns = (x: np.Array, block: number, width: number, blocks = 1) =>
  x.ref.slice([], [block * width, (block + blocks) * width]);

/** Eight at a time, and those eight at a time: np.concatenate would copy the first of many again and again. */
function joined(rows: np.Array[]): np.Array {
  if (rows.length === 1) return rows[0]!;
  const groups = Array.from({ length: Math.ceil(rows.length / 8) }, (_, i) => rows.slice(8 * i, 8 * i + 8));
  return joined(groups.map((group) => (group.length === 1 ? group[0]! : np.concatenate(group.map((x) => x.ref)))));
}

const stepOf = (x: np.Array, t: number, { batch }: Layer) => x.ref.slice([t * batch, (t + 1) * batch]);

/** `rows` of each step before: zeros at the first. */
const shifted = (rows: np.Array[]) => joined([np.zerosLike(rows[0]!.ref), ...rows.slice(0, -1)]);

function elman(layer: Layer): Sweep {
  const { inputWeight, recurrentWeight: U, bias, gather, steps } = layer;
  const a = gather(inputWeight.ref.add(bias.ref));
  const h: np.Array[] = [];
  for (let t = 0; t < steps; t++) {
    const past = h.at(-1);
    const at = stepOf(a, t, layer);
    h.push(tanh(past ? times(past, U).add(at) : at));
  }
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

function lstm(layer: Layer): Sweep {
  const { inputWeight, recurrentWeight: U, bias, gather, batch, steps } = layer;
  const width = U.shape[0]!;
  const a = gather(inputWeight.ref.add(bias.ref));
  const gate = (z: np.Array, block: number) => nn.sigmoid(columns(z, block, width));
  const candidate = (z: np.Array) => tanh(columns(z, 2, width));
  // What two kernels need is written to memory by a third, unless each has it by an expression of its own. A product
  // is written anyway; if it were used once, it would take what is added to it into its kernel, with the step's place:
  // a long kernel to compile for each step.
  const [ps, cs, hs]: [np.Array[], np.Array[], np.Array[]] = [[], [], []];
  for (let t = 0; t < steps; t++) {
    const [past, before] = [hs.at(-1), cs.at(-1)];
    const p = past ? times(past, U) : np.zeros([batch, 4 * width]);
    const z = p.ref.add(stepOf(a, t, layer));
    const written = gate(z, 0).mul(candidate(z));
    const c = before ? gate(z, 1).mul(before.ref).add(written) : written;
    ps.push(p);
    cs.push(c);
    hs.push(gate(p.ref.add(stepOf(a, t, layer)), 3).mul(tanh(c.ref)));
  }
  const hidden = joined(hs);
  return {
    hidden,
    backward(dHidden) {
      const z = joined(ps).add(a.ref);
      const [i, f, g, o] = [gate(z, 0), gate(z, 1), candidate(z), gate(z, 3)];
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

function gru(layer: Layer): Sweep {
  const { inputWeight, recurrentWeight: U, bias, recurrentBias, gather, batch, steps } = layer;
  const width = U.shape[0]!;
  const symbols = inputWeight.shape[0]!;
  const table = inputWeight.ref.add(bias.ref);
  // h·U + [a_r, a_z, b_r] in one product: a_n comes after the reset.
  const rest = np.broadcastTo(recurrentBias!.ref, [symbols, width]);
  const inside = gather(np.concatenate([columns(table, 0, width, 2), rest], 1));
  const candidates = gather(columns(table, 2, width));
  const gatesOf = (p: np.Array, candidate: np.Array) => {
    const [r, z, m] = [nn.sigmoid(columns(p, 0, width)), nn.sigmoid(columns(p, 1, width)), columns(p, 2, width)];
    return { r, z, m, n: tanh(r.ref.mul(m.ref).add(candidate.ref)) };
  };
  const [ps, hs]: np.Array[][] = [[], []];
  for (let t = 0; t < steps; t++) {
    const past = hs!.at(-1);
    const at = stepOf(inside, t, layer);
    const p = past ? times(past, U).add(at) : at;
    const { z, n } = gatesOf(p, stepOf(candidates, t, layer));
    ps!.push(p);
    hs!.push(past ? n.ref.add(z.mul(past.ref.sub(n.ref))) : n.mul(one(z)));
  }
  const hidden = joined(hs!);
  return {
    hidden,
    backward(dHidden) {
      const { r, z, m, n } = gatesOf(joined(ps!), candidates);
      // All three are products of dh: d(h·U) = [dh, dh, dh] ⊙ slopes.
      const slopeN = product(one(z), dTanh(n));
      const slopeZ = product(shifted(hs!).sub(n.ref), dSigmoid(z));
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

const cells: Record<CellName, (layer: Layer) => Sweep> = { elman, gru, lstm };

export function jaxJs(backend: "webgpu" | "wasm"): Engine {
  return {
    engine: "jax-js",
    backend,
    version: devDependencies["@jax-js/jax"],
    async open({ cell, shape, parameters, inputs, targets, learningRate }) {
      const available = await init(backend);
      if (!available.includes(backend)) throw new Error(`jax-js has no ${backend} here.`);
      defaultDevice(backend);
      const { batch, steps, hidden: width, symbols } = shape;
      const count = steps * batch;

      const step = jit((values: Parameters, tokens: np.Array, inputRows: np.Array, targetRows: np.Array) => {
        const U = values["layer0.recurrentWeight"]!;
        const V = values.outputWeight!;
        const { hidden, backward } = cells[cell]({
          inputWeight: values["layer0.inputWeight"]!,
          recurrentWeight: U,
          bias: values["layer0.bias"]!,
          recurrentBias: values["layer0.recurrentBias"],
          gather: (table) => np.take(table, tokens.ref, 0),
          batch,
          steps,
        });
        const logProbabilities = nn.logSoftmax(times(hidden, V).add(values.outputBias!.ref));
        const loss = np.sum(logProbabilities.ref.mul(targetRows.ref)).mul(-1 / count);

        const dLogits = np.exp(logProbabilities).sub(targetRows.ref); // the mean's 1 / count is in the update's rate
        const { preactivation, product: dProduct = preactivation } = backward(timesTransposed(dLogits, V));
        const gradients: Parameters = {
          "layer0.inputWeight": transposedTimes(inputRows, preactivation),
          // h is zero before the first step, which so adds nothing.
          "layer0.recurrentWeight": transposedTimes(hidden.ref.slice([0, count - batch]), dProduct.ref.slice([batch])),
          "layer0.bias": preactivation.ref.sum(0),
          outputWeight: transposedTimes(hidden, dLogits),
          outputBias: dLogits.ref.sum(0),
        };
        if (cell === "gru") gradients["layer0.recurrentBias"] = columns(dProduct, 2, width).sum(0);
        const updated = Object.entries(gradients).map(([name, gradient]) => [
          name,
          values[name]!.ref.sub(gradient.mul(learningRate / count)),
        ]);
        return [loss, Object.fromEntries(updated) as Parameters] as const;
      });

      const oneHot = (from: Int32Array) => {
        const rows = new Float32Array(count * symbols);
        for (const [row, token] of from.entries()) rows[row * symbols + token] = 1;
        return np.array(rows).reshape([count, symbols]);
      };
      const tokens = np.array(inputs, { dtype: np.int32 });
      const [inputRows, targetRows] = [oneHot(inputs), oneHot(targets)];
      let values: Parameters = {};
      for (const [name, { shape: sizes, data }] of parameters) values[name] = np.array(data).reshape(sizes);

      return {
        async run(times) {
          const losses: np.Array[] = [];
          for (let i = 0; i < times; i++) {
            const [loss, updated] = step(values, tokens.ref, inputRows.ref, targetRows.ref);
            values = updated;
            losses.push(loss);
          }
          return [...(await np.stack(losses).data())];
        },
        close() {
          for (const array of [...Object.values(values), tokens, inputRows, targetRows]) array.dispose();
          step.dispose();
        },
      };
    },
  };
}
