// A loss of one's own, by its formula: the pinball loss, whose least is at a quantile and not at the mean (Koenker and Bassett
// 1978). The network learns what a noisy value stays below nine times out of ten.

import { adam, type Batch, defineLoss, Network, openGpu, readTensors, select, Trainer } from "tempograd";

const pinball = defineLoss({
  name: "pinball",
  options: { quantile: 0.5 },
  value({ o, y }, { quantile }) {
    const short = y.minus(o); // by how much the answer was too low
    return select(quantile.times(short), quantile.minus(1).times(short), short);
  },
});

const [steps, batch] = [8, 64];

/** A number at each step, and a target that is the last one plus noise from 0 to 1; the same each time. */
function* batches(seed: number): Generator<Batch> {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  while (true) {
    const inputs = Float32Array.from({ length: steps * batch }, () => 2 * random() - 1); // time-major
    yield { inputs, targets: inputs.slice(-batch).map((last) => last + random()) };
  }
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ cell: "gru", inputs: 1, hidden: 16, outputs: 1, input: "features", readout: "last-step" },
  loss: pinball({ quantile: 0.9 }),
});
const optimizer = adam({ learningRate: 0.01 });
const trainer = await Trainer.create(network, { steps, batch, optimizer });
for await (const { step, loss } of trainer.train(batches(1), { steps: 800 })) {
  if (step % 200 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

const pass = await network.pass({ steps, batch });
const unseen = batches(2);
let below = 0;
for (let i = 0; i < 20; i++) {
  const data = unseen.next().value as Batch;
  pass.write(data);
  pass.run();
  const [answers] = await readTensors(gpu, [pass.tensors.logits]);
  for (const [row, target] of data.targets.entries()) below += target < answers![row]! ? 1 : 0;
}
export const share = below / (20 * batch);
console.log(`${(100 * share).toFixed(1)}% of values that it has not seen stay below its answer, expected 90%`);
gpu.destroy();
