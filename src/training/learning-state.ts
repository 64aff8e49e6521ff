// Who learns, and at which rates, as a trainer's state has it.

import { TempogradError } from "../errors";
import type { TrainerState } from "./trainer-state";

export interface Learning {
  /** Those that learn, in the order of all. */
  readonly names: readonly string[];
  /** Whether others are frozen. */
  readonly frozen: boolean;
  /** Learning rates of their own, by the name of each of `names` that has one. */
  readonly rates: ReadonlyMap<string, number>;
}

/** All parameters, at one rate. */
export const allLearn = (names: readonly string[]): Learning => ({ names, frozen: false, rates: new Map() });

/** What a trainer's state says of it: nothing where all learn at one rate. */
export const learningState = ({
  names,
  frozen,
  rates,
}: Learning): Pick<TrainerState, "trainable" | "learningRates"> => ({
  ...(frozen && { trainable: [...names] }),
  ...(rates.size > 0 && { learningRates: Object.fromEntries(rates) }),
});

/** @throws unless a state is of a training of the same parameters, at the same rates of their own. */
export function checkLearning(
  operation: string,
  { trainable, learningRates }: Pick<TrainerState, "trainable" | "learningRates">,
  learning: Learning,
): void {
  const expected = learningState(learning);
  const sides = [
    ["trainable", listed(trainable), listed(expected.trainable)],
    ["learningRates", rated(learningRates), rated(expected.learningRates)],
  ];
  for (const [option, got, wanted] of sides) {
    if (got === wanted) continue;
    throw new TempogradError(
      "option",
      `${operation}: the checkpoint is of a training with ${option} ${got}, expected ${wanted}; make the trainer with ` +
        `${option}: checkpoint.trainer.${option}, or begin another training: network.write(checkpoint.parameters).`,
    );
  }
}

const listed = (names: readonly string[] | undefined): string => (names ? `[${names.join(", ")}]` : "undefined");

/** In any order. */
function rated(rates: Readonly<Record<string, number>> | undefined): string {
  if (!rates) return "undefined";
  const entries = Object.entries(rates).map(([name, rate]) => `${name}: ${rate}`);
  return `{ ${entries.sort().join(", ")} }`;
}
