// TF.js as an engine of the benchmark, but for how a training step is taken: the backend, and a problem laid out in it.

import {
  dispose,
  env,
  memory,
  setBackend,
  stack,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  type Variable,
  variable,
  version_core,
} from "@tensorflow/tfjs-core";
import { openGpu } from "../../../src/index";
import type { Problem } from "../problem";
import type { Engine } from "./engine";
import type { Layer } from "./tfjs-cells";

export type TfjsBackend = "webgpu" | "webgl" | "cpu";

/** A problem in TF.js's tensors. */
export interface LaidOut extends Pick<Problem, "cell" | "shape" | "learningRate"> {
  parameters: ReadonlyMap<string, Variable>;
  /** One-hot [steps · batch, symbols] each. */
  inputRows: Tensor2D;
  targetRows: Tensor2D;
  /** [steps · batch] */
  tokens: Tensor1D;
}

/** Takes a training step: updates the parameters, and answers the loss before. It is called in tf.tidy. */
export type Step = () => Tensor;

export const parameterOf = <T extends Tensor>({ parameters }: LaidOut, name: string) =>
  parameters.get(name) as Tensor as T;

export const layerOf = (problem: LaidOut, ways: Pick<Layer, "rowsOf" | "through">): Layer => ({
  inputWeight: parameterOf(problem, "layer0.inputWeight"),
  recurrentWeight: parameterOf(problem, "layer0.recurrentWeight"),
  bias: parameterOf(problem, "layer0.bias"),
  recurrentBias: parameterOf(problem, "layer0.recurrentBias"),
  ...ways,
  steps: problem.shape.steps,
});

const oneHot = (tokens: Int32Array, symbols: number) => {
  const values = new Float32Array(tokens.length * symbols);
  for (const [row, token] of tokens.entries()) values[row * symbols + token] = 1;
  return tensor2d(values, [tokens.length, symbols]); // of tf.oneHot, an int32 tensor, the transpose is wrong on WebGPU
};

async function use(backend: TfjsBackend): Promise<void> {
  if (backend === "webgpu") {
    await import("@tensorflow/tfjs-backend-webgpu");
    const gpu = await openGpu();
    gpu.destroy();
    // Small tiles in many workgroups are for GPUs; without one a step takes 0.7 times as long with large tiles.
    if (gpu.software) env().set("WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL", 1);
  } else if (backend === "webgl") await import("@tensorflow/tfjs-backend-webgl");
  else await import("@tensorflow/tfjs-backend-cpu");
  if (!(await setBackend(backend))) throw new Error(`TF.js has no ${backend} here.`);
}

/** @param stepOf is called once a problem. */
export const tfjsEngine = (engine: string, backend: TfjsBackend, stepOf: (problem: LaidOut) => Step): Engine => ({
  engine,
  backend,
  version: version_core,
  async open({ parameters: initial, inputs, targets, ...problem }) {
    await use(backend);
    const { symbols } = problem.shape;
    const parameters = new Map<string, Variable>();
    for (const [name, { shape, data }] of initial) parameters.set(name, variable(tensor(data, shape)));
    const tokens = tensor1d(inputs, "int32");
    const [inputRows, targetRows] = [oneHot(inputs, symbols), oneHot(targets, symbols)];
    const step = stepOf({ ...problem, parameters, inputRows, targetRows, tokens });
    return {
      async run(count) {
        const losses = Array.from({ length: count }, () => tidy(step));
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
      close: () => dispose([...parameters.values(), tokens, inputRows, targetRows]),
    };
  },
});
