// All layers of a network at once: that it trains as layer by layer, and where it can be. Its numbers are in network.test.ts.

import { expect, test } from "vitest";
import {
  adam,
  carriedWindows,
  Network,
  type PassOptions,
  planTable,
  type Schedule,
  Trainer,
  type UniformOptions,
} from "../../src/index";
import { worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const options: UniformOptions = {
  cell: "lstm",
  layers: 2,
  inputs: 11,
  hidden: 16,
  outputs: 11,
  input: "tokens",
  readout: "every-step",
};
const shape = { steps: 12, batch: 3 };

test.each(["elman", "lstm"] as const)(
  "An %s network trains as it does layer by layer, its state carried",
  async (cell) => {
    const tokens = Int32Array.from({ length: 400 }, (_, i) => (i * i) % 11);
    const losses = async (schedule: Schedule) => {
      const network = await Network.create(gpu(), { ...options, cell, layers: 3 });
      const optimizer = adam({ learningRate: 0.01 });
      const trainer = await Trainer.create(network, { ...shape, carryState: true, schedule, optimizer });
      const found: number[] = [];
      const batches = carriedWindows([tokens, tokens.slice(7), tokens.slice(9)], { ...shape, seed: 1 });
      for await (const { loss } of trainer.train(batches, { steps: 20 })) found.push(loss);
      trainer.destroy();
      network.destroy();
      return found;
    };
    const expected = await losses("fused");
    const got = await losses("wavefront");
    expect(expected).toHaveLength(20);
    expect(worstError(got, expected)).toBeLessThan(1e-5);
    expect(await losses("wavefront")).toEqual(got);
  },
);

test("A wavefront is one dispatch forward and one back for all layers, with no products between layers", async () => {
  const network = await Network.create(gpu(), { ...options, layers: 3 });
  const before = { ...gpu().live };
  const { bytes } = await network.memoryOf({ ...shape, gradients: true, schedule: "wavefront" });
  const pass = await network.pass({ ...shape, gradients: true, schedule: "wavefront" });
  expect(gpu().live.bytes - before.bytes).toBe(bytes);
  const table = planTable(pass.program);
  expect(table.match(/lstm (forward|backward).*/g)?.map((line) => line.slice(0, 24).trim())).toEqual([
    expect.stringContaining("lstm forward, 3 layers"),
    expect.stringContaining("lstm backward, 3 layers"),
  ]);
  expect(table).not.toContain("dx = ");
  pass.destroy();
  expect(gpu().live).toEqual(before);
  network.destroy();
});

test.each<[string, Partial<UniformOptions>, Partial<PassOptions>]>([
  ["1 × lstm, hidden 16", { layers: 1 }, {}],
  ["2 × lstm, hidden 16", { bidirectional: true }, {}],
  ["2 × gru, hidden 16", { cell: "gru" }, {}],
  ["2 × lstm, hidden 16", { dropout: 0.5 }, { training: true }],
  ["2 × lstm, hidden 16", {}, { checkpointEvery: 4 }],
  ["2 × lstm, hidden 2048", { hidden: 2048 }, {}],
])("A wavefront of %s, %o, %o is refused where it cannot be, with the cure", async (what, network, pass) => {
  const made = await Network.create(gpu(), { ...options, ...network });
  await expect(made.pass({ ...shape, gradients: true, schedule: "wavefront", ...pass })).rejects.toThrow(
    `Pass: schedule is "wavefront" for ${what}; expected 2 or more Elman or LSTM layers, alike and of one direction`,
  );
  made.destroy();
});

test("Dropout forbids a wavefront only where it acts", async () => {
  const network = await Network.create(gpu(), { ...options, dropout: 0.5 });
  (await network.pass({ ...shape, gradients: true, schedule: "wavefront" })).destroy();
  network.destroy();
});
