// What the reference predicts of a network, as Keras and TensorFlow.js answer it: behind softmax or sigmoid.

import { referenceForward } from "../../src/index";
import type { KerasNetwork } from "../../src/keras/index";
import { architectureOf } from "../../src/parts/architecture";

/** Of one sequence: tokens, or features of each step one behind the other. */
export function predicted({ network, parameters }: KerasNetwork, inputs: Int32Array | Float32Array): number[] {
  const { input, readout, loss } = architectureOf(network);
  const steps = inputs.length / (input.tokens === undefined ? input.width : 1);
  const rows = readout.kind === "every-step" ? steps : 1;
  const values = Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const targets = loss.targets === "classes" ? new Int32Array(rows) : new Float32Array(rows * readout.outputs);
  const { logits, probabilities } = referenceForward(network, values, { steps, batch: 1, inputs, targets } as never);
  if (loss.targets === "classes") return [...probabilities];
  return loss.name === "binary-cross-entropy" ? [...logits].map((o) => 1 / (1 + Math.exp(-o))) : [...logits];
}
