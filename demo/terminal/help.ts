// What `npm run train -- --help` prints, made of the tables of tasks and settings.

import { maximum } from "../extremes";
import { cells, cellWords } from "../tasks/cells";
import { type Condition, exceptionsOf } from "../tasks/field";
import { fields, type SettingName, type Settings } from "../tasks/fields";
import type { TaskDescription } from "../tasks/task";
import { taskNames, tasks } from "../tasks/tasks";
import {
  exampleName,
  given,
  initialOfTerminal,
  isFlag,
  ofThisRun,
  optionNames,
  optionOf,
  usualOfExample,
  usualRates,
} from "./option-table";

const width = 118;
const indent = 27;

export function help(): string {
  const examples: [string, string][] = taskNames.map((name) => [`--task ${name}`, tasks[name].help]);
  examples.push([`--task ${exampleName}`, "the worked example: every number of a training step, GPU beside reference"]);
  const settings = optionNames.filter((name) => name !== "task");
  return [
    "npm run train -- [options]",
    "\nTrains a recurrent network by backpropagation through time, on a GPU where there is one.\n",
    ...examples.map(([option, words]) => entry(option, words)),
    `\n${usual()}\n`,
    ...settings.map((name) => entry(`--${optionOf(name)}${placeholderOf(name)}`, wordsOf(name))),
    "",
    ...Object.entries(ofThisRun).map(([name, { value, help: words }]) => entry(`--${name} ${value}`, words)),
  ].join("\n");
}

/** An option and what it does, over as many lines as that takes. */
function entry(option: string, words: string): string {
  const lines: string[] = [];
  for (const word of words.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width - indent) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  const head = `  ${option}`;
  const gap = head.length < indent ? " ".repeat(indent - head.length) : `\n${" ".repeat(indent)}`;
  return `${head}${gap}${lines.join(`\n${" ".repeat(indent)}`)}`.trimEnd();
}

/** What a setting's option is followed by. */
const placeholderOf = (name: SettingName): string =>
  ({ choice: " WORD", integer: " N", number: " X", text: " TEXT", switch: isFlag(name) ? "" : " N" })[
    fields[name].kind
  ];

const byTask = Object.keys(usualOfExample) as (keyof typeof usualOfExample)[];

function wordsOf(name: SettingName): string {
  const { terminal, label, hint, ...field } = fields[name];
  const said = terminal ? terminal.help : undefined;
  const choices = field.kind === "choice" ? Object.keys(field.choices).join(" | ") : "";
  const isLabel = optionOf(name).replaceAll("-", " ") === label.toLowerCase() && (choices || hint);
  const called = said ?? (isLabel ? "" : label.charAt(0).toLowerCase() + label.slice(1));
  const words = [[called, choices].filter(Boolean).join(": ")];
  if (!said && hint) words.push(words[0] ? `. ${withoutStop(hint)}` : withoutStop(hint));
  if (name === "learningRate") {
    const { sgd, momentum } = usualRates;
    words.push(
      `. Without it sgd takes ${sgd}, momentum and nesterov ${momentum}, the others the task's, ${timesByCell()}`,
    );
  }
  return words.join("") + defaultOf(name) + conditionOf(name);
}

function timesByCell(): string {
  const cellsOf = (rate: number) => cellWords.filter((word) => cells[word].rate === rate).join(", ");
  const rates = [...new Set(cellWords.map((word) => cells[word].rate))].filter((rate) => rate !== 1);
  const alike = taskNames.filter((name) => (tasks[name] as TaskDescription).oneRate);
  return `times ${rates.map((rate) => `${rate} with ${cellsOf(rate)}`).join(" and ")}, but for ${alike.join(", ")}`;
}

const withoutStop = (words: string) => words.replace(/\.$/, "");

function defaultOf(name: SettingName): string {
  if (fields[name].kind === "switch" || byTask.some((other) => other === name)) return "";
  const field = fields[name];
  const without = "without" in field && field.without !== undefined ? `none: ${field.without}` : "";
  const initial = initialOfTerminal[name];
  const ofTasks = taskNames.flatMap((task) => {
    const usual: Partial<Settings> = tasks[task].usual;
    return usual[name] === undefined ? [] : `${task}: ${usual[name]}`;
  });
  const said = [initial === undefined || initial === "" ? "" : `default ${initial}`, ...ofTasks, without].filter(
    Boolean,
  );
  return said.length > 0 ? ` (${said.join("; ")})` : "";
}

/** Where it has a meaning. */
function conditionOf(name: SettingName): string {
  const { only } = fields[name];
  const listed = ([other, ...values]: Condition) => `--${given(other as SettingName, values.join(", "))}`;
  if (only) return `; with ${listed(only)}`;
  const exceptions = exceptionsOf(fields[name]).map(listed);
  return exceptions.length > 0 ? `; not with ${exceptions.join(" or ")}` : "";
}

/** What depends on the task, a line each. */
function usual(): string {
  const rows: [string, Partial<Settings>][] = taskNames.map((name) => {
    const { usual, updates } = tasks[name];
    return [name, { ...usual, pauseAt: updates }];
  });
  rows.push([exampleName, usualOfExample]);
  const cells = [["defaults", ...byTask.map(optionOf)]];
  for (const [name, values] of rows) cells.push([name, ...byTask.map((setting) => String(values[setting]))]);
  const widths = cells[0]!.map((_, column) => 3 + maximum(cells.map((row) => row[column]!.length)));
  return cells
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("")}`.trimEnd())
    .join("\n");
}
