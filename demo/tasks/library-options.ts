// Settings as the library's options.

import {
  adam,
  adamw,
  type Checkpoint,
  constant,
  cosine,
  crossEntropy,
  everyStep,
  type LearningRateSchedule,
  layer,
  type NetworkOptions,
  networkConfig,
  type ReferenceOptimizerOptions,
  rmsprop,
  sgd,
  stepDecay,
  type TrainerOptions,
  tokens,
  warmUp,
} from "../../src/index";
import type { Ends } from "../data/trained-on";
import { cellOf, cellsApart } from "./cells";
import type { SettingName, Settings } from "./fields";
import type { Problem, TaskDescription } from "./task";

/** The settings that say what a network is. */
export const ofNetwork: readonly SettingName[] = [
  ...(["cell", "hidden", "layers", "bidirectional", "dropout", "activation", "reset"] as const),
  ...(["initializer", "recurrentInitializer", "forgetBias", "labelSmoothing", "balanced"] as const),
];

/** Those that say how data is read, by what a network answers. A file that is begun with says them too. */
export const ofReading: Partial<Record<TaskDescription["answer"], readonly SettingName[]>> = {
  character: ["tokens"],
  forecast: ["steps", "columns", "features", "known", "future"],
};

/** @param ends what the data says of the network */
export async function networkOptionsOf(settings: Settings, { encoder, ...ends }: Ends): Promise<NetworkOptions> {
  const { hidden, layers: count, bidirectional, dropout, initializer, recurrentInitializer, seed } = settings;
  const { labelSmoothing, activation, reset, forgetBias } = settings;
  const cell = await cellOf(settings.cell);
  const ofCell = {
    ...(cell === "elman" && { activation }),
    ...(cell === "gru" && { reset }),
    ...(cell === "lstm" && forgetBias !== undefined && { forgetBias }),
  };
  const beginning = { initializer, ...(!cellsApart.includes(settings.cell) && { recurrentInitializer }), seed };
  if (encoder === undefined) {
    const smoothed = ends.loss === "cross-entropy" && { labelSmoothing };
    return { ...ends, cell, hidden, layers: count, bidirectional, dropout, ...beginning, ...smoothed, ...ofCell };
  }
  const layers = Array.from({ length: count }, (_, i) =>
    layer(cell, hidden, { ...ofCell, dropout: i === 0 ? 0 : dropout }),
  );
  return {
    encoder: { input: tokens(encoder), layers },
    ...{ input: tokens(ends.inputs), layers, readout: everyStep(ends.outputs) },
    ...{ loss: crossEntropy({ labelSmoothing }), ...beginning },
  };
}

/** What a network says of the settings that it was made of, by their names. */
export function settingsOf(network: NetworkOptions): Readonly<Record<string, unknown>> {
  if ("cell" in network) return { ...network };
  const { layers, loss, ...others } = network;
  const { bidirectional: _, ...own } = layers[0]!;
  const smoothing = typeof loss === "object" && "labelSmoothing" in loss && { labelSmoothing: loss.labelSmoothing };
  return { ...others, ...own, layers: layers.length, dropout: layers.at(-1)!.dropout, ...smoothing };
}

/**
 * Holds a file's settings against its network and its trainer, before anything is made of them.
 * @throws where they differ.
 */
export async function expectSaid({ network, trainer }: Checkpoint, settings: Settings, ends: Ends): Promise<void> {
  const made: Record<string, unknown> = {
    ...networkConfig(await networkOptionsOf(settings, ends)),
    optimizer: optimizerOptionsOf(settings).kind,
  };
  const held: Record<string, unknown> = { ...network, optimizer: trainer?.optimizer };
  const first = "cell" in network ? { cell: network.cell } : {};
  for (const name of Object.keys({ ...first, ...held, ...made })) {
    const [say, has] = [JSON.stringify(made[name]), JSON.stringify(held[name])];
    if (say === has) continue;
    throw new Error(
      `The file's settings say ${name} ${say}, and its training has ${has}: it is damaged. Open another.`,
    );
  }
}

/** @param problem its batches may have fewer steps than the settings */
export function trainerOptionsOf(
  settings: Settings,
  { steps, weights, translation }: Pick<Problem, "steps" | "weights" | "translation">,
): TrainerOptions {
  const { batch, carryState, schedule, checkpointEvery } = settings;
  const { kind, clipNorm, clipValue, ...rest } = optimizerOptionsOf(settings);
  return {
    ...{ steps, batch, carryState, checkpointEvery },
    ...(weights && { weights }),
    ...(translation && { sourceSteps: translation.sourceSteps }),
    schedule: schedule === "automatic" ? undefined : schedule,
    optimizer: { sgd, rmsprop, adam, adamw }[kind](rest),
    learningRateSchedule: rateScheduleOf(settings),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(clipValue !== undefined && { clipValue }),
  };
}

/** The optimizer and its clipping as data, as the reference takes them. */
export function optimizerOptionsOf(settings: Settings): ReferenceOptimizerOptions {
  const { optimizer, learningRate, weightDecay, clipNorm, clipValue } = settings;
  const isSgd = optimizer === "sgd" || optimizer === "momentum" || optimizer === "nesterov";
  return {
    ...{ kind: isSgd ? "sgd" : optimizer, learningRate, weightDecay },
    ...(isSgd && optimizer !== "sgd" && { momentum: 0.9 }),
    ...(optimizer === "nesterov" && { nesterov: true }),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(clipValue !== undefined && { clipValue }),
  };
}

export function rateScheduleOf({ rateSchedule, scheduleSteps: steps }: Settings): LearningRateSchedule {
  switch (rateSchedule) {
    case "warm-up":
      return warmUp(steps);
    case "cosine":
      return cosine({ steps });
    case "step":
      return stepDecay({ every: Math.ceil(steps / 3), factor: 0.1 });
    default:
      return constant();
  }
}
