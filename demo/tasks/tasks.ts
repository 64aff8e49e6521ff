// The tasks by name, the same in the pages and the terminal. A new one is a file of its own, and named here and in readers.ts.

import { adding } from "./adding";
import { classify } from "./classify";
import { classifyNames } from "./classify-names";
import { dates } from "./dates";
import { forecast } from "./forecast";
import { generateNames } from "./generate-names";
import { mobyDick } from "./moby-dick";
import { parity } from "./parity";
import type { TaskDescription } from "./task";
import { text } from "./text";

export const tasks = {
  "moby-dick": mobyDick,
  "generate-names": generateNames,
  text,
  "classify-names": classifyNames,
  classify,
  adding,
  parity,
  forecast,
  dates,
} satisfies Record<string, TaskDescription>;

export type TaskName = keyof typeof tasks;

export const taskNames = Object.keys(tasks) as TaskName[];

/** Tasks had other names in the terminal, */
export const earlierNames: Readonly<Record<string, TaskName>> = { names: "classify-names" };
/** and in the addresses and files of the training page. */
export const earlierPageNames: Readonly<Record<string, TaskName>> = {
  names: "generate-names",
  "own-text": "text",
  "name-lists": "classify-names",
  sequences: "classify",
};

/** The tasks whose networks give this answer. */
export const tasksThat = (answer: TaskDescription["answer"]): TaskName[] =>
  taskNames.filter((name) => tasks[name].answer === answer);
