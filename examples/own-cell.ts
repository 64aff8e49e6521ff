// A cell of one's own, by its equations: an LSTM whose input gate takes what its forget gate leaves (Greff et al. 2017). It
// learns to say, at the end of a sequence, with which symbol it began.

import { adam, type Batch, defineCell, evaluate, Network, openGpu, sigmoid, Trainer, tanh } from "tempograd";

const coupledLstm = defineCell({
  name: "coupled-lstm",
  gates: ["f", "g", "o"], // blocks of a = x·W + h·U + b
  states: ["h", "c"],
  step({ f, g, o }, { c }) {
    const forget = sigmoid(f);
    const next = forget.times(c).plus(forget.negated().plus(1).times(tanh(g)));
    return { h: sigmoid(o).times(tanh(next)), c: next };
  },
});

const [symbols, steps, batch] = [8, 12, 32];

/** Sequences without end, the same each time. */
function* batches(seed: number): Generator<Batch> {
  let state = seed;
  const symbol = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * symbols);
  };
  while (true) {
    const inputs = Int32Array.from({ length: steps * batch }, symbol); // time-major: the first row is the first step
    yield { inputs, targets: inputs.slice(0, batch) };
  }
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ cell: coupledLstm, inputs: symbols, hidden: 32, outputs: symbols },
  ...{ input: "tokens", readout: "last-step" },
});
const trainer = await Trainer.create(network, { steps, batch, optimizer: adam({ learningRate: 0.01 }) });
for await (const { step, loss } of trainer.train(batches(1), { steps: 600 })) {
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

const unseen = batches(2);
export const { accuracy } = await evaluate(
  network,
  { steps, batch },
  Array.from({ length: 8 }, () => unseen.next().value as Batch),
);
console.log(`of sequences that it has not seen, ${(100 * (accuracy ?? 0)).toFixed(1)}% right`);
gpu.destroy();
