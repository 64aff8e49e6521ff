// First names, letter by letter, to make up new ones.

import type { ReadTask, TaskDescription } from "./task";

export const generateNames: TaskDescription = {
  label: "First names, to make up new ones",
  help: "letters of first names: write new ones; a tenth is held out",
  answer: "character",
  own: false,
  usual: { hidden: 64, batch: 32, steps: 32, learningRate: 0.005 },
  updates: 1500,
};

export const readNames: ReadTask = async () => {
  const [{ characterProblem }, { namesAsText }] = await Promise.all([
    import("./character-problem"),
    import("../data/names-text"),
  ]);
  return characterProblem({ name: "The names", text: await namesAsText(), byLine: true });
};
