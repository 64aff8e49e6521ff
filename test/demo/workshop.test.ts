// What a training in a page takes from a file that is not trusted: its settings, and its curves.
import { afterEach, describe, expect, test, vi } from "vitest";
import { networkOptionsOf } from "../../demo/tasks/library-options";
import { initialSettings } from "../../demo/tasks/settings";
import type { Problem } from "../../demo/tasks/task";
import { History, type HistoryData, isHistory } from "../../demo/workshop/history";
import type { News } from "../../demo/workshop/messages";
import { Session } from "../../demo/workshop/session";
import { Workshop } from "../../demo/workshop/workshop";
import { type Checkpoint, type Gpu, initialParameters, networkConfig } from "../../src/index";

describe("a training that goes on from a file", async () => {
  const settings = { ...initialSettings, cell: "elman", hidden: 16, optimizer: "adam" } as const;
  const problem = {
    network: { inputs: 7, outputs: 7, input: "tokens", readout: "every-step", loss: "cross-entropy" },
  } as Problem;
  const network = networkConfig(await networkOptionsOf(settings, problem.network));
  const from: Checkpoint = {
    network,
    parameters: initialParameters(network),
    trainer: { step: 3, learningRate: 0.1, optimizer: "adam", tensors: new Map() },
    data: undefined,
    about: undefined,
  };
  /** Whatever is asked of it is work. */
  const gpu = new Proxy({} as Gpu, {
    get(_, name) {
      throw new Error(`the GPU's ${String(name)} was asked for`);
    },
  });
  const begun = (change: Partial<typeof initialSettings>, file = from) => {
    const looks = undefined;
    const options = { settings: { ...settings, ...change }, own: undefined, tell: () => {}, from: file, looks };
    return Session.create(gpu, problem, options);
  };

  test.each([
    ["hidden", { hidden: 2048 }, "hidden 2048, and its training has 16"],
    ["layers", { layers: 4 }, "layers 4, and its training has 1"],
    ["cell", { cell: "lstm" as const }, 'cell "lstm", and its training has "elman"'],
    ["optimizer", { optimizer: "sgd" as const }, 'optimizer "sgd", and its training has "adam"'],
  ])(
    "is refused before any work where the file's settings say another %s than its training",
    async (_, change, message) => {
      const said = await begun(change).catch((error: Error) => error.message);
      expect(said).toBe(`The file's settings say ${message}: it is damaged. Open another.`);
    },
  );

  test("is begun where they say the same", async () => {
    await expect(begun({ learningRate: 0.5, prompt: "a" })).rejects.toThrow("GPU");
    const bySgd = { ...from, trainer: { ...from.trainer!, optimizer: "sgd" } };
    for (const optimizer of ["sgd", "momentum", "nesterov"] as const) {
      await expect(begun({ optimizer }, bySgd)).rejects.toThrow("GPU");
    }
  });
});

afterEach(() => vi.unstubAllGlobals());

test("a training ends for a page that is slow to hear once it has heard all", async () => {
  vi.stubGlobal("navigator", {}); // of a browser without WebGPU
  vi.stubGlobal("isSecureContext", true);
  const workshop = new Workshop();
  const heard: News[] = [];
  await workshop.open(async (news) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    heard.push(news);
  });
  const steps = () => heard.flatMap((news) => (news.kind === "steps" ? [news.first + news.losses.length - 1] : []));
  const settings = { ...initialSettings, task: "adding", hidden: 4, batch: 2, steps: 4, pauseAt: 3 } as const;
  await workshop.begin({ settings, own: undefined, from: undefined, keep: false });
  await workshop.train();
  expect(steps().at(-1)).toBe(3);
  await workshop.trainOne();
  expect(steps().at(-1)).toBe(4);
  await workshop.end();
});

describe("a history", () => {
  const filled = (points: number) => {
    const history = new History();
    for (let step = 1; step < points; step++) history.add(step, { loss: 1 / step, heldOut: step % 7 ? null : step });
    return JSON.parse(JSON.stringify(history)) as HistoryData;
  };

  test.each([0, 1, 2, 1000, 1024, 1025, 5000])("of %i steps is one when it was written and read", (steps) => {
    const data = filled(steps);
    expect(isHistory(data)).toBe(true);
    expect(JSON.parse(JSON.stringify(new History(data)))).toEqual(data);
  });

  test("goes on from its data as if it had not been away", () => {
    const [gone, stayed] = [new History(filled(900)), new History(filled(900))];
    const back = new History(JSON.parse(JSON.stringify(gone)));
    for (let step = 900; step < 3000; step++) for (const history of [back, stayed]) history.add(step, { loss: step });
    expect(back.toJSON()).toEqual(stayed.toJSON());
  });

  test("is none with more points than it keeps, or with points elsewhere than it puts them", () => {
    const data = filled(10);
    const grown = (count: number) => ({
      ...data,
      steps: Array.from({ length: count }, (_, i) => i),
      curves: Object.fromEntries(Object.keys(data.curves).map((name) => [name, new Array<null>(count).fill(null)])),
    });
    expect(isHistory(grown(1024))).toBe(true);
    for (const count of [1025, 200_000]) expect(isHistory(grown(count))).toBe(false);
    expect(isHistory({ ...data, steps: data.steps.map((step) => step + 1) })).toBe(false);
    for (const other of [null, 1, "a", [], {}, { steps: {} }, { ...data, steps: 5 }])
      expect(isHistory(other)).toBe(false);
  });

  test("of 200,000 points can be made", () => {
    const list = new Array<number>(200_000).fill(1);
    const curves = Object.fromEntries(Object.keys(filled(1).curves).map((name) => [name, list]));
    const history = new History({ ...filled(1), steps: list, curves } as unknown as HistoryData);
    expect(history.steps).toHaveLength(200_000);
  });
});
