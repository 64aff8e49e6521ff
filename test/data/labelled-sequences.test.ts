import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  batchesOnce,
  type LabelledSequence,
  paddedBatch,
  shuffledBatches,
  splitItems,
} from "../../src/data/labelled-sequences";
import { adam, evaluate, Network, Trainer } from "../../src/index";
import type { Batch } from "../../src/network/batch";
import { numbers } from "../numbers";
import { useGpu } from "../workbench";

const steps = 5;
const tokens = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: steps });
const item = fc.record({ tokens: tokens.map((tokens) => Int32Array.from(tokens)), label: fc.nat(3) });
const items = fc.array(item, { minLength: 1, maxLength: 20 });

/** Items of 1 to `steps` steps of as many features as are said. */
const featureItems = (inputs: number) => {
  const values = fc.array(fc.float({ noNaN: true }), { minLength: inputs, maxLength: inputs });
  const features = fc
    .array(values, { minLength: 1, maxLength: steps })
    .map((series) => Float32Array.from(series.flat()));
  return fc.array(fc.record({ features, label: fc.nat(3) }), { minLength: 1, maxLength: 20 });
};

/** Items with labels 0, 1, 2, …: the label tells which item a row holds. */
const numbered = (count: number): LabelledSequence[] =>
  Array.from({ length: count }, (_, label) => ({ tokens: Int32Array.of(label + 1), label }));

/** The items that a batch holds, `width` values a step, read back from its arrays; also checks the padding. */
function itemsOf({ inputs, lengths, targets }: Batch, width = 1): LabelledSequence[] {
  const batch = targets.length;
  const found: LabelledSequence[] = [];
  for (let row = 0; row < batch; row++) {
    const column = inputs.filter((_, i) => Math.floor(i / width) % batch === row); // [steps, width]
    expect(column).toHaveLength(steps * width);
    const length = targets[row] === -1 ? 0 : lengths![row]!;
    if (length === 0) expect(lengths![row]).toBe(1);
    expect(column.subarray(length * width).every((value) => value === 0)).toBe(true);
    const values = column.slice(0, length * width);
    const label = targets[row]!;
    if (length > 0) found.push(values instanceof Int32Array ? { tokens: values, label } : { features: values, label });
  }
  return found;
}

const targetsOf = (batches: Batch[]) => batches.flatMap(({ targets }) => [...targets]).filter((label) => label !== -1);

describe("paddedBatch", () => {
  test("lays tokens out time-major, pads with 0, and fills missing rows that do not count", () => {
    const name = { tokens: Int32Array.of(7, 8, 9), label: 1 };
    const short = { tokens: Int32Array.of(5), label: 0 };
    expect(paddedBatch([name, short], { steps: 4, batch: 3 })).toEqual({
      inputs: Int32Array.of(7, 5, 0, 8, 0, 0, 9, 0, 0, 0, 0, 0),
      lengths: Int32Array.of(3, 1, 1),
      targets: Int32Array.of(1, 0, -1),
    });
  });

  test("lays features out time-major, the values of a step side by side", () => {
    const long = { features: Float32Array.of(1, 2, 3, 4), label: 1 };
    const short = { features: Float32Array.of(5, 6), label: 0 };
    expect(paddedBatch([long, short], { steps: 3, batch: 2, inputs: 2 })).toEqual({
      inputs: Float32Array.of(1, 2, 5, 6, 3, 4, 0, 0, 0, 0, 0, 0),
      lengths: Int32Array.of(2, 1),
      targets: Int32Array.of(1, 0),
    });
    const { inputs, lengths } = paddedBatch([long], { steps: 4, batch: 1 });
    expect([inputs, lengths]).toEqual([Float32Array.of(1, 2, 3, 4), Int32Array.of(4)]);
  });

  test("refuses features beside tokens, steps that lack some, and widths that are none", () => {
    const series = { features: new Float32Array(6), label: 0 };
    const batchOf =
      (inputs: number, ...items: LabelledSequence[]) =>
      () =>
        paddedBatch(items, { steps: 2, batch: 2, inputs });
    expect(batchOf(3, series, ...numbered(1))).toThrow(
      "paddedBatch: items[1].features is undefined, expected features, as items[0] has; give all items the same kind.",
    );
    expect(batchOf(3, ...numbered(1), series)).toThrow("items[1].tokens is undefined, expected tokens");
    expect(batchOf(4, series)).toThrow(
      "paddedBatch: items[0].features has length 6, expected 1 to steps = 2 · 4 features; give each step all its features.",
    );
    expect(batchOf(2, series)).toThrow(
      "paddedBatch: items[0].features has length 6, expected 1 to steps = 2 · 2 features; cut it, or set steps to 3 or more.",
    );
    expect(batchOf(1, { features: new Float32Array(0), label: 0 })).toThrow("has length 0, expected 1 to steps = 2");
    expect(batchOf(0, series)).toThrow("paddedBatch: inputs is 0, expected an integer from 1 up.");
  });

  test("says which item is too long, and what to do", () => {
    const long = { tokens: new Int32Array(6), label: 0 };
    expect(() => paddedBatch([...numbered(1), long], { steps, batch: 2 })).toThrow(
      "paddedBatch: items[1].tokens has length 6, expected 1 to steps = 5; cut it, or set steps to 6 or more.",
    );
  });

  test("refuses empty items, labels that are no class index, and more items than rows", () => {
    const batchOf = (item: LabelledSequence) => () => paddedBatch([item], { steps, batch: 2 });
    expect(batchOf({ tokens: new Int32Array(0), label: 0 })).toThrow(
      "paddedBatch: items[0].tokens has length 0, expected 1 to steps = 5; leave it out.",
    );
    expect(batchOf({ tokens: Int32Array.of(1), label: -1 })).toThrow(
      "paddedBatch: items[0].label is -1, expected a class index 0, 1, 2, …; number the classes from 0.",
    );
    expect(batchOf({ tokens: Int32Array.of(1), label: 0.5 })).toThrow("items[0].label is 0.5");
    expect(() => paddedBatch(numbered(3), { steps, batch: 2 })).toThrow(
      "paddedBatch: got 3 items, expected at most batch = 2; use batchesOnce to cut them up.",
    );
    expect(() => paddedBatch([], { steps, batch: 2 })).toThrow("paddedBatch: got 0 items, expected 1 or more");
  });
});

