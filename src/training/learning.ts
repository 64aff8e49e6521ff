// Who learns, and at which rates: what a user says of parameters by their names. Loaded where that is said.

import { shown, TempogradError } from "../errors";
import { expectEntries, standsFor, trainableOf } from "../network/trainable";
import type { Learning } from "./learning-state";
import { expectNumber } from "./optimizers";
import type { TrainerOptions } from "./trainer-options";

/** @throws where an option stands for no parameter, leaves none to learn, or has a rate that is no number from 0 up. */
export function learningOf(
  { trainable, learningRates }: Pick<TrainerOptions, "trainable" | "learningRates">,
  all: readonly string[],
): Learning {
  const names = typeof trainable === "function" ? chosen(trainable, all) : trainableOf("Trainer", trainable, all);
  const rates = new Map<string, number>();
  const rateOf = typeof learningRates === "function" ? learningRates : byEntry(learningRates, all);
  for (const name of names) {
    const rate = rateOf(name);
    if (rate === undefined) continue;
    expectRate(name, rate);
    rates.set(name, rate);
  }
  return { names, frozen: names.length < all.length, rates };
}

function chosen(trainable: (name: string) => unknown, all: readonly string[]): string[] {
  const names = all.filter((name) => {
    const answer = trainable(name);
    if (typeof answer === "boolean") return answer;
    throw new TempogradError(
      "option",
      `Trainer: trainable(${shown(name)}) is ${shown(answer)}, expected true or false.`,
    );
  });
  if (names.length > 0) return names;
  throw new TempogradError(
    "option",
    `Trainer: trainable is false for all, expected true for one or more of ${all.join(", ")}.`,
  );
}

function byEntry(rates: unknown, all: readonly string[]): (name: string) => number | undefined {
  if (rates === undefined) return () => undefined;
  if (typeof rates !== "object" || rates === null || Array.isArray(rates)) {
    throw new TempogradError(
      "option",
      `Trainer: learningRates is ${shown(rates)}, expected numbers by names of parameters, or a function of a name.`,
    );
  }
  const entries = Object.entries(rates as Record<string, number>);
  expectEntries("Trainer", "learningRates", Object.keys(rates), all);
  for (const [entry, rate] of entries) expectRate(entry, rate);
  return (name) => entries.find(([entry]) => standsFor(entry, name, all))?.[1];
}

function expectRate(name: string, rate: unknown): void {
  const what = `learningRates of ${shown(name)}`;
  if (typeof rate !== "number")
    throw new TempogradError("option", `Trainer: ${what} is ${shown(rate)}, expected a number from 0 up.`);
  expectNumber("Trainer", what, rate);
}
