import { describe, expect, expectTypeOf, test } from "vitest";
import {
  accuracy,
  adam,
  type Batch,
  batchesOnce,
  confusionMatrix,
  evaluate,
  type FitProgress,
  type Fitted,
  fit as fitted, // the linter takes a call of fit for a focused test
  type LabelledSequence,
  type Metric,
  Network,
  saveCheckpoint,
  sgd,
  splitItems,
  Trainer,
  type UniformOptions,
} from "../../src/index";
import { integers } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();
const options = {
  ...{ cell: "gru", inputs: 5, hidden: 12, outputs: 5 },
  ...{ input: "tokens", readout: "last-step" },
} as const satisfies UniformOptions;

/** Sequences of the class that they begin with. */
const items = (count: number, seed: number): LabelledSequence[] =>
  Array.from({ length: count }, (_, i) => {
    const tokens = integers(1 + ((i * 7 + seed) % 6), seed * 1000 + i, 0, 4);
    return { tokens, label: tokens[0]! };
  });

/** A measurement that says what it is told, one number each time. */
function saying(values: readonly number[], better: "higher" | "lower"): Metric<number> {
  let asked = 0;
  return {
    name: "saying",
    of: "classes",
    needs: [],
    better,
    begin: () => ({ add() {}, value: () => values[asked++]! }),
  };
}

const values = async (network: Network) => [...(await network.read()).values()].map(({ data }) => [...data]);

test("fits labelled sequences: what it learned is right, of those held out too, and all of it is told", async () => {
  const network = await Network.create(gpu(), options);
  const told: FitProgress[] = [];
  const all = items(120, 1);
  const result = await fitted(network, all, {
    ...{ optimizer: adam({ learningRate: 0.05 }), epochs: 12, batch: 16, validation: 0.2 },
    onProgress: (progress) => void told.push(progress),
  });
  const perEpoch = 96 / 16;
  expect(result.stopped).toBe("done");
  expect(result.history.map(({ update }) => update)).toEqual(Array.from({ length: 12 }, (_, i) => perEpoch * (i + 1)));
  expect(result.history.at(-1)!.validation!.accuracy).toBeGreaterThan(0.9);
  expect(told.map(({ update }) => update)).toEqual(Array.from({ length: 12 * perEpoch }, (_, i) => i + 1));
  expect(told.filter(({ entry }) => entry).map(({ entry }) => entry)).toEqual(result.history);
  const first = told.slice(0, perEpoch).reduce((sum, { loss }) => sum + loss, 0) / perEpoch;
  expect(result.history[0]!.loss).toBeCloseTo(first, 10);
  const { heldOut } = splitItems(all, 0.2, 1);
  const measured = await evaluate(network, { steps: 6, batch: 16 }, batchesOnce(heldOut, { steps: 6, batch: 16 }));
  expect(result.history.at(-1)!.validation).toMatchObject({ loss: measured.loss, accuracy: measured.accuracy });
  const losses = result.history.map(({ validation }) => validation!.loss);
  expect(result.best!.validation!.loss).toBe(losses.reduce((least, loss) => Math.min(least, loss)));
  network.destroy();
});

describe("measurements say when to stop, and which weights were best:", () => {
  test.each([
    ["higher", [1, 3, 2, 3, 2.5, 9], 2, "patience"],
    ["lower", [1, 0.5, 2, 0.75, 0.25, 3], 2, "patience"],
    ["lower", [5, 4, 3, 2, 1, 0.5], 2, "done"],
  ] as const)("%s is better of %j", async (better, said, patience, why) => {
    const network = await Network.create(gpu(), options);
    const trainer = await Trainer.create(network, { steps: 6, batch: 8, optimizer: adam({ learningRate: 0.05 }) });
    const after: number[][][] = [];
    const checkpoints: Uint8Array[] = [];
    const result = await fitted(trainer, items(24, 1), {
      ...{ epochs: 6, validation: items(8, 2), metrics: { own: saying(said, better) }, monitor: "own" },
      ...{ patience, restoreBest: true },
      async onProgress({ entry }) {
        if (!entry) return;
        after.push(await values(network));
        checkpoints.push(await saveCheckpoint(trainer));
      },
    });
    // By hand: the best so far, until as many after it are no better.
    let best = 0;
    let end = said.length;
    for (const [i, value] of said.entries()) {
      if (i > 0 && (better === "higher" ? value > said[best]! : value < said[best]!)) best = i;
      if (i - best >= patience) {
        end = i + 1;
        break;
      }
    }
    expect(result.history).toHaveLength(end);
    expect(result.stopped).toBe(why);
    expect(result.best).toBe(result.history[best]);
    expect(result.best!.validation!.own).toBe(said[best]);
    expect(await values(network)).toEqual(after[best]); // of that update, to the bit
    expect(trainer.step).toBe(result.best!.update);
    expect(await saveCheckpoint(trainer)).toEqual(checkpoints[best]); // the optimizer's state too
    trainer.destroy();
    network.destroy();
  });
});

test("a trainer goes on where the last fit left it: two fits are one, to the bit", async () => {
  const batches = batchesOnce(items(64, 3), { steps: 6, batch: 8 });
  const all = [...batches];
  const run = async (parts: readonly number[]) => {
    const network = await Network.create(gpu(), options);
    const trainer = await Trainer.create(network, { steps: 6, batch: 8, optimizer: adam({ learningRate: 0.05 }) });
    const stream = all.values();
    const ends = [];
    for (const updates of parts) ends.push((await fitted(trainer, stream, { updates })).stopped);
    const got = { step: trainer.step, ends, weights: await values(network) };
    trainer.destroy();
    network.destroy();
    return got;
  };
  const { weights, ...one } = await run([8]);
  const two = await run([3, 9]);
  expect(one).toEqual({ step: 8, ends: ["done"] });
  expect(two).toEqual({ step: 8, ends: ["done", "ended"], weights });
});

