// jax-js as an engine of the benchmark, but for how a training step is taken: the backend, a problem laid out in it, and
// what any step has, all under one jit.

import { defaultDevice, init, jit, nn, numpy as np } from "@jax-js/jax";
import { devDependencies } from "../../../package.json";
import type { Problem } from "../problem";
import type { Engine } from "./engine";
import { type Layer, times } from "./jax-js-cells";

export type JaxBackend = "webgpu" | "wasm";
export type Parameters = Record<string, np.Array>;

/** What a training step is given, as jit traces it; x.ref everywhere, as each is used again. */
export interface Given extends Pick<Problem, "cell" | "shape" | "learningRate"> {
  values: Parameters;
  /** [steps · batch] */
  tokens: np.Array;
  /** One-hot [steps · batch, symbols] each. */
  inputRows: np.Array;
  targetRows: np.Array;
}

export type Step = (given: Given) => [loss: np.Array, updated: Parameters];

export const layerOf = ({ values, tokens, shape }: Given): Layer => ({
  inputWeight: values["layer0.inputWeight"]!,
  recurrentWeight: values["layer0.recurrentWeight"]!,
  bias: values["layer0.bias"]!,
  recurrentBias: values["layer0.recurrentBias"],
  rowsOf: (table) => np.take(table, tokens.ref, 0),
  batch: shape.batch,
  steps: shape.steps,
});

/** @param hidden h of all steps [steps · batch, hidden] */
export const logProbabilitiesOf = ({ values }: Given, hidden: np.Array) =>
  nn.logSoftmax(times(hidden, values.outputWeight!).add(values.outputBias!.ref));

/** The mean of all targets. */
export const lossOf = ({ targetRows, shape }: Given, logProbabilities: np.Array) =>
  np.sum(logProbabilities.mul(targetRows.ref)).mul(-1 / (shape.steps * shape.batch));

/** values − rate · gradients */
export const updated = (values: Parameters, gradients: Parameters, rate: number): Parameters =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.ref.sub(gradients[name]!.mul(rate))]));

function oneHot(tokens: Int32Array, symbols: number): np.Array {
  const rows = new Float32Array(tokens.length * symbols);
  for (const [row, token] of tokens.entries()) rows[row * symbols + token] = 1;
  return np.array(rows).reshape([tokens.length, symbols]);
}

export const jaxEngine = (engine: string, backend: JaxBackend, step: Step): Engine => ({
  engine,
  backend,
  version: devDependencies["@jax-js/jax"],
  async open({ parameters, inputs, targets, ...problem }) {
    const available = await init(backend);
    if (!available.includes(backend)) throw new Error(`jax-js has no ${backend} here.`);
    defaultDevice(backend);
    const jitted = jit((values: Parameters, tokens: np.Array, inputRows: np.Array, targetRows: np.Array) =>
      step({ ...problem, values, tokens, inputRows, targetRows }),
    );
    const { symbols } = problem.shape;
    const tokens = np.array(inputs, { dtype: np.int32 });
    const [inputRows, targetRows] = [oneHot(inputs, symbols), oneHot(targets, symbols)];
    let values: Parameters = {};
    for (const [name, { shape, data }] of parameters) values[name] = np.array(data).reshape(shape);
    return {
      async run(count) {
        const losses: np.Array[] = [];
        for (let i = 0; i < count; i++) {
          const [loss, after] = jitted(values, tokens.ref, inputRows.ref, targetRows.ref);
          values = after;
          losses.push(loss);
        }
        return [...(await np.stack(losses).data())];
      },
      close() {
        for (const array of [...Object.values(values), tokens, inputRows, targetRows]) array.dispose();
        jitted.dispose();
      },
    };
  },
});
