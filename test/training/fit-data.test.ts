// What `fit` learns from: sequences that have values, windows of a series, the tokens of a text.

import { describe, expect, test } from "vitest";
import {
  adam,
  type Batch,
  batchesOnce,
  binaryCrossEntropy,
  carriedWindows,
  carriedWindowsOnce,
  consecutiveWindows,
  cut,
  evaluate,
  type FitData,
  features,
  fit as fitted, // the linter takes a call of fit for a focused test
  type Loss,
  lastStep,
  lstm,
  mae,
  meanAbsoluteError,
  meanSquaredError,
  Network,
  quantile,
  randomWindows,
  rmse,
  sgd,
  shuffledBatches,
  split,
  Trainer,
  type ValuedSequence,
  windows,
} from "../../src/index";
import { integers, numbers } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const ofValues = (outputs: number, loss: Loss = meanSquaredError()) =>
  Network.create(gpu(), { input: features(2), layers: [lstm(8)], readout: lastStep(outputs), loss, seed: 3 });

/** Sequences of several lengths, and the sums of what they read. */
const sums = (count: number, seed: number): ValuedSequence[] =>
  Array.from({ length: count }, (_, i) => {
    const read = numbers(2 * (1 + ((i + seed) % 4)), seed * 1000 + i).map((value) => value);
    const sumOf = (at: number) => read.reduce((sum, value, j) => sum + (j % 2 === at ? value : 0), 0);
    return { features: Float32Array.from(read), values: Float32Array.of(sumOf(0), sumOf(1)) };
  });

const weightsOf = async (network: Network) => [...(await network.read()).values()].map(({ data }) => [...data]);

test("sequences that have values are learned; the last batch counts by what it holds", async () => {
  const [learned, measured] = [sums(51, 1), sums(21, 2)];
  const network = await ofValues(2);
  const { history } = await fitted(network, learned, {
    ...{ optimizer: adam({ learningRate: 0.02 }), epochs: 12, batch: 8, validation: measured },
  });
  const size = { steps: 4, batch: 21 };
  const all = await evaluate(network, { ...size, weights: true }, batchesOnce(measured, { ...size, inputs: 2 }), {
    metrics: { mae: mae(), rmse: rmse() },
  });
  const last = history.at(-1)!.validation!;
  expect(history.map(({ update }) => update)).toEqual(Array.from({ length: 12 }, (_, i) => 7 * (i + 1)));
  for (const name of ["loss", "mae", "rmse"] as const) expect(last[name]).toBeCloseTo(all[name], 6);
  expect(last.rmse).toBeLessThan(0.5 * history[0]!.validation!.rmse!);
  network.destroy();
});

test("it trains as a trainer does with the batches of those sequences, to the bit", async () => {
  const data = sums(13, 4);
  const [one, other] = [await ofValues(2), await ofValues(2)];
  const optimizer = sgd({ learningRate: 0.1 });
  await fitted(one, data, { optimizer, updates: 5, batch: 8, seed: 7 });
  const trainer = await Trainer.create(other, { steps: 4, batch: 8, optimizer, weights: true });
  const batches = shuffledBatches(data, { steps: 4, batch: 8, inputs: 2, seed: 7 });
  for await (const _ of trainer.train(batches, { steps: 5 }));
  expect(await weightsOf(one)).toEqual(await weightsOf(other));
  trainer.destroy();
  for (const network of [one, other]) network.destroy();
});

test.each([
  ["one value", meanAbsoluteError(), ["mae", "rmse"]],
  ["labels", binaryCrossEntropy(), ["labelAccuracy"]],
  ["several quantiles", quantile([0.1, 0.9]), []],
] as const)("of %s it measures what is usual", async (_, loss, names) => {
  const network = await ofValues(2, loss);
  const data = sums(5, 1).map((item) => ({ ...item, values: item.values.map((value) => (value > 0 ? 1 : 0)) }));
  const { history } = await fitted(network, data, {
    ...{ optimizer: sgd({ learningRate: 0 }), epochs: 1, validation: data },
  });
  expect(Object.keys(history[0]!.validation!).filter((name) => !["loss", "count"].includes(name))).toEqual(names);
  network.destroy();
});

