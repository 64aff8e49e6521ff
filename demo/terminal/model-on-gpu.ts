// Computes what a recorded model describes on a GPU.

import { adam, type Gpu, Network, readTensors, type Schedule, sgd, Trainer } from "../../src/index";
import { modelBatch } from "./model-batches";
import type { Model, ModelNetwork } from "./model-file";
import { toStateDict } from "./model-names";
import type { Computed } from "./recording";

/** What of a model the engine has not got. */
export function missingOnGpu({ networks, training }: Model): string[] {
  const rates = new Set(training?.rates.values());
  return [
    ...(networks.length > 1 ? ["an encoder and a decoder on the GPU"] : []),
    ...(rates.has(0) ? ["frozen parameters on the GPU"] : []),
    ...([...rates].filter((rate) => rate !== 0).length > 1 ? ["learning rates by parameter on the GPU"] : []),
  ];
}

/** Everything that a recording expects, from the GPU. */
export async function computeModelOnGpu(gpu: Gpu, model: Model, schedule: Schedule): Promise<Computed> {
  const [of] = model.networks;
  const network = await Network.create(gpu, of!.config);
  network.write(of!.parameters);
  const shape = { steps: of!.steps, batch: model.batch, schedule, initialState: model.tensors.has("h0") };
  const computed = await passOf(gpu, network, model, of!, shape);
  if (model.training) await train(network, model, of!, shape, computed);
  network.destroy();
  return computed;
}

interface Shape {
  steps: number;
  batch: number;
  schedule: Schedule;
  initialState: boolean;
}

async function passOf(gpu: Gpu, network: Network, model: Model, of: ModelNetwork, shape: Shape): Promise<Computed> {
  const pass = await network.pass({ ...shape, weights: model.tensors.has("weights"), gradients: true });
  pass.write(modelBatch(model, of));
  pass.run();
  const { logits, losses } = pass.tensors;
  const gradients = Object.values(pass.gradients!.tensors);
  const [o, loss, ...values] = (await readTensors(gpu, [logits, losses, ...gradients])) as Float32Array[];
  const byName = new Map(gradients.map(({ name }, i) => [name, { data: values[i]! }]));
  pass.destroy();
  const computed: Computed = new Map<string, ArrayLike<number>>([
    ["expected.logits", o!],
    ["expected.loss", loss!],
  ]);
  for (const [name, { data }] of toStateDict(of.config, true, byName)) computed.set(`gradient.${name}`, data);
  return computed;
}

async function train(
  network: Network,
  model: Model,
  of: ModelNetwork,
  shape: Shape,
  computed: Computed,
): Promise<void> {
  const { optimizer: kind, steps, carry, rates } = model.training!;
  const [learningRate = 0] = rates.values();
  const optimizer = { sgd, adam }[kind]({ learningRate });
  const trainer = await Trainer.create(network, { ...shape, carryState: carry, optimizer });
  const batches = Array.from({ length: steps }, (_, step) => {
    const { initialState, initialCellState, ...batch } = modelBatch(model, of, step);
    const begins = step === 0 || !carry; // later ones begin where the one before ended
    return {
      ...batch,
      ...(begins && initialState && { initialState }),
      ...(begins && initialCellState && { initialCellState }),
    };
  });
  const losses: number[] = [];
  for await (const { loss } of trainer.train(batches)) losses.push(loss);
  trainer.destroy();
  computed.set("expected.losses", losses);
  for (const [name, { data }] of toStateDict(of.config, true, await network.read()))
    computed.set(`after.${name}`, data);
}
