// Computes what a recorded model describes on a GPU.

import {
  adam,
  type Batch,
  type Gpu,
  Network,
  type PassOptions,
  readTensors,
  type Schedule,
  sgd,
  type Tensor,
  Trainer,
} from "../../src/index";
import { modelBatch } from "./model-batches";
import type { Model } from "./model-file";
import { toStateDict } from "./model-names";
import type { Computed } from "./recording";

/** Whether a pass gives a tensor: what reaches an encoder's final state it keeps; the encoder's gradients are made of it. */
export const isOnGpu = (name: string): boolean => !name.startsWith("gradient.final.");

/** What a recording expects, from the GPU. */
export async function computeModelOnGpu(gpu: Gpu, model: Model, schedule: Schedule): Promise<Computed> {
  const { config, parameters, steps, batch, sourceSteps, tensors, training } = model;
  const network = await Network.create(gpu, config);
  network.write(parameters);
  const initialState = tensors.has("h0");
  const shape = { steps, batch, ...(sourceSteps && { sourceSteps }), schedule, initialState };
  const computed = await passOf(gpu, network, model, { ...shape, weights: tensors.has("weights") });
  if (training) await train(network, model, shape, computed);
  network.destroy();
  return computed;
}

async function passOf(gpu: Gpu, network: Network, model: Model, options: PassOptions): Promise<Computed> {
  const { config, batch } = model;
  const pass = await network.pass({ ...options, gradients: true });
  pass.write(modelBatch(model));
  pass.run();
  const { logits, losses, hidden, cellStates } = pass.tensors;
  const gradients = Object.values(pass.gradients!.tensors);
  const read = async (of: readonly Tensor[]) => (await readTensors(gpu, of)) as Float32Array[];
  const [o, loss, ...values] = await read([logits, losses, ...gradients]);
  const byName = new Map(gradients.map(({ name }, i) => [name, { data: values[i]! }]));
  const computed: Computed = new Map<string, ArrayLike<number>>([
    ["expected.logits", o!],
    ["expected.loss", loss!],
  ]);
  for (const [name, { data }] of toStateDict(config, byName)) computed.set(`gradient.${name}`, data);
  if (config.encoder) {
    // What the layers begin with is what the encoder's ended with.
    const [h, c = []] = await read([hidden, ...cellStates]);
    const size = batch * config.encoder.layers[0]!.hidden;
    computed.set("expected.final.h", h!.slice(0, size)).set("expected.final.c", c.slice(0, size));
  }
  pass.destroy();
  return computed;
}

async function train(network: Network, model: Model, shape: PassOptions, computed: Computed): Promise<void> {
  const { optimizer: kind, learningRate, steps, carry, frozen, rates } = model.training!;
  const trainer = await Trainer.create(network, {
    ...{ ...shape, carryState: carry, optimizer: { sgd, adam }[kind]({ learningRate }) },
    ...(frozen.size > 0 && { trainable: (name: string) => !frozen.has(name) }),
    ...(rates.size > 0 && { learningRates: (name: string) => rates.get(name) }),
  });
  const batches = Array.from({ length: steps }, (_, step): Batch => {
    const { initialState, initialCellState, ...batch } = modelBatch(model, step);
    if (carry && step > 0) return batch; // it begins where the one before ended
    return { ...batch, ...(initialState && { initialState }), ...(initialCellState && { initialCellState }) };
  });
  const losses: number[] = [];
  for await (const { loss } of trainer.train(batches)) losses.push(loss);
  trainer.destroy();
  computed.set("expected.losses", losses);
  for (const [name, { data }] of toStateDict(model.config, await network.read())) computed.set(`after.${name}`, data);
}
