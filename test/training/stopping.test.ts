import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Batch, evaluate, generate, Network, openGpu, sgd, Trainer, traceGradients } from "../../src/index";
import { useGpu } from "../workbench";
import { batchOf, options, shape } from "./small";

const gpu = useGpu();

/** A source whose batches come when they are let go, by number from 1. */
function heldBack() {
  const waiting: (() => void)[] = [];
  const given: number[] = [];
  let asked = 0;
  const iterator: AsyncIterableIterator<Batch> = {
    next() {
      const number = ++asked;
      return new Promise((resolve) => {
        waiting.push(() => {
          given.push(number);
          resolve({ done: false, value: batchOf(number) });
        });
      });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return {
    iterator,
    given,
    letGo: () => waiting.shift()?.(),
    /** Resolves when a batch is waited for. */
    async waitedFor() {
      while (waiting.length === 0) await soon();
    },
  };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 1));

const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

async function made(stepsPerSubmit = 2) {
  const network = await Network.create(gpu(), options);
  const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0.1 }), stepsPerSubmit });
  return { network, trainer };
}

/** The steps that a training reports, and how it ends. */
function following(trainer: Trainer, source: AsyncIterable<Batch>, signal?: AbortSignal) {
  const steps: number[] = [];
  const end = (async () => {
    for await (const { step } of trainer.train(source, signal ? { signal } : {})) steps.push(step);
    return "ended";
  })().catch((error: Error) => error);
  return { steps, end };
}

describe("while a source is waited for", () => {
  test("stop() ends the loop at once, with what came before, and no batch is lost or trained later", async () => {
    const { network, trainer } = await made();
    const source = heldBack();
    const first = following(trainer, source.iterator);
    for (let i = 0; i < 3; i++) {
      await source.waitedFor();
      source.letGo();
    }
    await source.waitedFor();
    await trainer.stop();
    expect(trainer.step).toBe(3); // the third, which waited for a fourth, was submitted
    expect(await first.end).toBe("ended");
    expect(first.steps).toEqual([1, 2, 3]);
    const before = await network.read();
    source.letGo();
    await soon();
    expect(trainer.step).toBe(3);
    expect(await network.read()).toEqual(before);
    // The fourth is the first of the next call.
    const second = following(trainer, source.iterator);
    await source.waitedFor();
    source.letGo();
    await source.waitedFor();
    await trainer.stop();
    await second.end;
    expect(second.steps).toEqual([4, 5]);
    expect(source.given).toEqual([1, 2, 3, 4, 5]);
    const twin = await made();
    for await (const _ of twin.trainer.train([1, 2, 3, 4, 5].map(batchOf)));
    expect(await network.read()).toEqual(await twin.network.read());
    for (const one of [trainer, network, twin.trainer, twin.network]) one.destroy();
  });

  test("stop() called by the source itself, as it is asked, ends the loop and loses no batch", async () => {
    const { network, trainer } = await made(1);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    async function* source() {
      yield batchOf(1);
      void trainer.stop();
      await held;
      yield batchOf(2);
    }
    const iterator = source();
    const first = following(trainer, iterator);
    expect(await first.end).toBe("ended");
    expect(first.steps).toEqual([1]);
    letGo();
    const second = following(trainer, iterator);
    expect(await second.end).toBe("ended");
    expect(second.steps).toEqual([2]);
    trainer.destroy();
    network.destroy();
  });

  test.each(["trainer", "network"] as const)("destroying the %s ends the loop by name", async (what) => {
    const all = await made();
    const source = heldBack();
    const { end } = following(all.trainer, source.iterator);
    await source.waitedFor();
    all[what].destroy();
    expect(await end).toMatchObject({
      code: "destroyed",
      message: `Trainer.train: the ${what} was destroyed; create another.`,
    });
    source.letGo();
    all.trainer.destroy();
    all.network.destroy();
  });

  test("a signal ends the loop with its reason, after the steps that were submitted", async () => {
    const { network, trainer } = await made();
    const source = heldBack();
    const controller = new AbortController();
    const { steps, end } = following(trainer, source.iterator, controller.signal);
    for (let i = 0; i < 3; i++) {
      await source.waitedFor();
      source.letGo();
    }
    await source.waitedFor();
    controller.abort(new Error("enough"));
    expect(await end).toMatchObject({ message: "enough" });
    expect(steps).toEqual([1, 2, 3]);
    expect(trainer.step).toBe(3);
    trainer.destroy();
    network.destroy();
  });

  test("a source that fails ends the loop with its error, and is asked anew the next time", async () => {
    const { network, trainer } = await made();
    let calls = 0;
    const source: AsyncIterableIterator<Batch> = {
      async next() {
        if (++calls === 2) throw new Error("no network");
        return calls > 4 ? { done: true, value: undefined } : { done: false, value: batchOf(calls) };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const first = following(trainer, source);
    expect(await first.end).toMatchObject({ message: "no network" });
    expect(first.steps).toEqual([1]);
    const second = following(trainer, source);
    expect(await second.end).toBe("ended");
    expect(second.steps).toEqual([2, 3]);
    trainer.destroy();
    network.destroy();
  });

  test("evaluate gives up for its signal, and where its network is destroyed", async () => {
    for (const how of ["abort", "destroy"]) {
      const { network } = await made();
      const source = heldBack();
      const controller = new AbortController();
      const found = evaluate(network, shape, source.iterator, { signal: controller.signal });
      await source.waitedFor();
      if (how === "abort") controller.abort();
      else network.destroy();
      await expect(found).rejects.toThrow(how === "abort" ? /abort/i : "evaluate: the network was destroyed");
      network.destroy();
    }
  });
});

describe("a signal", () => {
  test("that has aborted stops all before anything is done", async () => {
    const { network, trainer } = await made();
    const signal = AbortSignal.abort(new Error("never"));
    const before = { ...gpu().live };
    await expect(trainer.train([batchOf(1)], { signal }).next()).rejects.toThrow("never");
    await expect(evaluate(network, shape, [batchOf(1)], { signal })).rejects.toThrow("never");
    await expect(generate(network, { prompt: [1], length: 2, signal })).rejects.toThrow("never");
    await expect(traceGradients(network, shape, batchOf(1), { signal })).rejects.toThrow("never");
    await expect(Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 1 }), signal })).rejects.toThrow(
      "never",
    );
    expect(trainer.step).toBe(0);
    expect(gpu().live).toEqual(before);
    expect((await evaluate(network, shape, [batchOf(1)])).count).toBe(15);
    trainer.destroy();
    network.destroy();
  });

  test("ends what is under way, and leaves nothing behind", async () => {
    const { network, trainer } = await made();
    trainer.destroy();
    const before = { ...gpu().live };
    const written: number[] = [];
    const writing = new AbortController();
    const length = 100_000;
    const onTokens = (tokens: Int32Array) => {
      written.push(tokens.length);
      if (written.length === 2) writing.abort(new Error("enough"));
    };
    await expect(generate(network, { prompt: [1], length, onTokens, signal: writing.signal })).rejects.toThrow(
      "enough",
    );
    expect(written).toHaveLength(2);
    const late = new AbortController();
    const optimizer = sgd({ learningRate: 1 });
    const making = Trainer.create(network, { steps: 77, batch: 5, optimizer, signal: late.signal });
    await soon();
    late.abort(new Error("too late"));
    await expect(making).rejects.toThrow("too late");
    while (gpu().live.buffers !== before.buffers) await soon(); // what was on its way is freed when it comes
    const loop = new AbortController();
    const another = await Trainer.create(network, { ...shape, optimizer, stepsPerSubmit: 2 });
    const steps: number[] = [];
    const run = async () => {
      for await (const { step } of another.train([1, 2, 3, 4, 5, 6, 7, 8, 9].map(batchOf), { signal: loop.signal })) {
        steps.push(step);
        if (step === 1) loop.abort(new Error("enough"));
      }
    };
    await expect(run()).rejects.toThrow("enough");
    expect(steps.length).toBe(another.step); // all that was submitted was reported
    another.destroy();
    network.destroy();
  });
});

