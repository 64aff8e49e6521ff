// What a network answers to batches: o of all rows, which is what predictions are made of.

import { type Batch, type BatchShape, type Network, readTensors } from "../src/index";

/** @returns o of each batch, [rows, outputs]. */
export async function answersOf(
  network: Network,
  shape: BatchShape,
  batches: Iterable<Batch>,
): Promise<Float32Array[]> {
  const pass = await network.pass(shape);
  try {
    const answers: Float32Array[] = [];
    for (const batch of batches) {
      pass.write(batch);
      pass.run();
      const [outputs] = await readTensors(network.gpu, [pass.tensors.logits]);
      answers.push(outputs as Float32Array);
    }
    return answers;
  } finally {
    pass.destroy();
  }
}
