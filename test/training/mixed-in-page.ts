// Trains in mixed precision, in a page on a device that has half precision; what is to be said of it is said by the tests.

import { writeTensor } from "../../src/gpu/tensor";
import {
  adam,
  type Batch,
  defineCell,
  embedding,
  everyStep,
  features,
  type Gpu,
  gru,
  huber,
  indrnn,
  lastStep,
  layer,
  lstm,
  minGru,
  Network,
  type NetworkOptions,
  openGpu,
  type PassOptions,
  peepholeLstm,
  readCheckpoint,
  readTensors,
  type StepReport,
  saveCheckpoint,
  sgd,
  sigmoid,
  type Tensor,
  Trainer,
  type TrainerOptions,
  tanh,
} from "../../src/index";

const symbols = 16;
const shape = { steps: 16, batch: 6 };

/** The kernels of a GPU, whatever the adapter. */
async function open(): Promise<Gpu> {
  const gpu = await openGpu({ tuning: "default" });
  return Object.assign(gpu, { traits: { ...gpu.traits, software: false } });
}

/** Numbers from 0 to below 1, the same each time. */
function drawing(): () => number {
  let seed = 1;
  return () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed / 2 ** 31;
  };
}

/** Tokens of which each follows from the one before, but for a few. */
function* batches(count: number): Generator<Batch> {
  const draw = drawing();
  const { steps, batch } = shape;
  for (let n = 0; n < count; n++) {
    const tokens = new Int32Array((steps + 1) * batch);
    for (let i = 0; i < tokens.length; i++) {
      const free = i < batch || draw() < 0.1;
      tokens[i] = free ? Math.floor(draw() * symbols) : (5 * tokens[i - batch]! + 3) % symbols;
    }
    yield { inputs: tokens.slice(0, steps * batch), targets: tokens.slice(batch) };
  }
}

const ofTokens = { input: "tokens", readout: "every-step", loss: "cross-entropy", seed: 1 } as const;
const sizes = { inputs: symbols, outputs: symbols, hidden: 32, layers: 2 };

/** The losses of as many steps, in either precision. */
export async function losses(cell: "elman" | "gru" | "lstm", steps: number): Promise<Record<string, number[]>> {
  const gpu = await open();
  const answer: Record<string, number[]> = {};
  for (const precision of ["single", "mixed"] as const) {
    const network = await Network.create(gpu, { ...ofTokens, ...sizes, cell });
    const optimizer = adam({ learningRate: 3e-3 });
    const trainer = await Trainer.create(network, { ...shape, precision, optimizer, clipNorm: 1 });
    const losses: number[] = [];
    for await (const { loss } of trainer.train(batches(steps))) losses.push(loss);
    answer[precision] = losses;
  }
  gpu.destroy();
  return answer;
}

const lstmOf = (gpu: Gpu) => Network.create(gpu, { ...ofTokens, ...sizes, layers: 1, cell: "lstm" });

const scalingOf = async (gpu: Gpu, trainer: Trainer) => [
  ...(await readTensors(gpu, [trainer.pass.tensors.lossScaling!]))[0]!,
];

const parametersOf = async (network: Network) => [...(await network.read()).values()].flatMap(({ data }) => [...data]);

/** Steps from a scale at which gradients overflow, and what becomes of parameters and of the scale. */
export async function overflowing(count: number) {
  const gpu = await open();
  const network = await lstmOf(gpu);
  const trainer = await Trainer.create(network, {
    ...shape,
    precision: "mixed",
    optimizer: adam({ learningRate: 1e-2 }),
  });
  writeTensor(gpu, trainer.pass.tensors.lossScaling!, [2 ** 24, 7]);
  const seen: { report: StepReport; same: boolean; scaling: number[] }[] = [];
  let before = await parametersOf(network);
  const source = batches(count);
  for (let n = 0; n < count; n++) {
    for await (const report of trainer.train(source, { steps: 1 })) {
      const after = await parametersOf(network);
      const same = after.every((value, i) => Object.is(value, before[i]));
      seen.push({ report, same, scaling: await scalingOf(gpu, trainer) });
      before = after;
    }
  }
  const { overflowedSteps, skippedSteps, step } = trainer;
  gpu.destroy();
  return { seen, overflowedSteps, skippedSteps, step };
}

/** Steps whose gradients no scale makes small enough: what is reported, and the error at the end. */
export async function hopeless() {
  const gpu = await open();
  const network = await Network.create(gpu, {
    ...{ cell: "elman", input: "features", readout: "every-step", loss: "mean-squared-error" },
    ...{ inputs: 2, outputs: 2, hidden: 8 },
  });
  const optimizer = sgd({ learningRate: 1e-3 });
  const trainer = await Trainer.create(network, { ...shape, precision: "mixed", optimizer });
  const size = shape.steps * shape.batch * 2;
  const batch = { inputs: new Float32Array(size).fill(0.5), targets: new Float32Array(size).fill(1e8) };
  const before = await parametersOf(network);
  const reports: StepReport[] = [];
  let message = "";
  try {
    for await (const report of trainer.train(Array(40).fill(batch))) reports.push(report);
  } catch (error) {
    message = (error as Error).message;
  }
  const after = await parametersOf(network);
  const answer = { reports, message, same: after.every((value, i) => Object.is(value, before[i])), step: trainer.step };
  gpu.destroy();
  return answer;
}

