// Moby-Dick, character by character.

import type { ReadTask, TaskDescription } from "./task";

export const mobyDick: TaskDescription = {
  label: "Moby-Dick, by Herman Melville",
  help: "characters of Moby-Dick: predict the next one; the last tenth is held out",
  answer: "character",
  own: false,
  usual: { hidden: 128, batch: 32, steps: 32, learningRate: 0.005 },
  updates: 1500,
};

export const readMobyDick: ReadTask = async () => {
  const [{ characterProblem }, { mobyDick }] = await Promise.all([
    import("./character-problem"),
    import("../data/moby-dick"),
  ]);
  return characterProblem({ name: "Moby-Dick", text: await mobyDick() });
};
