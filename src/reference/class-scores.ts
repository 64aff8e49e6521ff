// What logits say of classes, in float64.

import type { Numbers } from "./matmul";

/**
 * Of each row the class of the largest logit, how many classes are likelier than the target y, and −ln softmax(o)[y]. Of
 * logits that are alike the first is the likelier; where a target is −1, class 0 stands for it.
 * @param logits [rows, outputs]
 * @param targets [rows]
 */
export function classScores(logits: Numbers, targets: Numbers, outputs: number) {
  const rows = Array.from(targets, (target, row) => {
    const o = Array.from({ length: outputs }, (_, k) => logits[row * outputs + k]!);
    const y = Math.max(target, 0);
    const largest = o.reduce((most, value) => Math.max(most, value));
    const sum = o.reduce((all, value) => all + Math.exp(value - largest), 0);
    return {
      choice: o.indexOf(largest),
      rank: o.filter((value, k) => value > o[y]! || (value === o[y] && k < y)).length,
      surprise: Math.log(sum) + largest - o[y]!,
    };
  });
  return {
    choices: rows.map(({ choice }) => choice),
    ranks: rows.map(({ rank }) => rank),
    surprises: rows.map(({ surprise }) => surprise),
  };
}
