// A training on the processor beside the same on the GPU: its losses, what it answers, and its files, from one to the other.
import { beforeAll, describe, expect, test } from "vitest";
import type { Settings } from "../../demo/tasks/fields";
import { initialOf } from "../../demo/tasks/settings";
import { hiddenGradient } from "../../demo/through-time/numbers";
import { inSmall, smallSizes } from "../../demo/without-webgpu";
import type { Report } from "../../demo/workshop/session";
import type { Checkpoint } from "../../src/index";
import { useGpu } from "../workbench";
import { expectClose, losses, onBoth, sameOnBoth, saved, sessionOn, settingsOf } from "./on-both";

const gpu = useGpu();

sameOnBoth(gpu, [{ task: "text", cell: "lstm", optimizer: "rmsprop", carryState: true, layers: 2, dropout: 0.3 }]);

test("writes what the GPU writes, of the same parameters and seed", () =>
  onBoth(gpu(), settingsOf({ task: "text", cell: "lstm", layers: 2 }), async (onGpu, onProcessor) => {
    const samples = await Promise.all([onProcessor.write("The sea"), onGpu.write("The sea")]);
    expect(samples[0]!.characters).toEqual(samples[1]!.characters);
    expectClose(samples[0]!.surprise.slice(1), samples[1]!.surprise.slice(1), 1e-4);
  }));

test("says what of a text speaks for an answer as the GPU does", () =>
  onBoth(gpu(), settingsOf({ task: "text", cell: "lstm", layers: 2 }), async (onGpu, onProcessor) => {
    for (const about of [undefined, "p"]) {
      const said = [onProcessor, onGpu].map((session) => session.asked.saliency("The sea was calm", about));
      const [here, there] = await Promise.all(said);
      expect(here!.pieces.join("")).toBe("The sea was calm");
      expect([here!.answer, here!.pieces]).toEqual([there!.answer, there!.pieces]);
      if (about) expect(here!.answer).toBe(about);
      expectClose([here!.probability], [there!.probability], 1e-4);
      expectClose(here!.values, there!.values, 1e-4);
    }
    const { answer } = (await onGpu.asked.ask("The sea was calm"))!;
    const likeliest = answer.kind === "next" ? answer.shares[0]![0] : undefined;
    expect((await onGpu.asked.saliency("The sea was calm"))!.answer).toBe(likeliest);
    await expect(onProcessor.asked.saliency("the sea ".repeat(40))).resolves.toMatchObject({ pieces: { length: 256 } });
  }));

test("tells how the gradient flowed after updates 1, 3, 10 and 30, each of the network as it was then", async () => {
  const settings = settingsOf({ task: "text", cell: "gru", pauseAt: 35 });
  const told: Report[] = [];
  const [flowing, plain] = [
    await sessionOn(undefined, settings, undefined, told),
    await sessionOn(undefined, settings),
  ];
  await flowing.train(async () => {});
  const flows = told.flatMap((report) => (report.kind === "flow" ? [report.flow] : []));
  expect(flows.map(({ step }) => step)).toEqual([1, 3, 10, 30]);
  for (const { step, gradient } of flows) {
    while (plain.facts.step < step) await plain.trainOne();
    expect(gradient).toEqual(hiddenGradient((await plain.asked.unroll("last", false))!));
  }
  while (plain.facts.step < 35) await plain.trainOne();
  expect(flowing.history.curves.loss).toEqual(plain.history.curves.loss);
  for (const session of [flowing, plain]) session.destroy();
});

describe("what the processor does not take", () => {
  test("sizes that are too large, with the largest that it takes", async () => {
    const large = settingsOf({ task: "text", hidden: 512, batch: 64, steps: 64 });
    const refused = (settings: Settings) =>
      sessionOn(undefined, settings).then(
        (session) => session.destroy(),
        (error: Error) => error.message,
      );
    const said = (await refused(large))!;
    expect(said).toMatch(
      /^The network: has 512 hidden units, expected \d+ at most with 64 time steps and a batch of 64, on the processor/,
    );
    const most = Number(/expected (\d+)/.exec(said)![1]);
    expect(await refused({ ...large, hidden: most })).toBeUndefined();
    expect(await refused({ ...large, hidden: most + 1 })).toContain(`expected ${most} at most`);
    expect(await refused({ ...large, batch: 1024, steps: 512 })).toMatch(
      /^The training: has 524,288 time steps .* take fewer/,
    );
  });

  describe("files", () => {
    const settings = settingsOf({ task: "text", carryState: true });
    let file: Checkpoint;
    beforeAll(async () => {
      const session = await sessionOn(undefined, settings);
      await losses(session, 1);
      file = await saved(session);
    });
    const tensors = (change: (tensors: Map<string, { shape: number[]; data: Float32Array }>) => void): Checkpoint => {
      const changed = new Map(
        [...file.trainer!.tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
      );
      change(changed);
      return { ...file, trainer: { ...file.trainer!, tensors: changed } };
    };

    test.each<[string, () => Checkpoint, RegExp]>([
      ["without a trainer", () => ({ ...file, trainer: undefined }), /optimizer|network alone/],
      [
        "whose parameters do not learn alike",
        () => ({ ...file, trainer: { ...file.trainer!, trainable: ["outputBias"] } }),
        /learn apart from others/,
      ],
      [
        "that lack a tensor",
        () => tensors((all) => all.delete("trainer.mean.outputBias")),
        /has \d+ tensors of a trainer/,
      ],
      [
        "with a tensor of another name",
        () =>
          tensors((all) => {
            all.set("trainer.other", all.get("trainer.mean.outputBias")!);
            all.delete("trainer.mean.outputBias");
          }),
        /has no "trainer.mean.outputBias"/,
      ],
      [
        "with squares below 0",
        () => tensors((all) => all.get("trainer.meanSquare.outputBias")!.data.fill(-1)),
        /has -1 in "trainer.meanSquare.outputBias"/,
      ],
      [
        "that are not finite",
        () => tensors((all) => all.get("trainer.state.layer0.hidden")!.data.fill(NaN)),
        /has NaN in/,
      ],
      [
        "with the state of another batch",
        () => tensors((all) => all.set("trainer.state.layer0.hidden", { shape: [2, 8], data: new Float32Array(16) })),
        /of \[2, 8\], expected one of \[4, 8\]/,
      ],
    ])("%s", async (_, damaged, message) => {
      await expect(sessionOn(undefined, settings, damaged())).rejects.toThrow(message);
    });
  });

  test("steps that are not finite, and is then as it was", async () => {
    const session = await sessionOn(
      undefined,
      settingsOf({
        task: "text",
        cell: "elman",
        optimizer: "sgd",
        activation: "relu",
        clipNorm: undefined,
        learningRate: 1e30,
      }),
    );
    await losses(session, 1);
    await expect(losses(session, 9)).rejects.toThrow("not finite");
    session.destroy();
  });
});

test("small sizes take the place of usual ones, and of none that were chosen", () => {
  const usual = initialOf("moby-dick");
  expect(inSmall(usual)).toEqual({ ...usual, ...smallSizes });
  expect(inSmall({ ...usual, hidden: 200 })).toMatchObject({ hidden: 200, batch: smallSizes.batch });
  expect(inSmall({ ...usual, hidden: 200 }, { ...usual, hidden: 200 }).hidden).toBe(smallSizes.hidden);
  expect(inSmall({ ...usual, hidden: 4 }, { ...usual, hidden: 4 }).hidden).toBe(4);
});
