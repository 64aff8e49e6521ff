// Settings to begin from, each worth a look.

import type { Settings } from "../tasks/fields";
import { initialOf } from "../tasks/settings";

export interface Preset {
  name: string;
  settings: Settings;
}

const of = (name: string, { task = "moby-dick", ...changes }: Partial<Settings>): Preset => ({
  name,
  settings: { ...initialOf(task), ...changes },
});

export const presets: readonly Preset[] = [
  of("Moby-Dick, a first look (GRU)", {}),
  of("Moby-Dick, in earnest (two LSTM layers)", {
    cell: "lstm",
    hidden: 256,
    layers: 2,
    dropout: 0.2,
    steps: 64,
    batch: 64,
    learningRate: 0.003,
    rateSchedule: "cosine",
    scheduleSteps: 5000,
    pauseAt: 5000,
  }),
  of("Moby-Dick, as plain as can be (Elman, SGD)", {
    cell: "elman",
    optimizer: "sgd",
    learningRate: 0.5,
    clipNorm: undefined,
    initializer: "uniform",
    recurrentInitializer: "uniform",
  }),
  of("New first names (LSTM)", { task: "generate-names", cell: "lstm", hidden: 96, steps: 24, batch: 64 }),
  of("Which list is a name on? (GRU)", { task: "classify-names" }),
  of("The adding problem, remembered (LSTM)", { task: "adding", cell: "lstm", hidden: 64, learningRate: 0.005 }),
  of("The adding problem, forgotten (Elman)", { task: "adding", cell: "elman", hidden: 64, learningRate: 0.005 }),
  of("A series, forecast (GRU)", { task: "forecast" }),
  of("Dates into ISO 8601, an encoder–decoder (LSTM)", { task: "dates" }),
  of("Parity, counted (Elman)", { task: "parity", cell: "elman" }),
  of("Parity, never counted (minGRU)", { task: "parity", cell: "mingru" }),
];
