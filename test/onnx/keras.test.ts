// Graphs as Keras' exporter writes them, as networks: the reference computes of those what onnxruntime computes of the graphs.
import { InferenceSession, Tensor } from "onnxruntime-web";
import { expect, test } from "vitest";
import { referenceForward } from "../../src/index";
import { fromOnnx } from "../../src/onnx/index";
import { architectureOf } from "../../src/parts/architecture";
import { integers, numbers, worstError } from "../numbers";
import { kerasModel } from "./keras-graphs";

const batch = 3;
const steps = 5;
const small = { hidden: 4, features: 3, outputs: 2 };

/** [rows, columns, …] as [columns, rows, …]. */
function turned<Values extends Float32Array | Int32Array>(values: Values, rows: number, columns: number): Values {
  const width = values.length / rows / columns;
  return values.map((_, i) => {
    const [column, row] = [Math.floor(i / width / rows), Math.floor(i / width) % rows];
    return values[(row * columns + column) * width + (i % width)]!;
  }) as Values;
}

test.each<[string, Parameters<typeof kerasModel>[0]]>([
  ["LSTM, its last step, softmax", { type: "LSTM", ...small, activation: "Softmax" }],
  ["LSTM with peepholes, every step", { type: "LSTM", ...small, peepholes: true, sequences: true }],
  ["GRU with reset_after", { type: "GRU", ...small, attributes: { linear_before_reset: 1 }, sequences: true }],
  [
    "GRU without reset_after, of tokens",
    { type: "GRU", ...small, tokens: 7, attributes: { linear_before_reset: 0, activations: ["Sigmoid", "Tanh"] } },
  ],
  ["SimpleRNN of relu", { type: "RNN", ...small, attributes: { activations: ["Relu"] }, activation: "Sigmoid" }],
  ["Bidirectional LSTM, its last steps", { type: "LSTM", ...small, bidirectional: true, activation: "Softmax" }],
  ["Bidirectional GRU, every step", { type: "GRU", ...small, bidirectional: true, sequences: true, tokens: 6 }],
])("%s", async (_, of) => {
  const model = kerasModel(of);
  const { network, parameters } = fromOnnx(model);
  const { readout, loss } = architectureOf(network);
  expect(readout.kind).toBe(of.sequences ? "every-step" : "last-step");
  const x = of.tokens ? integers(batch * steps, 1, 0, of.tokens - 1) : numbers(batch * steps * of.features, 1);
  const session = await InferenceSession.create(model, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  const given = new Tensor("float32", Float32Array.from(x), of.tokens ? [batch, steps] : [batch, steps, of.features]);
  const { dense } = await session.run({ input_1: given });
  await session.release();
  const rows = of.sequences ? batch * steps : batch;
  const forward = referenceForward(
    network,
    Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)])),
    {
      ...{ steps, batch, inputs: turned(x, batch, steps) },
      targets: loss.targets === "classes" ? new Int32Array(rows) : new Float32Array(rows * of.outputs),
    } as never,
  );
  const answer =
    of.activation === "Softmax"
      ? forward.probabilities
      : of.activation
        ? forward.logits.map((o) => 1 / (1 + Math.exp(-o)))
        : forward.logits;
  const expected = dense!.data as Float32Array;
  expect(worstError(answer, of.sequences ? turned(expected, batch, steps) : expected)).toBeLessThan(1e-5);
});
