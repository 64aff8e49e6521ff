import { describe, expect, test } from "vitest";
import { accuracy, confusionMatrix, f1, f1PerClass, type Metric, perplexity, topK } from "../../src/index";

/** Rows of a target and a choice, and what they weigh. */
const rows = [
  [0, 0, 1],
  [0, 1, 2],
  [1, 1, 1],
  [1, 1, 0.5],
  [3, 0, 1],
] as const;

function measured<Value>(metric: Metric<Value>, more: (choice: number, target: number) => object = () => ({})): Value {
  const tally = metric.begin(5);
  const blank = { rank: Number.NaN, surprise: Number.NaN, outputs: new Float32Array(), targets: new Float32Array() };
  for (const [target, choice, weight] of rows) tally.add({ ...blank, target, choice, weight, ...more(choice, target) });
  return tally.value();
}

describe("of classes", () => {
  test("the confusion matrix sums the weights of each pair of target and choice", () => {
    const matrix = measured(confusionMatrix());
    expect(matrix).toEqual([
      [1, 2, 0, 0, 0],
      [0, 1.5, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ]);
  });

  test("F1 is the harmonic mean of precision and recall; null of a class that does not occur, which no mean takes in", () => {
    const harmonic = (precision: number, recall: number) => (2 * precision * recall) / (precision + recall);
    const [first, second] = [harmonic(1 / 2, 1 / 3), harmonic(1.5 / 3.5, 1)];
    const each = measured(f1PerClass());
    expect(each[0]).toBeCloseTo(first, 12);
    expect(each[1]).toBeCloseTo(second, 12);
    expect(each.slice(2)).toEqual([null, 0, null]); // 3 was never chosen
    expect(measured(f1())).toBeCloseTo((first + second) / 3, 12);
  });

  test("accuracy, top k and perplexity are weighted means", () => {
    const ranked = (choice: number, target: number) => ({
      rank: choice === target ? 0 : 2,
      surprise: Math.LN2 * (1 + target),
    });
    expect(measured(accuracy(), ranked)).toBeCloseTo(2.5 / 5.5, 12);
    expect(measured(topK(2), ranked)).toBeCloseTo(2.5 / 5.5, 12);
    expect(measured(topK(3), ranked)).toBe(1);
    expect(measured(perplexity(), ranked)).toBeCloseTo(2 ** ((1 * 3 + 2 * 1.5 + 4 * 1) / 5.5), 12);
    expect(() => topK(0)).toThrow("topK: k is 0, expected an integer from 1 up");
  });
});