test("a submit that the device refuses is told, and the next training goes on", async () => {
  const { network, trainer } = await made(1);
  const { queue } = gpu().device;
  const { submit } = queue;
  for (let failure = 0; failure < 3; failure++) {
    queue.submit = (commands) => {
      queue.submit = submit;
      queue.submit(commands);
      gpu().device.createBuffer({ size: 4, usage: 0 }); // an error of validation in the submit's scope
      return undefined;
    };
    await expect(trainer.train([batchOf(1)]).next()).rejects.toThrow(/^Trainer\.train: .*usage/s);
  }
  const { steps, end } = following(
    trainer,
    (async function* () {
      yield batchOf(2);
    })(),
  );
  expect(await end).toBe("ended");
  expect(steps).toHaveLength(1);
  trainer.destroy();
  network.destroy();
});

test("stop() on what is destroyed, or lost, rejects nothing", async () => {
  const { network, trainer } = await made();
  trainer.destroy();
  await trainer.stop();
  network.destroy();
  await trainer.stop();
});

describe("a network in the making", () => {
  const wide = { ...options, cell: "lstm", hidden: 1024, recurrentInitializer: "orthogonal" } as const;

  test("is given up at once where its signal aborts, before, soon and later, and leaves nothing", async () => {
    const { live } = gpu();
    await expect(Network.create(gpu(), options, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow(
      "before",
    );
    for (const milliseconds of [0, 1, 30, 100]) {
      const controller = new AbortController();
      const making = Network.create(gpu(), wide, { signal: controller.signal }).catch((error: Error) => error);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      const reason = new RangeError(`after ${milliseconds}`); // not for a lack of memory
      controller.abort(reason);
      expect(await making).toBe(reason);
    }
    expect(gpu().live).toEqual(live);
  });

  test("lets others have their turn", async () => {
    const making = Network.create(gpu(), wide);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const network = await making;
    clearInterval(timer);
    network.destroy();
    expect(turns).toBeGreaterThan(5);
  });

  test("ends with its GPU", async () => {
    const shared = await openGpu({ device: gpu().device });
    const making = Network.create(shared, wide).catch((error: Error) => error);
    await soon();
    shared.destroy();
    expect(await making).toMatchObject({
      code: "destroyed",
      message: expect.stringMatching(/^Network\.create: the GPU/),
    });
  });

  test("takes no other option beside its own", async () => {
    await expect(Network.create(gpu(), options, { abort: true } as never)).rejects.toThrow(
      'Network.create: unknown option "abort", expected one of signal.',
    );
  });
});