/** The losses and parameters of a training, and of one that went on from a checkpoint in its middle. */
export async function resumed() {
  const gpu = await open();
  const options: TrainerOptions = { ...shape, precision: "mixed", optimizer: adam({ learningRate: 1e-2 }) };
  const all = [...batches(12)];
  const network = await lstmOf(gpu);
  const trainer = await Trainer.create(network, options);
  writeTensor(gpu, trainer.pass.tensors.lossScaling!, [2 ** 23, 0]);
  const lossesOf = async (trainer: Trainer, from: readonly Batch[]) => {
    const losses: number[] = [];
    for await (const { loss } of trainer.train(from)) losses.push(loss);
    return losses;
  };
  await lossesOf(trainer, all.slice(0, 6));
  const file = await saveCheckpoint(trainer);
  const straight = { losses: await lossesOf(trainer, all.slice(6)), parameters: await parametersOf(network) };
  const checkpoint = await readCheckpoint(file);
  const other = await Network.create(gpu, checkpoint.network);
  const again = await Trainer.create(other, options);
  again.restore(checkpoint);
  const scaling = await scalingOf(gpu, again);
  const gone = { losses: await lossesOf(again, all.slice(6)), parameters: await parametersOf(other) };
  const single = await Trainer.create(other, { ...options, precision: "single" });
  let refusal = "";
  try {
    single.restore(checkpoint);
  } catch (error) {
    refusal = (error as Error).message;
  }
  gpu.destroy();
  return { straight, gone, scaling, refusal };
}

const coupled = defineCell({
  name: "coupled",
  gates: ["f", "g"],
  states: ["h", "c"],
  step({ f, g }, { c }) {
    const next = c.plus(sigmoid(f).times(tanh(g).minus(c)));
    return { h: tanh(next), c: next };
  },
});

const many: Record<string, { network: NetworkOptions; pass?: Partial<PassOptions> }> = {
  "a GRU that resets before, in two directions, to the last step, of an odd width": {
    network: {
      ...ofTokens,
      ...sizes,
      cell: "gru",
      reset: "before",
      bidirectional: true,
      readout: "last-step",
      hidden: 13,
    },
  },
  "an unrolled LSTM with dropout, from a state that is given": {
    network: { ...ofTokens, ...sizes, cell: "lstm", layers: 2, dropout: 0.3 },
    pass: { schedule: "unrolled", training: true, initialState: true },
  },
  "layers of two cells over an embedding that the readout is tied to, with a state that is carried": {
    network: {
      input: embedding(symbols, 24),
      layers: [gru(20), lstm(24)],
      readout: everyStep(symbols, { tied: true }),
    },
    pass: { carryState: true },
  },
  "cells by their equations, and cells whose units do not meet": {
    network: {
      input: features(4),
      layers: [layer(coupled, 20), layer(peepholeLstm, 12), layer(indrnn, 16), layer(minGru, 24)],
      readout: lastStep(3),
      loss: huber(),
    },
  },
};

export const kinds = (): string[] => Object.keys(many);

interface Seen {
  loss: number;
  gradients: number[];
  hidden: number[];
  states: number[];
}

/** What a pass computes in either precision, of sequences of several lengths. */
export async function passes(kind: string): Promise<Record<string, Seen>> {
  const { network: options, pass: more } = many[kind]!;
  const gpu = await open();
  const network = await Network.create(gpu, options);
  const answer: Record<string, Seen> = {};
  for (const precision of ["single", "mixed"] as const) {
    const pass = await network.pass({ ...shape, gradients: true, ...more, precision });
    const draw = drawing();
    const [tokens] = batches(1);
    const numbersOf = (shape: readonly number[]) =>
      Float32Array.from({ length: shape.reduce((product, size) => product * size) }, () => draw() - 0.5);
    const lengths = Int32Array.from({ length: shape.batch }, (_, i) => shape.steps - 2 * i);
    const { logits } = pass.tensors;
    const classes = logits.shape.length === 2 ? tokens!.targets.slice(0, shape.batch) : tokens!.targets;
    const batch: Batch = kind.startsWith("cells")
      ? { inputs: numbersOf([shape.steps, shape.batch, 4]), targets: numbersOf(logits.shape) }
      : { inputs: tokens!.inputs, targets: classes };
    const state = () => numbersOf([2, shape.batch, 32]);
    pass.write({ ...batch, lengths, ...(more?.initialState && { initialState: state(), initialCellState: state() }) });
    pass.run();
    pass.run(); // a state that is carried is no more that of the first
    const read = async (tensors: readonly Tensor[]) =>
      (await readTensors(gpu, tensors)).flatMap((values) => [...values]);
    const { losses, layers } = pass.tensors;
    const { finalState, finalCellState = [] } = await pass.readStates();
    answer[precision] = {
      loss: (await read([losses]))[0]!,
      gradients: await read(Object.values(pass.gradients!.tensors)),
      hidden: await read(layers),
      states: [...finalState, ...finalCellState],
    };
    pass.destroy();
  }
  gpu.destroy();
  return answer;
}
