import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { networkOf, shapes } from "../../demo/benchmark/problem";
import { choiceFile } from "../../demo/terminal/choice-file";
import {
  type ChoiceStore,
  type Gpu,
  Network,
  openGpu,
  type PassOptions,
  readTensors,
  sgd,
  Trainer,
  type Tuning,
  type UniformOptions,
} from "../../src/index";
import { integers, worstError } from "../numbers";
import { asOnGpu, useGpu } from "../workbench";

const gpu = useGpu();

const options: UniformOptions = {
  cell: "gru",
  inputs: 7,
  hidden: 21,
  outputs: 5,
  input: "tokens",
  readout: "every-step",
};
const shape = { steps: 6, batch: 19 };
const batch = { inputs: integers(6 * 19, 1, 0, 6), targets: integers(6 * 19, 2, 0, 4) };

/** The same device, with choices of its own. */
const tuned = (tuning: Tuning, choiceStore?: ChoiceStore): Promise<Gpu> =>
  openGpu({ device: gpu().device, tuning, ...(choiceStore && { choiceStore }) });

function store() {
  const kept = new Map<string, Readonly<Record<string, string>>>();
  const loads: string[] = [];
  const choiceStore: ChoiceStore = {
    load: async (device) => {
      loads.push(device);
      return kept.get(device);
    },
    save: async (device, choices) => void kept.set(device, choices),
  };
  return { kept, loads, choiceStore };
}

async function gradientsOn(gpu: Gpu, more: Partial<UniformOptions & PassOptions> = {}): Promise<Float32Array[]> {
  const { schedule, ...other } = more;
  const network = await Network.create(gpu, { ...options, ...other });
  const pass = await network.pass({ ...shape, schedule, gradients: true });
  pass.write(batch);
  pass.run();
  const tensors = Object.values(pass.gradients!.tensors);
  const values = (await readTensors(gpu, tensors)) as Float32Array[];
  pass.destroy();
  network.destroy();
  return values;
}

