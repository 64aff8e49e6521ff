// First names, to tell which of two lists each is on.

import type { ReadTask, TaskDescription } from "./task";

export const classifyNames: TaskDescription = {
  label: "First names, to tell which list they are on",
  help: "first names: tell which of two lists a name is on; a tenth is held out. Those on both are left out",
  answer: "class",
  own: false,
  usual: { hidden: 64, batch: 64, steps: 16, learningRate: 0.005 },
  updates: 1500,
};

export const readNamesByList: ReadTask = async () => {
  const [{ classProblem }, { namesByList }] = await Promise.all([import("./class-problem"), import("../data/names")]);
  return classProblem(await namesByList());
};