describe("batchesOnce", () => {
  test("gives every item once, in order, unchanged", () => {
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 7 }), (items, batch) => {
        const batches = [...batchesOnce(items, { steps, batch })];
        expect(batches.every(({ targets }) => targets.length === batch)).toBe(true);
        expect(batches.flatMap((batch) => itemsOf(batch))).toEqual(items);
      }),
    );
  });

  test("gives every item of features once, in order, unchanged, whatever their width", () => {
    const cases = fc.integer({ min: 1, max: 4 }).chain((inputs) => fc.tuple(fc.constant(inputs), featureItems(inputs)));
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 7 }), ([inputs, items], batch) => {
        const batches = [...batchesOnce(items, { steps, batch, inputs })];
        expect(batches.flatMap((batch) => itemsOf(batch, inputs))).toEqual(items);
      }),
    );
  });

  test("refuses bad items and sizes before the first batch is asked for", () => {
    expect(() => batchesOnce([], { steps, batch: 2 })).toThrow("batchesOnce: got 0 items, expected 1 or more");
    expect(() => batchesOnce(numbered(2), { steps: 0, batch: 2 })).toThrow("batchesOnce: steps is 0");
    expect(() => batchesOnce(numbered(2), { steps, batch: -1 })).toThrow("batchesOnce: batch is -1");
  });
});

describe("shuffledBatches", () => {
  const epochs = (items: LabelledSequence[], batch: number, seed: number) => {
    const batches = shuffledBatches(items, { steps, batch, seed });
    const epoch = () => Array.from({ length: Math.ceil(items.length / batch) }, () => batches.next().value);
    return [epoch(), epoch()] as const;
  };

  test("gives every item once in each epoch", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 7 }), fc.nat(), (count, batch, seed) => {
        for (const epoch of epochs(numbered(count), batch, seed)) {
          expect(targetsOf(epoch).sort((a, b) => a - b)).toEqual(numbered(count).map(({ label }) => label));
        }
      }),
    );
  });

  test("draws another order for every epoch and every seed, and the same one for the same seed", () => {
    const [first, second] = epochs(numbered(50), 8, 1);
    expect(targetsOf(second)).not.toEqual(targetsOf(first));
    expect(epochs(numbered(50), 8, 1)).toEqual([first, second]);
    expect(epochs(numbered(50), 8, 2)[0]).not.toEqual(first);
  });

  test("shuffles without favour: every item comes first about equally often", () => {
    const batches = shuffledBatches(numbered(4), { steps, batch: 4, seed: 1 });
    const first = [0, 0, 0, 0];
    for (let epoch = 0; epoch < 4000; epoch++) first[batches.next().value.targets[0]!]! += 1;
    for (const count of first) expect(Math.abs(count - 1000)).toBeLessThan(110); // four standard deviations
  });

  test("goes on with features where it was left, and not with features of another width", () => {
    const items = Array.from({ length: 5 }, (_, label) => ({ features: new Float32Array(6).fill(label + 1), label }));
    const options = { steps: 6, batch: 2, seed: 1 };
    const whole = shuffledBatches(items, { ...options, inputs: 2 });
    whole.next();
    const { position } = whole;
    expect(shuffledBatches(items, { ...options, inputs: 2, position }).next()).toEqual(whole.next());
    expect(() => shuffledBatches(items, { ...options, inputs: 3, position })).toThrow("position.given.inputs is 2");
  });

  test("describes a stream of tokens in the numbers that saved positions have", () => {
    const { given } = shuffledBatches(numbered(3), { steps, batch: 2, inputs: 99, seed: 1 }).position;
    expect(given).toEqual({ items: 3, steps, batch: 2, seed: 1 });
  });

  test("refuses an item that is too long before the first batch is asked for", () => {
    const long = { tokens: new Int32Array(6), label: 0 };
    expect(() => shuffledBatches([long], { steps, batch: 2, seed: 1 })).toThrow(
      "shuffledBatches: items[0].tokens has length 6",
    );
    expect(() => shuffledBatches(numbered(2), { steps, batch: 2, seed: -1 })).toThrow("shuffledBatches: seed is -1");
  });
});