describe("choices among kernels", () => {
  test.each(["quads", "tall quads", "registers", "tall registers", "shared"])(
    "products in %s give the gradients of the default",
    async (product) => {
      const expected = await gradientsOn(gpu());
      for (const [i, values] of (await gradientsOn(await tuned({ product }))).entries()) {
        expect(worstError(values, expected[i]!)).toBeLessThan(1e-5);
      }
    },
  );

  test.each(
    ["fused", "unrolled"].flatMap((schedule) =>
      ["row", "narrow row", "quads", "tall quads", "registers", "tall registers"].map((tile) => `${schedule} ${tile}`),
    ),
  )("recurrences in %s give the gradients of the default", async (recurrence) => {
    const [schedule] = recurrence.split(" ") as ["fused" | "unrolled"];
    const expected = await gradientsOn(gpu());
    const got = await gradientsOn(await tuned({ recurrence }), { schedule });
    for (const [i, values] of got.entries()) expect(worstError(values, expected[i]!)).toBeLessThan(1e-5);
  });

  // Of 100, a quad has a thread to spare; 264 needs two slices; an LSTM of 72, back, too.
  test.each([
    { cell: "elman", hidden: 1 },
    { cell: "elman", hidden: 33 },
    { cell: "elman", hidden: 100 },
    { cell: "elman", hidden: 264 },
    { cell: "lstm", hidden: 72 },
    { cell: "gru", hidden: 20 },
  ] as const)("weights that stand still, $cell, hidden $hidden, give the gradients of rows", async (network) => {
    const expected = await gradientsOn(await tuned({ recurrence: "fused row" }), { ...network, schedule: "fused" });
    const held = await tuned({ recurrence: "fused persistent" });
    for (const [i, values] of (await gradientsOn(held, { ...network, schedule: "fused" })).entries()) {
      expect(worstError(values, expected[i]!)).toBeLessThan(1e-5);
    }
  });

  test.each(
    [8, 21, 32, 64].flatMap((hidden) =>
      ["row", "narrow row", "registers", "tall registers"].flatMap((tile) => [
        { hidden, recurrence: `fused ${tile}` },
        { hidden, recurrence: `unrolled ${tile}` },
      ]),
    ),
  )(
    "with a GPU's workgroups, hidden $hidden, $recurrence, all gradients are as by default",
    async ({ hidden, recurrence }) => {
      const [schedule] = recurrence.split(" ") as ["fused" | "unrolled"];
      const expected = await gradientsOn(gpu(), { hidden });
      const likeGpu = asOnGpu(await tuned({ recurrence, product: hidden === 21 ? "shared" : "tall registers" }));
      for (const [i, values] of (await gradientsOn(likeGpu, { hidden, schedule })).entries()) {
        expect(worstError(values, expected[i]!)).toBeLessThan(1e-5);
      }
    },
  );

  test("are measured once, remembered by device, and then the same to the bit", async () => {
    const { kept, loads, choiceStore } = store();
    const first = await tuned("measure", choiceStore);
    const before = await gradientsOn(first);
    // What noise leaves undecided was measured too.
    const measured = (kind: string) =>
      [...Object.keys(first.choices.taken), ...first.choices.undecided.keys()].some((key) => key.startsWith(kind));
    const isDone = () =>
      measured("product") && measured("gru apart forward") && Object.keys(first.choices.taken).length > 0;
    for (let tries = 0; tries < 20 && !isDone(); tries++) await gradientsOn(first); // until the budgets sufficed
    const taken = { ...first.choices.taken };
    const kinds = Object.keys(taken);
    expect(kinds.length).toBeGreaterThan(0);
    expect(measured("product")).toBe(true);
    expect(measured("gru apart forward")).toBe(true);
    expect([...kept.values()]).toEqual([taken]);
    const chosen = await gradientsOn(first);
    for (const [i, values] of chosen.entries()) expect(worstError(values, before[i]!)).toBeLessThan(1e-5);
    const second = await tuned("measure", choiceStore);
    const again = await gradientsOn(second);
    expect(second.choices.taken).toMatchObject(taken);
    const known = Object.keys(second.choices.taken).length === kinds.length; // it may decide what the first could not
    for (const [i, values] of again.entries()) {
      if (known) expect(values).toEqual(chosen[i]);
      else expect(worstError(values, chosen[i]!)).toBeLessThan(1e-5);
    }
    expect(new Set(loads)).toEqual(new Set(kept.keys())); // one name for one device
  });

  test("of layers one by one or at once come after those of each layer, and are taken from then on", async () => {
    const { kept, choiceStore } = store();
    const like = async () => asOnGpu(await tuned("measure", choiceStore));
    const layers = { cell: "lstm", layers: 2 } as const;
    const expected = await gradientsOn(gpu(), layers);
    const measuring = await like();
    const { choices } = measuring;
    const timed = () => [...Object.keys(choices.taken), ...choices.undecided.keys()];
    const stackedOf = () => [...new Set(timed())].filter((key) => key.endsWith("2 layers"));
    const isDone = () => stackedOf().length === 2 && kept.size > 0;
    for (let tries = 0; tries < 20 && !isDone(); tries++) await gradientsOn(measuring, layers);
    const { taken } = choices;
    const stacked = stackedOf();
    expect(stacked.sort()).toEqual(["backward", "forward"].map((sweep) => `lstm ${sweep} of tokens 6×19×21, 2 layers`));
    for (const key of stacked) expect(["layer by layer", "wavefront", undefined]).toContain(taken[key]);
    for (const way of ["layer by layer", "wavefront"]) {
      for (const [device, choices] of kept) {
        kept.set(device, { ...choices, ...Object.fromEntries(stacked.map((key) => [key, way])) });
      }
      const recalling = await like();
      const network = await Network.create(recalling, { ...options, ...layers });
      const pass = await network.pass({ ...shape, gradients: true });
      const sweeps = pass.program.describe().lines.filter(({ label }) => /^lstm (forward|backward)/.test(label));
      expect(sweeps.map(({ label }) => label.endsWith(", 2 layers"))).toContain(way === "wavefront");
      pass.destroy();
      network.destroy();
      for (const [i, values] of (await gradientsOn(recalling, layers)).entries()) {
        expect(worstError(values, expected[i]!)).toBeLessThan(1e-5);
      }
    }
  });

  test("leave no buffer behind, and do without a store that fails", async () => {
    const failing = await tuned("measure", {
      load: () => Promise.reject(new Error("no")),
      save: () => Promise.reject(new Error("no")),
    });
    const before = { ...failing.live };
    await gradientsOn(failing);
    expect(failing.live).toEqual(before);
    // On a busy machine compiling alone may take all the time there is.
    expect(Object.keys(failing.choices.taken).length + failing.choices.undecided.size).toBeGreaterThan(0);
  });

  test("are not measured by default on a software adapter, nor when switched off", async () => {
    const { loads, choiceStore } = store();
    const off = await tuned("default", choiceStore);
    await gradientsOn(off);
    expect([off.choices.taken, loads]).toEqual([{}, []]);
    expect(gpu().choices.measures).toBe(!gpu().software);
  });

  test("are kept in a file, by device", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tempograd-choices-"));
    const file = choiceFile(join(folder, "deep", "choices.json"));
    await expect(file.load("one")).rejects.toThrow("ENOENT"); // as good as an empty one
    await file.save("one", { product: "quads" });
    await file.save("other", { product: "shared" });
    expect(await file.load("one")).toEqual({ product: "quads" });
    expect(await file.load("third")).toBeUndefined();
    rmSync(folder, { recursive: true });
  });

  test("a way that there is not is refused, by name", async () => {
    await expect(gradientsOn(await tuned({ product: "fast" }))).rejects.toThrow(
      'openGpu: tuning.product is "fast", expected one of ',
    );
  });
});

