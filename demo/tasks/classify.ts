// A file of the user's: texts or series of numbers, each with a class.

import type { ReadTask, TaskDescription } from "./task";

export const classify: TaskDescription = {
  label: "Your own sequences, each with a class",
  help: "sequences of one's own, which --data names: tell the class of each; a tenth is held out",
  answer: "class",
  own: true,
  usual: { hidden: 64, batch: 64, steps: 256, learningRate: 0.005 },
  updates: 1500,
};

export const readFile: ReadTask = async (own, { label, read, firstRow }, show) => {
  if (!own) throw new Error("No file is given: drop or choose one.");
  const [{ classProblem }, { readLabelledFile }] = await Promise.all([
    import("./class-problem"),
    import("../data/labelled-file"),
  ]);
  return classProblem(await readLabelledFile(own.name, own.text, { label, read, firstRow, show }));
};
