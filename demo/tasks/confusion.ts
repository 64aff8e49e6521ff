// What a classifier takes for what: of each class, how many of its held-out sequences it told as which.

import { brief } from "../data/refusal";
import { maximum } from "../extremes";
import type { Judgement } from "./task";

/** Larger tables are told by what was confused most. */
const mostShown = 12;

/**
 * @param labels of the sequences, in their order
 * @param answers o [rows, classes] of batches of them, one after the other; rows behind the last sequence are none
 */
export function confusionOf(
  classes: readonly string[],
  labels: readonly number[],
  answers: readonly Float32Array[],
): Judgement {
  const told = answers.flatMap((rows) =>
    Array.from({ length: rows.length / classes.length }, (_, row) => {
      const own = rows.subarray(row * classes.length, (row + 1) * classes.length);
      return own.indexOf(maximum(own));
    }),
  );
  const confusion = confusionMatrix(classes.length, labels, told);
  const lines = classes.length > mostShown ? worst(classes, confusion) : table(classes, confusion);
  return { lines, numbers: { classes, confusion } };
}

/** How many of each class were told as which [class, told]. */
export function confusionMatrix(classes: number, labels: readonly number[], told: readonly number[]): number[][] {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [i, label] of labels.entries()) confusion[label]![told[i]!]!++;
  return confusion;
}

function table(classes: readonly string[], confusion: readonly number[][]): string[] {
  const names = classes.map((name) => brief(name, 16));
  const first = maximum([...names.map((name) => name.length), 8]);
  const width = maximum([...names.map((name) => name.length), String(maximum(confusion.flat())).length]) + 2;
  const head = `${"".padEnd(first)}${names.map((name) => name.padStart(width)).join("")}`;
  const rows = confusion.map((counts, i) => {
    return `${names[i]!.padEnd(first)}${counts.map((count) => String(count).padStart(width)).join("")}`;
  });
  return ["held out, a row a class, told as the class of a column:", head, ...rows];
}

function worst(classes: readonly string[], confusion: readonly number[][]): string[] {
  const wrong = confusion.flatMap((counts, is) =>
    counts.flatMap((count, as) => (is === as || count === 0 ? [] : [{ count, is, as }])),
  );
  wrong.sort((a, b) => b.count - a.count);
  if (wrong.length === 0) return ["held out, none was told as another class"];
  const said = wrong
    .slice(0, mostShown)
    .map(({ count, is, as }) => `  ${count} of ${brief(classes[is]!)} as ${brief(classes[as]!)}`);
  return ["held out, told most often as another class:", ...said];
}
