// Settings as the library's options.

import {
  adam,
  adamw,
  type Checkpoint,
  constant,
  cosine,
  type LearningRateSchedule,
  networkConfig,
  type Optimizer,
  rmsprop,
  sgd,
  stepDecay,
  type TrainerOptions,
  type UniformOptions,
  warmUp,
} from "../../src/index";
import { expectUniform } from "../data/trained-on";
import type { Settings } from "./fields";
import type { Problem } from "./problem";

/** @param problem what the data says of the network */
export function networkOptionsOf(settings: Settings, problem: Problem["network"]): UniformOptions {
  const { cell, hidden, layers, bidirectional, dropout, initializer, recurrentInitializer, seed } = settings;
  const { labelSmoothing, activation, reset, forgetBias } = settings;
  return {
    ...problem,
    ...{ cell, hidden, layers, bidirectional, dropout, initializer, recurrentInitializer, seed },
    ...(problem.loss === "cross-entropy" && { labelSmoothing }),
    ...(cell === "elman" && { activation }),
    ...(cell === "gru" && { reset }),
    ...(cell === "lstm" && forgetBias !== undefined && { forgetBias }),
  };
}

/**
 * Holds a file's settings against its network and its trainer, before anything is made of them.
 * @throws where they differ.
 */
export function expectSaid({ network, trainer }: Checkpoint, settings: Settings, problem: Problem["network"]): void {
  expectUniform(network);
  const made: Record<string, unknown> = {
    ...networkConfig(networkOptionsOf(settings, problem)),
    optimizer: settings.optimizer,
  };
  const held: Record<string, unknown> = { ...network, optimizer: trainer?.optimizer };
  for (const name of Object.keys({ cell: network.cell, ...held, ...made })) {
    const [say, has] = [JSON.stringify(made[name]), JSON.stringify(held[name])];
    if (say === has) continue;
    throw new Error(
      `The file's settings say ${name} ${say}, and its training has ${has}: it is damaged. Open another.`,
    );
  }
}

/** @param steps of the batches, which the data may have fewer of than the settings */
export function trainerOptionsOf(settings: Settings, steps: number): TrainerOptions {
  const { batch, carryState, clipNorm, clipValue, schedule, checkpointEvery } = settings;
  return {
    ...{ steps, batch, carryState, checkpointEvery },
    schedule: schedule === "automatic" ? undefined : schedule,
    optimizer: optimizerOf(settings),
    learningRateSchedule: rateScheduleOf(settings),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(clipValue !== undefined && { clipValue }),
  };
}

function optimizerOf({ optimizer, learningRate, weightDecay }: Settings): Optimizer {
  const rest = { learningRate, weightDecay };
  switch (optimizer) {
    case "sgd":
      return sgd(rest);
    case "momentum":
      return sgd({ ...rest, momentum: 0.9 });
    case "nesterov":
      return sgd({ ...rest, momentum: 0.9, nesterov: true });
    default:
      return { rmsprop, adam, adamw }[optimizer](rest);
  }
}

function rateScheduleOf({ rateSchedule, scheduleSteps: steps }: Settings): LearningRateSchedule {
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
