import { describe, expect, test } from "vitest";
import { type Batch, constant, cosine, Network, sgd, stepDecay, Trainer, warmUp } from "../../src/index";
import { useGpu } from "../workbench";

const gpu = useGpu();

const factors = (schedule: (step: number) => number, ...steps: number[]) => steps.map(schedule);

describe("a learning rate schedule", () => {
  test("that is constant is 1", () => {
    expect(factors(constant(), 1, 2, 1e9)).toEqual([1, 1, 1]);
  });

  test("decays by a factor every so many steps, as PyTorch's StepLR", () => {
    expect(factors(stepDecay({ every: 3, factor: 0.5 }), 1, 2, 3, 4, 6, 7, 10)).toEqual([
      1, 1, 1, 0.5, 0.5, 0.25, 0.125,
    ]);
  });

  test("falls as half a cosine, as PyTorch's CosineAnnealingLR, and then stays", () => {
    const third = (1 + Math.cos(Math.PI / 3)) / 2; // 0.75
    const got = factors(cosine({ steps: 3 }), 1, 2, 3, 4, 5, 100);
    [1, third, 1 - third, 0, 0, 0].forEach((expected, i) => {
      expect(got[i]).toBeCloseTo(expected, 12);
    });
    const ends = factors(cosine({ steps: 2, final: 0.2 }), 1, 2, 3, 9);
    [1, 0.6, 0.2, 0.2].forEach((expected, i) => {
      expect(ends[i]).toBeCloseTo(expected, 12);
    });
  });

  test("warms up in equal steps to 1, and then begins another", () => {
    expect(factors(warmUp(4), 1, 2, 3, 4, 5, 100)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
    expect(factors(warmUp(2, stepDecay({ every: 1, factor: 0.5 })), 1, 2, 3, 4, 5)).toEqual([0.5, 1, 1, 0.5, 0.25]);
  });

  test("refuses numbers out of range", () => {
    expect(() => stepDecay({ every: 0, factor: 0.5 })).toThrow("stepDecay: every is 0, expected an integer from 1 up.");
    expect(() => stepDecay({ every: 1, factor: -1 })).toThrow(
      "stepDecay: factor is -1, expected 0 or a number from 1.4e-45",
    );
    expect(() => cosine({ steps: 1.5 })).toThrow("cosine: steps is 1.5");
    expect(() => cosine({ steps: 1, final: Number.NaN })).toThrow("cosine: final is NaN");
    expect(() => warmUp(0)).toThrow("warmUp: steps is 0");
  });
});

describe("a trainer with a schedule", () => {
  const options = { cell: "elman", inputs: 3, hidden: 4, outputs: 3, input: "tokens", readout: "every-step" } as const;
  const shape = { steps: 2, batch: 2 };
  const batch: Batch = { inputs: Int32Array.of(0, 1, 2, 0), targets: Int32Array.of(1, 2, 0, 1) };
  const same = (count: number) => Array.from({ length: count }, () => batch);

  /** The output bias before training and after each step, by a schedule of one step a submit. */
  async function biases(learningRateSchedule: (step: number) => number, steps: number, stepsPerSubmit = 1) {
    const network = await Network.create(gpu(), options);
    const optimizer = sgd({ learningRate: 0.5 });
    const trainer = await Trainer.create(network, { ...shape, optimizer, learningRateSchedule, stepsPerSubmit });
    const bias = async () => [...(await network.read()).get("outputBias")!.data];
    const values = [await bias()];
    try {
      for (let step = 0; step < steps; step++) {
        for await (const _ of trainer.train(same(1)));
        values.push(await bias());
      }
    } finally {
      trainer.destroy();
      network.destroy();
    }
    return values;
  }

  test("multiplies the learning rate of each step by its factor, from step 1", async () => {
    const [start, plain] = await biases(constant(), 1);
    const [, half] = await biases((step) => (step === 1 ? 0.5 : 0), 1);
    for (const [i, value] of start!.entries()) expect(half![i]! - value).toBeCloseTo((plain![i]! - value) / 2, 6);
    const [before, first, second, third] = await biases((step) => (step <= 2 ? 0 : 1), 3);
    expect([first, second]).toEqual([before, before]);
    expect(third).toEqual(plain);
  });

  test("gives the same bits however the steps are cut into submits", async () => {
    const run = async (stepsPerSubmit: number) => {
      const network = await Network.create(gpu(), options);
      const learningRateSchedule = warmUp(5, cosine({ steps: 10, final: 0.1 }));
      const optimizer = sgd({ learningRate: 0.5 });
      const trainer = await Trainer.create(network, { ...shape, optimizer, learningRateSchedule, stepsPerSubmit });
      for await (const _ of trainer.train(same(20)));
      const values = await network.read();
      trainer.destroy();
      network.destroy();
      return values;
    };
    expect(await run(7)).toEqual(await run(1));
  });

  test("refuses a factor that is no finite number from 0 up, by step and value, after reporting the steps before", async () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, -0.5]) {
      const network = await Network.create(gpu(), options);
      const learningRateSchedule = (step: number) => (step === 4 ? wrong : 1);
      const trainer = await Trainer.create(network, {
        ...shape,
        optimizer: sgd({ learningRate: 0.5 }),
        learningRateSchedule,
      });
      const reported: number[] = [];
      const run = async () => {
        for await (const { step } of trainer.train(same(9))) reported.push(step);
      };
      await expect(run()).rejects.toThrow(
        `Trainer: learningRateSchedule(4) is ${wrong}, expected 0 or a number from 1.4e-45 to 3.4e38, as float32 has.`,
      );
      expect(reported).toEqual([1, 2, 3]);
      trainer.destroy();
      network.destroy();
    }
  });
});
