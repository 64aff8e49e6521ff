// Says three symbols in the reverse order: one network reads them, another begins with the state in which the first ended.
import { adam, embedding, everyStep, fit, generate, gru, Network, openGpu } from "tempograd";
import { reversed } from "./data";

const network = await Network.create(await openGpu(), {
  ...{ encoder: { input: embedding(10, 12), layers: [gru(32)] } },
  ...{ input: embedding(11, 12), layers: [gru(32)], readout: everyStep(10) },
});
const learned = Array.from({ length: 100 }, (_, i) => reversed(32, i + 1));
export const { history } = await fit(network, learned, {
  ...{ steps: 3, sourceSteps: 3, batch: 32, clipNorm: 1, optimizer: adam({ learningRate: 0.015 }), epochs: 3 },
});
export const said: { targets: Int32Array; symbols: Int32Array }[] = [];
for (let seed = 1000; seed < 1030; seed++) {
  const { source, targets } = reversed(1, seed);
  said.push({ targets, symbols: await generate(network, { source, prompt: [10], length: 3, topK: 1 }) });
}
network.gpu.destroy();
