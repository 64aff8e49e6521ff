// All that lives on one device, and has been used.

import { openNodeGpu } from "../../demo/terminal/node-gpu";
import {
  type Batch,
  type Gpu,
  Network,
  noLoss,
  openGpu,
  type Pass,
  type Predictor,
  type Program,
  sgd,
  Trainer,
  type UniformOptions,
} from "../../src/index";

export const options: UniformOptions = {
  cell: "lstm",
  inputs: 5,
  hidden: 6,
  outputs: 5,
  input: "tokens",
  readout: "every-step",
};
export const shape = { steps: 4, batch: 3 };
export const tokens = Int32Array.from({ length: 12 }, (_, i) => (i * 7) % 5);
export const batch: Batch = { inputs: tokens, targets: tokens.map((token) => (token + 1) % 5) };
export function* batches(): Generator<Batch> {
  while (true) yield batch;
}

/** All that lives on one device, and has been used. */
export interface World {
  gpu: Gpu;
  network: Network;
  pass: Pass;
  program: Program;
  predictor: Predictor;
  trainer: Trainer;
  /** Of a network whose loss is made outside. */
  open: { network: Network; pass: Pass; trainer: Trainer };
  /** What a checkpoint was made of before. */
  saved: Awaited<ReturnType<Trainer["snapshot"]>>;
  close(): void;
}

export async function worldOf(gpu: Gpu, close: () => void): Promise<World> {
  const network = await Network.create(gpu, options);
  await network.prepare(shape);
  const pass = await network.pass({ ...shape, gradients: true });
  pass.write(batch);
  pass.run();
  const predictor = await network.predictor(shape);
  const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }) });
  for await (const _ of trainer.train(batches(), { steps: 3 }));
  const saved = await trainer.snapshot();
  return { gpu, network, pass, program: pass.program, predictor, trainer, open: await openOf(gpu), saved, close };
}

async function openOf(gpu: Gpu): Promise<World["open"]> {
  const network = await Network.create(gpu, { ...options, loss: noLoss() });
  const pass = await network.pass({ ...shape, gradients: true });
  const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0.1 }) });
  return { network, pass, trainer };
}

/** Destroys one, and its like of the network whose loss is made outside. */
export function destroy(all: World, what: "network" | "pass" | "trainer"): void {
  all[what].destroy();
  all.open[what].destroy();
}

export const inputs = { inputs: tokens };
export const dOutputs = new Float32Array(tokens.length * 5);

export async function world(): Promise<World> {
  const node = await openNodeGpu();
  const gpu = await openGpu({ gpu: node.gpu });
  return worldOf(gpu, () => {
    gpu.destroy();
    node.close();
  });
}
