// `npm run train`, run as a user runs it: what it prints, what it learns, and that the reference learns the same.

import { expect, test } from "vitest";
import { linesOf, type Outcome, run, small } from "./program";

test("--json prints an object a step and one at the end, the same again with the same seed", async () => {
  const args = ["train", ...small, "--steps", "30", "--json", "--seed", "3"];
  const { code, out, err } = await run(args);
  expect(code, err).toBe(0);
  const lines = linesOf(out);
  const last = lines.pop();
  expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  for (const { loss, tokensPerSecond } of lines) {
    expect(loss).toBeGreaterThan(1);
    expect(tokensPerSecond).toBeGreaterThanOrEqual(0);
  }
  expect(last).toMatchObject({ done: true, baseline: null });
  expect(Object.keys(last).sort()).toEqual(
    "accuracy adapter baseline dispatchesPerStep done heldOutLoss seconds stepsPerSecond unigramEntropy".split(" "),
  );
  expect(last.unigramEntropy).toBeCloseTo(3.0555, 3);
  expect(last.dispatchesPerStep).toBeLessThanOrEqual(16);
  const again = linesOf((await run(args)).out);
  expect(again.map(({ loss }) => loss).slice(0, 30)).toEqual(lines.map(({ loss }) => loss));
});

test.each([
  [["--task", "names", "--bidirectional"]],
  [
    [
      "--task",
      "generate-names",
      "--cell",
      "lstm",
      "--window",
      "9",
      "--schedule-lr",
      "warmup",
      "--optimizer",
      "rmsprop",
    ],
  ],
  [
    [
      "--task",
      "adding",
      "--cell",
      "gru",
      "--length",
      "6",
      "--layers",
      "2",
      "--dropout",
      "0.2",
      "--schedule-lr",
      "step",
    ],
  ],
  [["--task", "dates", "--cell", "gru"]],
])("the reference trains to the same losses: %s", async (options) => {
  const args = ["train", ...options, "--hidden", "8", "--batch", "8", "--steps", "5", "--json"];
  const [onGpu, onReference] = await Promise.all([run(args), run([...args, "--device", "reference"])]);
  const losses = ({ out, err }: Outcome) => {
    expect(linesOf(out), err).toHaveLength(6);
    return linesOf(out).map(({ loss, heldOutLoss }) => loss ?? heldOutLoss);
  };
  const expected = losses(onReference);
  for (const [i, loss] of losses(onGpu).entries()) expect(loss).toBeCloseTo(expected[i], 4);
  const [gpu, reference] = [onGpu, onReference].map(({ out }) => linesOf(out).at(-1));
  expect(reference.adapter).toBe("reference");
  expect(reference.baseline).toBe(gpu.baseline);
  expect(reference.accuracy ?? 0).toBeCloseTo(gpu.accuracy ?? 0, 2);
});

test("--task adding learns to add, and shows how far back its gradient reaches", async () => {
  const args = ["train", "--task", "adding", "--cell", "lstm", "--hidden", "16", "--length", "8", "--steps", "300"];
  const { code, out, err } = await run(args);
  expect(code, err).toBe(0);
  expect(Number(/mean squared error ([\d.]+)/.exec(out)![1])).toBeLessThan(0.05);
  expect(out).toMatch(/‖dL\/dh_t‖ of layer 0.*\n[▁▂▃▄▅▆▇█]{9}\n/u);
});

test("--task i-like-nlp prints every number from the GPU and the reference, and they agree", async () => {
  const { code, out, err } = await run(["train", "--task", "i-like-nlp", "--steps", "2"]);
  expect(code, err).toBe(0);
  for (const name of [
    "h_1",
    "h_2",
    "h_3",
    "ŷ",
    "∂L/∂h_1",
    "∂L/∂W",
    "∂L/∂Wʰ",
    "∂L/∂b",
    "∂L/∂V",
    "∂L/∂b_output",
    "W ← W",
  ]) {
    expect(out).toContain(name);
  }
  expect(out).toMatch(/they agree to 1e-5\n$/);
});
