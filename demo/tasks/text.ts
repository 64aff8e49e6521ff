// A text of the user's, character by character.

import type { ReadTask, TaskDescription } from "./task";

export const text: TaskDescription = {
  label: "A text of your own",
  help: "characters of a text of one's own, which --data names; the last tenth is held out",
  answer: "character",
  own: true,
  usual: { hidden: 128, batch: 32, steps: 32, learningRate: 0.005 },
  updates: 1500,
};

export const readText: ReadTask = async (own) => {
  if (!own) throw new Error("No text is given: paste one, or drop a file.");
  return (await import("./character-problem")).characterProblem(own);
};