describe("a share of windows", () => {
  const series = { y: numbers(60, 1), z: numbers(60, 2) };
  const shape = { past: 5, future: 3, targets: ["y"], features: ["y", "z"] };

  /** What was measured, and after how many updates an epoch was over. */
  const fittedTo = async (data: FitData, validation: number) => {
    const network = await ofValues(3);
    const { history } = await fitted(network, data, {
      ...{ optimizer: sgd({ learningRate: 0 }), epochs: 1, batch: 4, validation },
    });
    network.destroy();
    return history[0]!;
  };

  test("is the last in time, and what reaches into it is learned from no more", async () => {
    const all = windows(series, shape);
    const held = Math.round(0.25 * all.length);
    const from = all[all.length - held]!.at;
    const { validation, update } = await fittedTo(all, 0.25);
    const network = await ofValues(3);
    const size = { steps: 5, batch: 8, inputs: 2 };
    const heldOut = windows(series, { ...shape, from });
    const measured = await evaluate(network, { ...size, weights: true }, batchesOnce(heldOut, size));
    network.destroy();
    expect(heldOut).toHaveLength(held);
    expect(validation).toMatchObject({ count: 3 * held });
    expect(validation!.loss).toBeCloseTo(measured.loss, 6);
    expect(update).toBe(Math.ceil(windows(series, { ...shape, to: from }).length / 4));
  });

  test("does not hang on their order", async () => {
    const all = windows(series, shape);
    const { seconds: _, ...turned } = await fittedTo([...all].reverse(), 0.25);
    const { seconds: __, ...expected } = await fittedTo(all, 0.25);
    expect(turned.validation!.loss).toBeCloseTo(expected.validation!.loss, 6);
    expect(turned.update).toBe(expected.update);
  });

  test("of which none is left to learn from is refused", async () => {
    await expect(fittedTo(windows({ y: numbers(9, 1), z: numbers(9, 2) }, shape), 0.5)).rejects.toThrow(
      "fit: validation is the share 0.5 of 2 windows, of which none ends before step 6, expected one or more",
    );
  });
});

describe("the tokens of a text", () => {
  const tokens = integers(400, 5, 0, 6);
  const create = () =>
    Network.create(gpu(), {
      ...{ cell: "gru", inputs: 7, hidden: 8, outputs: 7 },
      ...{ input: "tokens", readout: "every-step", seed: 2 },
    });

  test.each([
    ["windows that begin anywhere", false],
    ["read in order, where the state is carried", true],
  ])("are %s, as a trainer's own batches, and their end is held out", async (_, carryState) => {
    const size = { steps: 6, batch: 4 };
    const { training, heldOut } = split(tokens, 0.2);
    const optimizer = sgd({ learningRate: 0.5 });
    const [one, other] = [await create(), await create()];
    const { history } = await fitted(one, tokens, {
      ...{ ...size, carryState, optimizer, epochs: 1, validation: 0.2, seed: 9 },
    });
    const trainer = await Trainer.create(other, { ...size, carryState, optimizer });
    const options = { ...size, seed: 9 };
    const batches = carryState ? carriedWindows(cut(training, 4), options) : randomWindows(training, options);
    const steps = Math.ceil((training.length - 1) / (6 * 4));
    for await (const _ of trainer.train(batches, { steps }));
    const once: Iterable<Batch> = carryState
      ? carriedWindowsOnce(cut(heldOut, 4), size)
      : consecutiveWindows(heldOut, size);
    const measured = await evaluate(other, { ...size, carryState }, once);
    expect(await weightsOf(one)).toEqual(await weightsOf(other));
    expect(history).toMatchObject([{ update: steps, validation: { ...measured } }]);
    trainer.destroy();
    for (const network of [one, other]) network.destroy();
  });

  test("need to be told how many steps a window has", async () => {
    const network = await create();
    const fitting = fitted(network, tokens, { optimizer: sgd({ learningRate: 0.1 }), epochs: 1 });
    await expect(fitting).rejects.toThrow("fit: steps is undefined, expected an integer from 1 up");
    network.destroy();
  });
});
