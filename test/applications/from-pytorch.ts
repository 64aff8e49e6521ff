// A model of PyTorch's with an embedding: answers as it does there, and goes on learning.
import { adam, fit, fromPyTorch, Network, networkFromPyTorch, openGpu, readSafetensors } from "tempograd";
import { fromElsewhere } from "./data";

export const { file, batches, tokens, logits, losses } = fromElsewhere();
const { tensors } = readSafetensors(file);
const network = await Network.create(await openGpu(), networkFromPyTorch(tensors));
network.write(fromPyTorch(tensors));
export const predictions = await network.predict({ inputs: tokens }, { batch: 3 });
export const learned: number[] = [];
await fit(network, batches, {
  ...{ steps: 6, batch: 3, optimizer: adam({ learningRate: 0.02 }), epochs: 1 },
  onProgress: ({ loss }) => void learned.push(loss),
});
network.gpu.destroy();
