// Computes what a recording describes on a GPU.

import {
  adam,
  adamw,
  fromPyTorch,
  type Gpu,
  Network,
  type Pass,
  type ReferenceOptimizerOptions,
  readTensors,
  rmsprop,
  type Schedule,
  sgd,
  type Tensor,
  Trainer,
  type TrainerOptions,
  toPyTorch,
} from "../../src/index";
import type { Computed } from "./recording";
import { batchOf, trainingBatches } from "./recording-batches";
import { namesOf, type Recording } from "./recording-file";

/** Everything that a recording expects, from the GPU. */
export async function computeOnGpu(gpu: Gpu, recording: Recording, schedule: Schedule): Promise<Computed> {
  const { steps, batch, training } = recording;
  const network = await Network.create(gpu, recording.network);
  network.write(fromPyTorch(recording.tensors, namesOf(recording.network)));
  const data = batchOf(recording);
  const initialState = data.initialState !== undefined;
  const shape = { steps, batch, schedule };
  const pass = await network.pass({ ...shape, initialState, probabilities: true, traceGradients: true });
  pass.write(data);
  pass.run();
  const computed = await readPass(gpu, pass, recording);
  pass.destroy();
  if (training) {
    const { carry } = training;
    const state = carry ? { carryState: true } : { initialState };
    const trainer = await Trainer.create(network, { ...shape, ...state, ...trainerOptions(training.optimizer) });
    const losses: number[] = [];
    for await (const { loss } of trainer.train(trainingBatches(recording, training.steps))) losses.push(loss);
    computed.set("expected.losses", losses);
    for (const [name, { data: values }] of toPyTorch(await network.read(), namesOf(recording.network))) {
      computed.set(`after.${name}`, values);
    }
    trainer.destroy();
  }
  network.destroy();
  return computed;
}

/** The library's optimizer of these words, and the trainer's clipping. */
function trainerOptions(
  options: ReferenceOptimizerOptions,
): Pick<TrainerOptions, "optimizer" | "clipNorm" | "clipValue"> {
  const { kind, clipNorm, clipValue, ...rest } = options;
  return {
    optimizer: { sgd, rmsprop, adam, adamw }[kind](rest),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(clipValue !== undefined && { clipValue }),
  };
}

async function readPass(gpu: Gpu, pass: Pass, recording: Recording): Promise<Computed> {
  const { steps, batch, tensors, network } = recording;
  const { hidden, logits, losses, probabilities, dHidden = [], dInputs } = pass.tensors;
  const gradients = Object.values(pass.gradients!.tensors);
  const read = async (list: readonly Tensor[]) => (await readTensors(gpu, list)) as Float32Array[];
  const directions = network.bidirectional ? 2 : 1;
  const slab = batch * network.hidden;
  const states = await pass.readStates();
  const outputs = (await read([hidden]))[0]!.slice(slab * directions, (steps + 1) * slab * directions);
  const lengths = tensors.get("lengths")?.data;
  for (let i = 0; i < outputs.length; i++) {
    const row = Math.floor(i / (network.hidden * directions));
    if (lengths && Math.floor(row / batch) >= lengths[row % batch]!) outputs[i] = 0;
  }
  const values = await read([logits, losses, ...(probabilities ? [probabilities] : []), ...(dInputs ? [dInputs] : [])]);
  const computed: Computed = new Map<string, ArrayLike<number>>([
    ["expected.outputs", outputs],
    ["expected.h_n", states.finalState],
    ["expected.c_n", states.finalCellState ?? []],
    ["expected.logits", values.shift()!],
    ["expected.loss", values.shift()!],
    ["grad.h0", states.dInitialState!],
    ["grad.c0", states.dInitialCellState ?? []],
    ["grad.hidden", (await read(dHidden)).flatMap((layer) => [...layer.slice(slab)])],
  ]);
  if (probabilities) computed.set("expected.probabilities", values.shift()!);
  if (dInputs) computed.set("grad.inputs", values.shift()!);
  const arrays = await read(gradients);
  const byName = new Map(gradients.map(({ name, shape }, i) => [name, { shape: [...shape], data: arrays[i]! }]));
  for (const [name, { data }] of toPyTorch(byName, namesOf(recording.network))) computed.set(`grad.${name}`, data);
  return computed;
}
