// Learns a small world's sentences word by word, and writes one of its own.
import {
  adam,
  embedding,
  everyStep,
  fit,
  generate,
  gru,
  Network,
  openGpu,
  unigramEntropy,
  Vocabulary,
} from "tempograd";
import { story } from "./data";

export const text = story();
const vocabulary = Vocabulary.fromText(text, { kind: "words" });
const tokens = vocabulary.encode(text);
const network = await Network.create(await openGpu(), {
  ...{ input: embedding(vocabulary.size, 16), layers: [gru(32)], readout: everyStep(vocabulary.size) },
});
export const { history } = await fit(network, tokens, {
  ...{ steps: 24, batch: 32, optimizer: adam({ learningRate: 0.01 }), epochs: 4, validation: 0.1 },
});
export const entropy = unigramEntropy(tokens, vocabulary.size);
const prompt = vocabulary.encode("When the cat was in the garden,");
export const written = vocabulary.decode(await generate(network, { prompt, length: 9, topK: 1 }));
network.gpu.destroy();
