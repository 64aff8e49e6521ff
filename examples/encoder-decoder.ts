// An encoder–decoder: one GRU reads six symbols, another says them in the reverse order, beginning with the state in which
// the first ended (Sutskever, Vinyals and Le 2014). Both learn in one step, and nothing leaves the GPU in between.

import { adam, type Batch, embedding, everyStep, generate, gru, Network, openGpu, Trainer } from "tempograd";

const symbols = 8;
const length = 6;
const batch = 32;
const updates = 1500;
/** What the decoder reads first: no symbol yet. */
const start = symbols;

/** Seeded numbers from 0 to 1, alike everywhere: a linear congruential generator. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Sequences, and what is to be said of them, time-major; each step reads what the one before it was to say. */
function sequences(next: () => number, rows: number): Batch & { source: Int32Array } {
  const source = Int32Array.from({ length: length * rows }, () => Math.floor(next() * symbols));
  const targets = source.map((_, i) => source[(length - 1 - Math.floor(i / rows)) * rows + (i % rows)]!);
  const inputs = targets.map((_, i) => (i < rows ? start : targets[i - rows]!));
  return { source, inputs, targets };
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  encoder: { input: embedding(symbols, 16), layers: [gru(48)] },
  input: embedding(symbols + 1, 16),
  layers: [gru(48)],
  readout: everyStep(symbols),
});
const shape = { steps: length, sourceSteps: length, batch };
const rate = 0.01;
const trainer = await Trainer.create(network, { ...shape, optimizer: adam({ learningRate: rate }), clipNorm: 1 });
const next = random(1);
function* batches(): Generator<Batch> {
  while (true) yield sequences(next, batch);
}
for await (const { step, loss } of trainer.train(batches(), { steps: updates })) {
  trainer.learningRate = rate * (1 - step / (updates + 1));
  if (step % 500 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

// Sequences that it has not seen, symbol after symbol of its own choice.
const unseen = random(2);
const held = 200;
let exact = 0;
for (let i = 0; i < held; i++) {
  const { source, targets } = sequences(unseen, 1);
  const said = await generate(network, { source, prompt: [start], length, topK: 1 });
  exact += said.every((symbol, at) => symbol === targets[at]) ? 1 : 0;
}
export const share = exact / held;
console.log(`${(100 * share).toFixed(1)}% of sequences that it has not seen come out exactly`);
gpu.destroy();