test("given up by its signal, it throws the reason; with restoreBest the best weights are there", async () => {
  const network = await Network.create(gpu(), options);
  const stop = new AbortController();
  let best: number[][] | undefined;
  const fitting = fitted(network, items(24, 1), {
    ...{ batch: 8, optimizer: sgd({ learningRate: 0.1 }), epochs: 50, signal: stop.signal },
    ...{ validation: items(8, 2), metrics: { own: saying([2, 1, 3, 4], "lower") }, monitor: "own", restoreBest: true },
    async onProgress({ update, entry }) {
      if (entry && update === 6) best = await values(network);
      if (update === 10) stop.abort("enough");
    },
  });
  await expect(fitting).rejects.toBe("enough");
  expect(await values(network)).toEqual(best);
  network.destroy();
});

test("a partly filled last batch counts by what it holds, in training and measuring", async () => {
  const few = items(5, 4);
  const network = await Network.create(gpu(), options);
  const before = await network.read();
  const { history } = await fitted(network, few, {
    ...{
      batch: 3,
      steps: 6,
      optimizer: sgd({ learningRate: 0 }),
      epochs: 1,
      validation: few,
      metrics: { right: confusionMatrix() },
    },
  });
  const { loss } = await evaluate(network, { steps: 6, batch: 5 }, batchesOnce(few, { steps: 6, batch: 5 }));
  expect(history[0]!.validation!.loss).toBeCloseTo(loss, 5);
  expect(history[0]!.validation!.right.flat().reduce((sum, count) => sum + count)).toBe(5);
  expect(await network.read()).toEqual(before);
  network.destroy();
});

test("leaves nothing behind on the device, and knows its types", async () => {
  const network = await Network.create(gpu(), options);
  const data = items(8, 1);
  const run = () =>
    fitted(network, data, {
      ...{ batch: 4, optimizer: sgd({ learningRate: 0.1 }), updates: 3, evaluateEvery: 2, validation: data },
      metrics: { right: accuracy(), confusion: confusionMatrix() },
    });
  const result = await run();
  const { buffers } = gpu().live;
  await run();
  expect(gpu().live.buffers).toBe(buffers);
  expect(result.history.map(({ update }) => update)).toEqual([2, 3]);
  expectTypeOf(result.history[0]!.validation!.right).toEqualTypeOf<number>();
  expectTypeOf(result.history[0]!.validation!.confusion).toEqualTypeOf<number[][]>();
  network.destroy();
});

test("what does not go together is refused by name", async () => {
  const network = await Network.create(gpu(), options);
  const data = items(8, 1);
  const optimizer = sgd({ learningRate: 0.1 });
  const stream = (): Iterable<Batch> => batchesOnce(data, { steps: 6, batch: 4 });
  const sizes = { steps: 6, batch: 4 };
  const refused: [given: unknown, more: object, message: string][] = [
    [data, {}, "epochs, updates and patience are missing, expected one of them"],
    [data, { epochs: 1, updates: 2 }, "epochs and updates are given, expected one of them"],
    [data, { epochs: 0 }, "epochs is 0, expected an integer from 1 up"],
    [data, { epochs: 1, patience: 2 }, "patience is given without validation"],
    [data, { epochs: 1, restoreBest: true }, "restoreBest is given without validation"],
    [
      data,
      { epochs: 1, validation: 0.5, monitor: "f1" },
      'monitor is "f1", expected one of loss, perplexity, accuracy',
    ],
    [
      data,
      { epochs: 1, validation: 0.5, metrics: { confusion: confusionMatrix() }, monitor: "confusion" },
      'monitor is "confusion", expected one of loss, of which',
    ],
    [stream(), { ...sizes, epochs: 1 }, "epochs is given with a stream of batches"],
    [stream(), { ...sizes, updates: 1, validation: 0.1 }, "validation is the share 0.1 of a stream"],
    [
      data,
      { ...sizes, updates: 1, validation: stream() },
      "validation is a stream, expected what can be gone through again",
    ],
    [[], { ...sizes, updates: 1 }, "data is empty"],
    [42, { ...sizes, updates: 1 }, "batches is 42, expected something to iterate over"],
  ];
  for (const [given, more, message] of refused) {
    const fitting = fitted(
      network,
      given as LabelledSequence[],
      { optimizer, ...more } as { optimizer: typeof optimizer },
    );
    await expect(fitting, message).rejects.toThrow(`fit: ${message}`);
  }
  await expect(
    fitted(network, data, { epochs: 1, optimizer, patients: 3 } as object as { optimizer: typeof optimizer }),
  ).rejects.toThrow('unknown option "patients"');
  const trainer = await Trainer.create(network, { ...sizes, optimizer });
  await expect(fitted(trainer, data, { epochs: 1, optimizer } as object)).rejects.toThrow('unknown option "optimizer"');
  const never: Promise<Fitted> = fitted(trainer, data, {
    epochs: 1,
    metrics: { own: saying([Number.NaN], "lower") },
    monitor: "own",
    validation: data,
  });
  await expect(never).rejects.toThrow("fit: own is measured as NaN, expected a number");
  trainer.destroy();
  network.destroy();
});
