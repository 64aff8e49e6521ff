// How many sequences are told right from their first step to their last.

import type { BatchShape, Metric } from "../../src/index";

/**
 * The share of sequences that are told right at every step. Each step is told behind the right ones before it: a sequence is
 * right here where, and only where, the network that writes it by itself, at each step its likeliest symbol, writes it right.
 * @param count sequences in all, in batches one after the other; each has a target at each of the steps.
 */
export const exactMatch = ({ steps, batch }: BatchShape, count: number): Metric<number> => ({
  name: "exactMatch",
  of: "classes",
  needs: ["ranks"],
  better: "higher",
  begin() {
    let [told, right, row] = [0, 0, 0]; // whole sequences, of those so many, and rows of the batch under way
    const wrong = new Set<number>();
    return {
      add({ rank }) {
        const width = Math.min(batch, count - told);
        if (rank > 0) wrong.add(row % width);
        row++;
        if (row < steps * width) return;
        told += width;
        right += width - wrong.size;
        row = 0;
        wrong.clear();
      },
      value: () => right / told,
    };
  },
});
