// The adding problem (Hochreiter and Schmidhuber 1997): of a sequence of numbers, the sum of the two that are marked.

import type { ReadTask, TaskDescription } from "./task";

export const adding: TaskDescription = {
  label: "The adding problem: remember two numbers of many",
  help: "the adding problem: of a sequence of numbers, the sum of the two that are marked",
  answer: "sum",
  own: false,
  usual: { hidden: 32, batch: 32, steps: 100, learningRate: 0.01 },
  oneRate: true,
  updates: 2000,
};

export const readSums: ReadTask = async () => (await import("./adding-problem")).addingProblem;