test("a pass says what it needs before anything is allocated, and is refused where a buffer is too large", async () => {
  const network = await Network.create(gpu(), options);
  const before = { ...gpu().live };
  const { bytes, buffers } = await network.memoryOf({ ...shape, gradients: true });
  expect(gpu().live).toEqual(before);
  const pass = await network.pass({ ...shape, gradients: true });
  expect(gpu().live.bytes - before.bytes).toBe(bytes);
  expect(buffers.reduce((sum, buffer) => sum + buffer.bytes, 0)).toBe(bytes);
  pass.destroy();
  await expect(network.pass({ steps: 1_000_000, batch: 1000, gradients: true })).rejects.toThrow(
    /Network\.pass: of \d+ bytes that it needs: "gate" takes \d+ bytes in one buffer, this device allows \d+; use a smaller batch/,
  );
  expect(gpu().live).toEqual(before);
  network.destroy();
});

test.each([
  ["elman", "S"],
  ["elman", "M"],
  ["lstm", "M"],
  ["gru", "M"],
  ["elman", "L"],
  ["lstm", "XL"],
] as const)("training a %s at %s takes at most 1.3 times what the equations need", async (cell, name) => {
  const { batch, steps, hidden, symbols } = shapes[name];
  const before = gpu().live.bytes;
  const network = await Network.create(gpu(), networkOf(cell, shapes[name]));
  const trainer = await Trainer.create(network, { steps, batch, optimizer: sgd({ learningRate: 1 }) });
  const gates = { elman: 1, gru: 3, lstm: 4 }[cell];
  const states = { elman: 2, gru: 3, lstm: 3 }[cell]; // h and dh; the GRU's candidate, the LSTM's c
  const ofStep = gates * hidden + states * hidden + 2 * symbols + 2; // a or da, o and do, token and target
  const needed = 4 * (2 * network.parameterCount + steps * batch * ofStep);
  const ratio = (gpu().live.bytes - before) / needed;
  trainer.destroy();
  network.destroy();
  expect(ratio).toBeLessThan(1.3);
});
