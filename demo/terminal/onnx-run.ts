// Runs an ONNX model of a network, as `toOnnx` makes them, by onnxruntime-web on the processor. What goes in and comes out is
// laid out as in the library's batches and passes.

import { InferenceSession, Tensor } from "onnxruntime-web";
import type { BatchInputs, BatchShape } from "../../src/index";

/** What a model puts out, row-major. */
export interface OnnxRun {
  /** Logits, or values. */
  readonly outputs: Float32Array;
  readonly probabilities: Float32Array | undefined;
  /** Where the model gives states: h of all layers and directions, and what cells keep beside it; else empty. */
  readonly finalState: Float32Array;
  readonly finalCellState: Float32Array;
}

type Values = Map<string, { readonly data: Float32Array; readonly shape: readonly number[] }>;

export async function runOnnx(model: Uint8Array, batch: BatchInputs, size: BatchShape): Promise<OnnxRun> {
  const session = await InferenceSession.create(model, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  try {
    const feeds: Record<string, Tensor> = {};
    const states: Values = new Map();
    for (const input of session.inputMetadata) {
      if (!input.isTensor) continue;
      const { name } = input;
      const shape = input.shape.map((length) => (typeof length === "number" ? length : size[length as "steps"]));
      if (name.startsWith("layer")) {
        const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
        states.set(name, { data, shape });
        feeds[name] = new Tensor("float32", data, shape);
      } else {
        const data = batch[name as "inputs"];
        feeds[name] =
          data instanceof Float32Array ? new Tensor("float32", data, shape) : new Tensor("int32", data, shape);
      }
    }
    for (const [name, initial] of [
      ["hidden", batch.initialState],
      ["cell", batch.initialCellState],
    ] as const) {
      let at = 0;
      for (const block of blocksOf(states, name)) {
        if (initial) block.set(initial.subarray(at, at + block.length));
        at += block.length;
      }
    }
    const results = await session.run(feeds);
    const answers: Values = new Map(
      Object.entries(results).map(([name, { data, dims }]) => [name, { data: data as Float32Array, shape: dims }]),
    );
    const dataOf = (name: string) => answers.get(name)?.data;
    const whole = (name: string) => Float32Array.from([...blocksOf(answers, name)].flatMap((block) => [...block]));
    return {
      outputs: dataOf("logits") ?? dataOf("values")!,
      probabilities: dataOf("probabilities"),
      finalState: whole("finalHidden"),
      finalCellState: whole("finalCell"),
    };
  } finally {
    await session.release();
  }
}

/** Of states `layer0.NAME` [directions, batch, width], and `layer0.NAME1` … beside it: those of each direction of each layer in turn. */
function* blocksOf(states: Values, name: string): Generator<Float32Array> {
  for (let layer = 0; states.has(`layer${layer}.hidden`) || states.has(`layer${layer}.finalHidden`); layer++) {
    const kept: Float32Array[] = [];
    let directions = 0;
    for (let index = 0; ; index++) {
      const state = states.get(`layer${layer}.${name}${index > 0 ? index : ""}`);
      if (!state) break;
      directions = state.shape[0]!;
      kept.push(state.data);
    }
    for (let direction = 0; direction < directions; direction++) {
      for (const data of kept) {
        const length = data.length / directions;
        yield data.subarray(direction * length, (direction + 1) * length);
      }
    }
  }
}
