// Losses by their formulas: what they are, in float64, in networks, and in files.
import { describe, expect, test } from "vitest";
import {
  adam,
  type Batch,
  binaryCrossEntropy,
  defineLoss,
  evaluate,
  huber,
  meanAbsoluteError,
  Network,
  quantile,
  readCheckpoint,
  readTensors,
  referenceBackward,
  referenceForward,
  saveCheckpoint,
  Trainer,
  type UniformOptions,
} from "../../src/index";
import { numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";
import { losses } from "./losses";

const gpu = useGpu();

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
const formulas = [
  ["huber", huber(), (o, y) => (Math.abs(o - y) < 1 ? (o - y) ** 2 / 2 : Math.abs(o - y) - 0.5)],
  [
    "huber, δ 0.25",
    huber({ delta: 0.25 }),
    (o, y) => (Math.abs(o - y) < 0.25 ? (o - y) ** 2 / 2 : 0.25 * (Math.abs(o - y) - 0.125)),
  ],
  ["mean absolute error", meanAbsoluteError(), (o, y) => Math.abs(o - y)],
  [
    "binary cross-entropy",
    binaryCrossEntropy(),
    (o, y) => -y * Math.log(sigmoid(o)) - (1 - y) * Math.log(1 - sigmoid(o)),
  ],
  ["quantile, 0.9", quantile(0.9), (o, y) => Math.max(0.9 * (y - o), 0.1 * (o - y))],
] as [string, ReturnType<typeof huber>, (o: number, y: number) => number][];

describe.each(formulas)("%s", (_, loss, formula) => {
  test("is PyTorch's formula, and its derivative that of finite differences", () => {
    for (const o of [-3.3, -0.9, -0.1, 0.2, 1.7, 4.1]) {
      for (const y of [0, 1, 0.4]) {
        const { value, derivative } = loss.reference(o, y);
        expect(value).toBeCloseTo(formula(o, y), 12);
        const difference = (formula(o + 1e-6, y) - formula(o - 1e-6, y)) / 2e-6;
        expect(derivative).toBeCloseTo(difference, 6);
      }
    }
  });
});

const options: UniformOptions = {
  ...{ cell: "gru", inputs: 3, hidden: 8, outputs: 5 },
  ...{ input: "features", readout: "every-step" },
};
const shape = { steps: 6, batch: 4 };
const batchOf = (seed: number, zeroOrOne = false): Batch => ({
  inputs: numbers(72, seed),
  targets: numbers(120, seed + 1).map((value) => (zeroOrOne ? Number(value > 0) : value)),
  lengths: Int32Array.of(6, 2, 5, 1),
});

describe.each(losses.map((loss) => [loss.toJSON(), loss] as const))("a network of the loss %s", (_, loss) => {
  const batch = batchOf(3, loss.targets !== undefined);

  test("has the reference's loss and gradients", async () => {
    const network = await Network.create(gpu(), { ...options, loss });
    const pass = await network.pass({ ...shape, gradients: true });
    pass.write(batch);
    pass.run();
    const parameters = Object.fromEntries(
      [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const data = { ...shape, ...batch };
    const forward = referenceForward(network.config, parameters, data);
    const expected = referenceBackward(network.config, parameters, data, forward).parameters;
    const [losses] = await readTensors(gpu(), [pass.tensors.losses]);
    expect(losses![0]).toBeCloseTo(forward.loss, 5);
    const names = Object.keys(pass.gradients!.tensors);
    const got = await readTensors(gpu(), Object.values(pass.gradients!.tensors));
    for (const [i, name] of names.entries()) expect(worstError(got[i]!, expected[name]!), name).toBeLessThan(1e-5);
    network.destroy();
  });

  test("is trained, evaluated, saved, and read again with the loss", async () => {
    const network = await Network.create(gpu(), { ...options, loss });
    const trainer = await Trainer.create(network, { ...shape, optimizer: adam({ learningRate: 0.02 }) });
    const before = await evaluate(network, shape, [batch]);
    for await (const _ of trainer.train(Array.from({ length: 100 }, () => batch)));
    const after = await evaluate(network, shape, [batch]);
    expect(after.loss).toBeLessThan(0.7 * before.loss);
    expect([after.accuracy, after.perplexity, after.count]).toEqual([null, null, 14 * 5]);
    const file = await saveCheckpoint(trainer);
    await expect(readCheckpoint(file)).rejects.toThrow(`loss is "${loss.toJSON()}", expected`);
    const checkpoint = await readCheckpoint(file, { losses: [loss] });
    expect(checkpoint.network).toEqual(network.config);
    trainer.destroy();
    network.destroy();
  });
});

describe("options that differ by output", () => {
  test.each([1, 2, 3, 4, 6])("begin anew after %i of them, in both twins", async (period) => {
    const loss = huber({ delta: Array.from({ length: period }, (_, i) => 0.1 + 0.2 * i) });
    const outputs = 12;
    const network = await Network.create(gpu(), { ...options, outputs, loss });
    const pass = await network.pass({ ...shape, gradients: true });
    pass.write({ inputs: numbers(72, 3), targets: numbers(288, 4) });
    pass.run();
    const [o, dO] = await readTensors(gpu(), [pass.tensors.logits, pass.tensors.dLogits!]);
    for (const [i, derivative] of dO!.entries()) {
      const error = o![i]! - numbers(288, 4)[i]!;
      const delta = 0.1 + 0.2 * ((i % outputs) % period);
      expect(derivative * 288).toBeCloseTo(Math.min(Math.max(error, -delta), delta), 5);
      expect(loss.reference(o![i]!, numbers(288, 4)[i]!, i % outputs).derivative).toBeCloseTo(derivative * 288, 5);
    }
    expect(loss.toJSON()).toBe(`huber, delta ${Array.from({ length: period }, (_, i) => 0.1 + 0.2 * i).join(" ")}`);
    network.destroy();
  });

  test("are refused where outputs are no multiple of them, or lists differ in length", async () => {
    await expect(Network.create(gpu(), { ...options, loss: quantile([0.1, 0.5, 0.9]) })).rejects.toThrow(
      "Network: outputs is 5, expected a multiple of 3, after which the options of quantile, level 0.1 0.5 0.9 begin anew.",
    );
    const line = defineLoss({
      name: "line",
      options: { a: 1, b: 0 },
      value: ({ o, y }, { a, b }) => o.minus(y).times(a).plus(b),
    });
    expect(() => line({ a: [1, 2], b: [1, 2, 3] })).toThrow(
      "line: got lists of 2 and 3 numbers, expected 1 or more, the same",
    );
    expect(() => line({ a: [] })).toThrow("line: got lists of 0 numbers");
    expect(() => line({ a: [1, Number.NaN] })).toThrow("line: a is NaN, expected a finite number");
  });
});

describe("is refused, by name:", () => {
  test.each([
    [() => huber({ deltas: 2 } as never), 'huber: unknown option "deltas", expected one of delta'],
    [() => huber({ delta: Number.NaN }), "huber: delta is NaN, expected a finite number"],
    [() => quantile(1), "quantile: levels is 1, expected numbers between 0 and 1, ascending"],
    [() => quantile([0.9, 0.1]), "quantile: levels is 0.1 after 0.9, expected"],
    [() => quantile([]), "quantile: levels is an empty list, expected"],
    [() => quantile("0.5" as never), 'quantile: levels is "0.5", expected numbers'],
    [() => defineLoss({ name: "flat", value: ({ y }) => y }), "does not depend on o"],
  ])("%s", (make, message) => {
    expect(make).toThrow(message);
  });

  test.each([
    [{ loss: huber }, "loss is a function: call it, expected"],
    [{ loss: "huber" }, 'loss is "huber", expected "cross-entropy" or "mean-squared-error", or what one of defineLoss'],
    [{ loss: { ...huber(), name: "cross-entropy" } }, 'is called "cross-entropy", as the library\'s own'],
    [{ loss: huber(), labelSmoothing: 0.1 }, 'labelSmoothing is given with loss "huber", which has no classes'],
  ])("a network with %o", async (more, message) => {
    await expect(Network.create(gpu(), { ...options, ...more } as never)).rejects.toThrow(message);
  });

  test("a target that the loss has no place for", async () => {
    const network = await Network.create(gpu(), { ...options, loss: binaryCrossEntropy() });
    const pass = await network.pass(shape);
    expect(() => pass.write(batchOf(3))).toThrow(
      /batch\.targets\[\d+\] is -?[\d.]+, expected from 0 to 1 for binary-cross-entropy/,
    );
    network.destroy();
  });
});