describe("splitItems", () => {
  test("puts every item in one part, and leaves the list as it was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 60 }), fc.nat(), (count, seed) => {
        const items = Array.from({ length: count }, (_, i) => i);
        const { training, heldOut } = splitItems(items, 0.2, seed);
        expect(heldOut).toHaveLength(Math.round(count * 0.2));
        expect([...training, ...heldOut].sort((a, b) => a - b)).toEqual(items);
      }),
    );
  });

  test("mixes the items, by the seed alone", () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    expect(splitItems(items, 0.5, 1)).toEqual(splitItems(items, 0.5, 1));
    expect(splitItems(items, 0.5, 1)).not.toEqual(splitItems(items, 0.5, 2));
    expect(splitItems(items, 0.5, 1).heldOut.some((item) => item < 50)).toBe(true);
  });

  test("refuses too few items to share", () => {
    expect(() => splitItems([1, 2], 0.1, 1)).toThrow("splitItems: got 2 items, expected enough");
  });
});

describe("features", () => {
  const gpu = useGpu();

  test("train a GRU to tell rising from falling noisy waves of different lengths", async () => {
    const items = Array.from({ length: 400 }, (_, seed): LabelledSequence => {
      const label = seed % 2;
      const [phase = 0, frequency = 0, length = 0] = numbers(3, seed + 1000);
      const steps = 18 + Math.floor(6 * length); // 12 to 24
      const noise = numbers(2 * steps, seed, 0.3);
      const features = noise.map((value, i) => {
        if (i % 2 === 1) return value; // the second feature says nothing
        const time = i / 2 / steps;
        return value + Math.sin(3 * phase + (6 + 2 * frequency) * time) + (label === 1 ? time : -time);
      });
      return { features, label };
    });
    const { training, heldOut } = splitItems(items, 0.25, 1);
    const size = { steps: 24, batch: 20, inputs: 2 };
    const network = await Network.create(gpu(), {
      ...{ cell: "gru", inputs: 2, hidden: 12, outputs: 2, input: "features", readout: "last-step", seed: 1 },
    });
    const trainer = await Trainer.create(network, {
      ...{ steps: 24, batch: 20, optimizer: adam({ learningRate: 0.02 }), clipNorm: 1 },
    });
    for await (const _ of trainer.train(shuffledBatches(training, { ...size, seed: 1 }), { steps: 300 }));
    const { accuracy, count } = await evaluate(network, { steps: 24, batch: 20 }, batchesOnce(heldOut, size));
    expect(count).toBe(100);
    expect(accuracy).toBeGreaterThan(0.95);
    trainer.destroy();
    network.destroy();
  });
});

describe("sequences that have values", () => {
  const valued = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      features: Float32Array.of(i, 10 * i),
      values: Float32Array.of(i, -i, 2 * i),
    }));

  test("are padded with rows that do not count, each once in an evaluation, and as often in an epoch", () => {
    const batch = paddedBatch(valued(2), { steps: 3, batch: 3 });
    expect([...batch.inputs]).toEqual([0, 1, 0, 0, 10, 0, 0, 0, 0]);
    expect([...batch.targets]).toEqual([0, -0, 0, 1, -1, 2, 0, 0, 0]);
    expect(batch.targets).toBeInstanceOf(Float32Array);
    expect([[...batch.weights!], [...batch.lengths!]]).toEqual([
      [1, 1, 0],
      [2, 2, 1],
    ]);
    const counted = (all: Iterable<Batch>) =>
      [...all].flatMap(({ targets, weights }) => [...targets].filter((_, i) => i % 3 === 0 && weights![i / 3] === 1));
    expect(counted(batchesOnce(valued(7), { steps: 2, batch: 3 }))).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const stream = shuffledBatches(valued(7), { steps: 2, batch: 3, seed: 1 });
    const epoch = [0, 1, 2].map(() => stream.next().value);
    expect(counted(epoch).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("are refused where they have labels, or other values than the first", () => {
    const [first] = valued(1);
    const size = { steps: 2, batch: 2 };
    const { features } = first!;
    expect(() => paddedBatch([first!, { features, label: 1 }], size)).toThrow(
      "items[1].values is undefined, expected values, as items[0]",
    );
    expect(() => paddedBatch([first!, { features, values: new Float32Array(2) }], size)).toThrow(
      "has length 2, expected 3, as",
    );
    expect(() => paddedBatch([first!, { features, values: [1, 2, 3] as never }], size)).toThrow(
      "values is an array, expected Float32Array",
    );
    expect(() => paddedBatch([{ features, label: 1 }, first!], size)).toThrow(
      "items[1].label is undefined, expected a class index",
    );
    expect(() => paddedBatch([{ features, values: new Float32Array() }], size)).toThrow("items[0].label is undefined");
  });
});
