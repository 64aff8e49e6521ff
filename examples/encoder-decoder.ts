// An encoder–decoder: one GRU reads symbols, another says them in the reverse order, beginning with the state in which the
// first ended (Sutskever, Vinyals and Le 2014). Both learn in one step, and nothing leaves the GPU in between.

import { adam, cosine, embedding, everyStep, fit, generate, gru, Network, openGpu } from "tempograd";

const symbols = 8;
/** What the decoder reads first, and what it says last. */
const [start, end] = [symbols + 1, symbols];

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** From three to six symbols, and what is to be said of them. */
function pair() {
  const source = Int32Array.from({ length: 3 + Math.floor(4 * uniform()) }, () => Math.floor(symbols * uniform()));
  return { source, prompt: [start], target: Int32Array.of(...source.slice().reverse(), end) };
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  encoder: { input: embedding(symbols, 16), layers: [gru(48)] },
  input: embedding(symbols + 2, 16),
  layers: [gru(48)],
  readout: everyStep(symbols + 1),
});
const updates = 1200;
const learned = Array.from({ length: 20_000 }, pair);
await fit(network, learned, {
  ...{
    updates,
    optimizer: adam({ learningRate: 0.01 }),
    clipNorm: 1,
    learningRateSchedule: cosine({ steps: updates }),
  },
  onProgress({ update, loss }) {
    if (update % 100 === 0) console.log(`update ${update}: loss ${loss.toFixed(4)}`);
  },
});

// Sequences that are not among them, symbol after symbol of its own choice.
const known = new Set(learned.map(({ source }) => source.join()));
const unseen = Array.from({ length: 250 }, pair).filter((item) => !known.has(item.source.join()));
const source = unseen.map((item) => item.source);
const said = await generate(network, { source, prompt: [start], length: 7, topK: 1 });
const exact = said.filter((answer, i) => unseen[i]!.target.every((symbol, at) => symbol === answer[at]));
export const share = exact.length / unseen.length;
console.log(`${(100 * share).toFixed(1)}% of ${unseen.length} sequences that are new come out exactly`);
gpu.destroy();
