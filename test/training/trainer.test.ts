import { describe, expect, test } from "vitest";
import { openNodeGpu } from "../../demo/terminal/node-gpu";
import {
  type Batch,
  evaluate,
  generate,
  Network,
  openGpu,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  sgd,
  Trainer,
} from "../../src/index";
import { worstError } from "../numbers";
import { useGpu } from "../workbench";
import { batchOf, options, shape } from "./small";

const gpu = useGpu();

const optimizer = sgd({ learningRate: 0.2 });

function* batches(from = 0, to = Number.POSITIVE_INFINITY): Generator<Batch> {
  for (let seed = from; seed < to; seed++) yield batchOf(seed);
}

async function trainer(more: { stepsPerSubmit?: number } = {}) {
  const network = await Network.create(gpu(), options);
  const training = await Trainer.create(network, { ...shape, optimizer, ...more });
  return {
    network,
    training,
    close() {
      training.destroy();
      network.destroy();
    },
  };
}

async function lossesOf(training: Trainer, source: Iterable<Batch>, limit: { steps?: number } = {}): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of training.train(source, limit)) losses.push(loss);
  return losses;
}

describe("a trainer", () => {
  test.each([1, 7, undefined])(
    "gives the reference's losses and parameters with %s steps a submit",
    async (stepsPerSubmit) => {
      const { network, training, close } = await trainer(stepsPerSubmit ? { stepsPerSubmit } : {});
      const parameters = Object.fromEntries(
        [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
      );
      const update = referenceOptimizer({ kind: "sgd", learningRate: 0.2 });
      const expected = Array.from(
        { length: 50 },
        (_, i) => referenceTrainStep(network.config, parameters, { ...shape, ...batchOf(i) } as never, update).loss,
      );
      const steps: number[] = [];
      const losses: number[] = [];
      for await (const report of training.train(batches(), { steps: 50 })) {
        steps.push(report.step);
        losses.push(report.loss);
      }
      expect(steps).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      expect(worstError(losses, expected)).toBeLessThan(1e-4);
      for (const [name, { data }] of await network.read()) {
        expect(worstError(data, parameters[name]!), name).toBeLessThan(1e-4);
      }
      close();
    },
  );

  test("run twice gives the same bits, however the steps are cut into submits", async () => {
    const run = async (stepsPerSubmit: number) => {
      const { network, training, close } = await trainer({ stepsPerSubmit });
      const losses = await lossesOf(training, batches(), { steps: 40 });
      const values = await network.read();
      close();
      return { losses, values };
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(16)).toEqual(first);
  });

  test("ends with the batches or the steps asked for, and goes on with the same generator, no batch lost", async () => {
    const { training, close } = await trainer();
    const source = batches(0, 25);
    expect(await lossesOf(training, source, { steps: 10 })).toHaveLength(10);
    expect(training.step).toBe(10);
    const more = await lossesOf(training, source);
    expect(training.step).toBe(25);
    close();
    const whole = await trainer();
    expect((await lossesOf(whole.training, batches(0, 25))).slice(10)).toEqual(more);
    whole.close();
  });

  test("stops when asked, from inside the loop or outside, and reports every step it submitted", async () => {
    const { training, close } = await trainer({ stepsPerSubmit: 2 });
    const steps: number[] = [];
    for await (const { step } of training.train(batches())) {
      steps.push(step);
      if (step === 11) await training.stop();
    }
    expect(steps).toEqual(Array.from({ length: training.step }, (_, i) => i + 1));
    expect(training.step).toBeLessThan(20);
    expect(await lossesOf(training, batches(), { steps: 3 })).toHaveLength(3);
    close();
  });

  test("can be left in mid-loop and used again", async () => {
    const { training, close } = await trainer({ stepsPerSubmit: 2 });
    for await (const { step } of training.train(batches())) if (step === 5) break;
    expect(await lossesOf(training, batches(), { steps: 3 })).toHaveLength(3);
    close();
  });

  test("refuses a bad batch by name, after reporting the good ones before it", async () => {
    const { training, close } = await trainer({ stepsPerSubmit: 4 });
    const spoiled = function* () {
      yield* batches(0, 6);
      yield { ...batchOf(6), targets: batchOf(6).targets.fill(6) };
    };
    const losses: number[] = [];
    const run = async () => {
      for await (const { loss } of training.train(spoiled())) losses.push(loss);
    };
    await expect(run()).rejects.toThrow("Trainer: batch.targets[0] is 6, expected -1 to 5");
    expect(losses).toHaveLength(6);
    expect(await lossesOf(training, batches(), { steps: 2 })).toHaveLength(2);
    close();
  });

  test("takes a new learning rate for the steps to come", async () => {
    const { network, training, close } = await trainer({ stepsPerSubmit: 1 });
    training.learningRate = 0;
    const before = await network.read();
    await lossesOf(training, batches(), { steps: 3 });
    expect(await network.read()).toEqual(before);
    training.learningRate = 0.1;
    await lossesOf(training, batches(), { steps: 3 });
    expect(await network.read()).not.toEqual(before);
    training.learningRate = Number.NaN;
    await expect(lossesOf(training, batches(), { steps: 1 })).rejects.toThrow("learningRate is NaN");
    close();
  });

  test("destroyed in mid-training ends the loop with an error, and can be destroyed again", async () => {
    const { network, training, close } = await trainer({ stepsPerSubmit: 1 });
    const steps: number[] = [];
    const run = async () => {
      for await (const { step } of training.train(batches())) {
        steps.push(step);
        if (step === 3) training.destroy();
      }
    };
    await expect(run()).rejects.toThrow("Trainer.train: the trainer was destroyed; create another.");
    expect(steps).toEqual([1, 2, 3]);
    expect(() => training.pass.run()).toThrow("Pass.run: the trainer was destroyed");
    expect((await network.read()).size).toBe(5);
    close();
  });

  test("says so when its network was destroyed, rather than make up losses", async () => {
    const { network, training } = await trainer({ stepsPerSubmit: 1 });
    network.destroy();
    await expect(lossesOf(training, batches(), { steps: 3 })).rejects.toThrow(
      "Trainer.train: the network was destroyed; create another.",
    );
    training.destroy();
  });

  test("frees everything when it cannot be made, and refuses what it does not know", async () => {
    const network = await Network.create(gpu(), options);
    const before = { ...gpu().live };
    const broken = {
      ...optimizer,
      add: () => {
        throw new Error("broken");
      },
    };
    await expect(Trainer.create(network, { ...shape, optimizer: broken })).rejects.toThrow("broken");
    const unknown = { ...shape, optimizer, clipnorm: 1 };
    await expect(Trainer.create(network, unknown)).rejects.toThrow('Trainer: unknown option "clipnorm"');
    const schedule = "Fused" as "fused";
    await expect(Trainer.create(network, { ...shape, optimizer, schedule })).rejects.toThrow('schedule is "Fused"');
    expect(gpu().live).toEqual(before);
    network.destroy();
  });

  test("clips by norm and by value as PyTorch does, on the way to the reference's losses", async () => {
    const network = await Network.create(gpu(), options);
    const limits = { clipNorm: 0.3, clipValue: 0.05 };
    const training = await Trainer.create(network, {
      ...shape,
      optimizer: sgd({ learningRate: 0.5, momentum: 0.9 }),
      ...limits,
    });
    const parameters = Object.fromEntries(
      [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const update = referenceOptimizer({ kind: "sgd", learningRate: 0.5, momentum: 0.9, ...limits });
    const expected = Array.from(
      { length: 20 },
      (_, i) => referenceTrainStep(network.config, parameters, { ...shape, ...batchOf(i) } as never, update).loss,
    );
    expect(worstError(await lossesOf(training, batches(), { steps: 20 }), expected)).toBeLessThan(1e-4);
    training.destroy();
    network.destroy();
  });

  test("tells the norm of a step's gradients, as the reference has it before clipping", async () => {
    for (const clipNorm of [undefined, 0.01, 100]) {
      const network = await Network.create(gpu(), options);
      const parameters = Object.fromEntries(
        [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
      );
      const batch = { ...shape, ...batchOf(1) } as never;
      const run = referenceForward(network.config, parameters, batch);
      const gradients = referenceBackward(network.config, parameters, batch, run).parameters;
      const squares = Object.values(gradients).flatMap((gradient) => Array.from(gradient, (value) => value ** 2));
      const expected = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
      const training = await Trainer.create(network, { ...shape, optimizer, ...(clipNorm && { clipNorm }) });
      await lossesOf(training, batches(1), { steps: 1 });
      expect(await training.gradientNorm()).toBeCloseTo(expected, 5);
      training.destroy();
      network.destroy();
    }
  });

  test("carries the state from step to step, as one long sequence would have it", async () => {
    const network = await Network.create(gpu(), { ...options, cell: "lstm", layers: 2 });
    const training = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0 }), carryState: true });
    const carried = await lossesOf(training, batches(0, 4));
    const parameters = Object.fromEntries(
      [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const all = [0, 1, 2, 3].map(batchOf);
    const join = (key: "inputs" | "targets") => all.flatMap((batch) => [...batch[key]]);
    const long = { steps: 20, batch: 3, inputs: join("inputs"), targets: join("targets") };
    const run = referenceForward(network.config, parameters, long);
    expect(carried.reduce((sum, loss) => sum + loss, 0) / 4).toBeCloseTo(run.loss, 5);
    training.destroy();
    network.destroy();
  });

  test("has no loss to tell of a batch in which no target counts", async () => {
    const { training, close } = await trainer();
    const ignored = { ...batchOf(1), targets: new Int32Array(15).fill(-1) };
    const [first, none, last] = await lossesOf(training, [batchOf(1), ignored, batchOf(2)]);
    expect(none).toBeNaN();
    expect(first).toBeGreaterThan(0);
    expect(last).toBeGreaterThan(0);
    close();
  });

  test("refuses to train twice at once", async () => {
    const { training, close } = await trainer();
    const first = training.train(batches(), { steps: 100 });
    await first.next();
    await expect(training.train(batches()).next()).rejects.toThrow("already training");
    await first.return();
    close();
  });

  test("refuses what is no source of batches, and goes on with one that is", async () => {
    const { training, close } = await trainer();
    for (const [wrong, message] of [
      [undefined, "batches is undefined, expected something to iterate over"],
      [5, "batches is 5, expected something to iterate over"],
      [batchOf(1), "batches is one batch, expected something to iterate over; pass [batch] for one"],
      [[undefined], "batch is undefined, expected an object with inputs and targets"],
      [[batchOf(1), null], "batch is null, expected an object with inputs and targets"],
    ]) {
      const run = lossesOf(training, wrong as never);
      await expect(run).rejects.toThrow(message as string);
    }
    const mode = { notFinite: "ignore" } as never;
    await expect(training.train(batches(), mode).next()).rejects.toThrow(
      'notFinite is "ignore", expected "stop" or "skip"',
    );
    await expect(training.train(batches(), { step: 3 } as never).next()).rejects.toThrow('unknown option "step"');
    expect(await lossesOf(training, batches(), { steps: 2 })).toHaveLength(2);
    close();
  });

  test("refuses to train after destroy, and leaves no error scope behind", async () => {
    const { training, network } = await trainer();
    training.destroy();
    await expect(training.train(batches()).next()).rejects.toThrow("the trainer was destroyed");
    network.destroy();
    await expect(gpu().device.popErrorScope()).rejects.toThrow();
  });

  test.each([
    [{ optimizer: undefined }, "Trainer: optimizer is undefined, expected what sgd, rmsprop, adam or adamw answers"],
    [{ optimizer: "adam" }, 'Trainer: optimizer is "adam"'],
    [{ learningRateSchedule: "cosine" }, 'Trainer: learningRateSchedule is "cosine", expected a function of the step'],
    [{ carryState: "false" }, 'carryState is "false", expected true or false'],
    [{ batch: -1 }, "batch is -1, expected an integer from 1 up"],
    [{ batch: 1e9 }, /of \d+ bytes that it needs: ".+" takes \d+ bytes in one buffer, this device allows/],
    [{ stepsPerSubmit: 1e8 }, /stepsPerSubmit is 100000000, which takes \d+ bytes .+, expected at most \d+ steps/],
  ])("refuses to be made with %o", async (wrong, message) => {
    const network = await Network.create(gpu(), options);
    const made = Trainer.create(network, { ...shape, optimizer, ...wrong } as never);
    await expect(made).rejects.toThrow(message);
    network.destroy();
  });

  test("runs 10,000 steps without a buffer more or a heap that grows", async () => {
    const { training, close } = await trainer();
    const heap = () => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    const batch = batchOf(1);
    const same = function* () {
      while (true) yield batch;
    };
    let at100 = 0;
    let buffers = 0;
    let last = 0;
    for await (const { step } of training.train(same(), { steps: 10_000 })) {
      last = step;
      if (step === 100) {
        at100 = heap();
        buffers = gpu().live.buffers;
      }
    }
    expect(globalThis.gc, "run with --expose-gc").toBeDefined();
    expect(last).toBe(10_000);
    expect(gpu().live.buffers).toBe(buffers);
    expect(heap() - at100).toBeLessThan(2 * 2 ** 20);
    close();
  });

  test("takes as many dispatches for 100 time steps as for 5, at most 16, in the fused schedule", async () => {
    const dispatches = async (steps: number) => {
      const network = await Network.create(gpu(), options);
      const training = await Trainer.create(network, { steps, batch: 3, optimizer, schedule: "fused" });
      const { total } = training.pass.program.describe();
      training.destroy();
      network.destroy();
      return total.dispatches;
    };
    expect(await dispatches(5)).toBeLessThanOrEqual(16);
    expect(await dispatches(1000)).toBeLessThanOrEqual(16);
    expect(await dispatches(400)).toBe(await dispatches(1000));
  });

  test("says that the device was lost, and what to do", async () => {
    const node = await openNodeGpu();
    const own = await openGpu({ gpu: node.gpu });
    const network = await Network.create(own, options);
    const training = await Trainer.create(network, { ...shape, optimizer });
    const run = async () => {
      for await (const { step } of training.train(batches())) if (step === 10) own.device.destroy();
    };
    await expect(run()).rejects.toThrow(/Trainer.train: the device was lost .*; open the GPU again/);
    await expect(run()).rejects.toThrow(/Trainer.train: the device was lost .*; open the GPU again/);
    node.close();
  });

  test("frees all it allocated", async () => {
    const before = { ...gpu().live };
    const { training, close } = await trainer();
    await lossesOf(training, batches(), { steps: 10 });
    close();
    expect(gpu().live).toEqual(before);
  });
});

describe("what was trained", () => {
  test("predicts, and writes on", async () => {
    const { network, training, close } = await trainer();
    const before = await evaluate(network, shape, batches(100, 110));
    await lossesOf(training, batches(0, 600));
    const after = await evaluate(network, shape, batches(100, 110));
    expect(after.count).toBe(150);
    expect(after.loss).toBeLessThan(before.loss / 4);
    expect(after.accuracy).toBe(1);
    const written = await generate(network, { prompt: [3, 4], length: 9, temperature: 0.1, seed: 5 });
    expect([...written]).toEqual([5, 0, 1, 2, 3, 4, 5, 0, 1]);
    const again = await generate(network, { prompt: [3], length: 9, temperature: 2, seed: 5 });
    expect(await generate(network, { prompt: [3], length: 9, temperature: 2, seed: 5 })).toEqual(again);
    await expect(generate(network, { prompt: [], length: 9 })).rejects.toMatchObject({
      code: "batch",
      message: expect.stringContaining("prompt is empty"),
    });
    await expect(generate(network, { prompt: [1], length: 9, temperature: 0 })).rejects.toMatchObject({
      code: "option",
      message: expect.stringContaining("temperature is 0"),
    });
    close();
  });

  test("writes on from all that came before, as the reference does", async () => {
    const { network, close } = await trainer();
    const values = await network.read();
    for (const { data } of values.values()) data.set(data.map((value) => 6 * value)); // so that the past matters
    network.write(values);
    const parameters = Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));
    const tokens = [1, 4, 2];
    const prompt = [...tokens];
    for (let i = 0; i < 20; i++) {
      const data = { steps: tokens.length, batch: 1, inputs: tokens, targets: tokens.map(() => 0) };
      const last = referenceForward(network.config, parameters, data).logits.slice(-6);
      tokens.push(last.indexOf(Math.max(...last)));
    }
    expect(new Set(tokens).size).toBeGreaterThan(2);
    const written = await generate(network, { prompt, length: 20, temperature: 1e-6 });
    expect([...written]).toEqual(tokens.slice(3));
    const stacked = await Network.create(gpu(), { ...options, cell: "lstm", layers: 2, seed: 4 });
    const ofStack = Object.fromEntries(
      [...(await stacked.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const data = { steps: 3, batch: 1, inputs: prompt, targets: [0, 0, 0] };
    const last = referenceForward(stacked.config, ofStack, data).logits.slice(-6);
    const next = await generate(stacked, { prompt, length: 1, temperature: 1e-6 });
    expect(next[0]).toBe(last.indexOf(Math.max(...last)));
    stacked.destroy();
    await expect(generate(network, { prompt: [1, 9], length: 1 })).rejects.toThrow(
      "prompt[1] is 9, expected a token from 0 to 5",
    );
    await expect(generate(network, { prompt, length: 1, seed: Number.NaN })).rejects.toThrow("generate: seed is NaN");
    close();
  });

  test("is not touched by an evaluation, which refuses a set in which nothing counts", async () => {
    const { network, close } = await trainer();
    const before = await network.read();
    await evaluate(network, shape, batches(0, 2));
    expect(await network.read()).toEqual(before);
    const ignored = { ...batchOf(1), targets: new Int32Array(15).fill(-1) };
    await expect(evaluate(network, shape, [ignored])).rejects.toThrow("no target counts");
    close();
  });
});
