// The schedules of the sweeps; that the sweeps are right is tested with each cell.

import { beforeAll, expect, test } from "vitest";
import type { Gpu } from "../../src/gpu/device";
import { openGpu } from "../../src/gpu/open";
import type { SweepSchedule } from "../../src/ops/recurrence";
import { worstError } from "../numbers";
import { asOnGpu, useGpu } from "../workbench";
import { bothSweeps, testSweeps, twinsOf } from "./sweeps";

const gpu = useGpu();
const small = { batch: 3, hidden: 6, seed: 1, directions: 1, reverse: false, lastStep: false } as const;

test("The fused schedule takes one dispatch whatever the number of steps, the unrolled one a dispatch a step", async () => {
  const dispatches = async (schedule: SweepSchedule, steps: number) =>
    (await bothSweeps(gpu(), twinsOf({ cell: "elman" }), schedule, { ...small, steps })).dispatches;
  for (const steps of [2, 9]) {
    expect(await dispatches("fused", steps)).toEqual({ forward: 1, backward: 1 });
    expect(await dispatches("unrolled", steps)).toEqual({ forward: steps, backward: steps + 1 }); // dL/dh_0 as well
  }
});

test("The GRU that resets first takes two dispatches a step when unrolled, one in all when fused", async () => {
  const dispatches = async (schedule: SweepSchedule) =>
    (await bothSweeps(gpu(), twinsOf({ cell: "gru", reset: "before" }), schedule, { ...small, steps: 5 })).dispatches;
  expect(await dispatches("fused")).toEqual({ forward: 1, backward: 1 });
  expect(await dispatches("unrolled")).toEqual({ forward: 10, backward: 12 });
});

test("A hidden size beyond a workgroup is refused by the fused schedule, with the cure, and done by the unrolled one", async () => {
  const wide = { ...small, steps: 1, batch: 1, hidden: 2050 };
  const run = (schedule: SweepSchedule) => bothSweeps(gpu(), twinsOf({ cell: "elman" }), schedule, wide);
  await expect(run("fused")).rejects.toThrow('use schedule "unrolled"');
  const { hidden, expected } = await run("unrolled");
  expect(worstError(hidden, expected.hidden)).toBeLessThan(1e-5);
});

// A software adapter gets other workgroups than a GPU; here it gets a GPU's.
let likeGpu: Gpu;
beforeAll(async () => {
  likeGpu = asOnGpu(await openGpu({ device: gpu().device, tuning: "default" }));
});
// Weights that stand still.
let persistent: Gpu;
beforeAll(async () => {
  persistent = await openGpu({ device: gpu().device, tuning: { recurrence: "fused persistent" } });
});
for (const cell of [{ cell: "elman" }, { cell: "lstm" }, { cell: "gru" }, { cell: "gru", reset: "before" }] as const) {
  testSweeps(() => persistent, `persistent, ${JSON.stringify(cell)}`, twinsOf(cell), ["fused"]);
}
test.each([
  ["several rows share a workgroup", { batch: 301, hidden: 6 }],
  ["all weights stand still, to the last thread", { batch: 2, hidden: 128 }],
  ["a thread has more columns than it has room for", { batch: 2, hidden: 250 }],
])("Where %s, persistent sweeps have the reference's states and gradients", async (_, shape) => {
  for (const cell of ["elman", "lstm"] as const) {
    const more = { ...small, ...shape, steps: 3 };
    const { hidden, got, expected, back } = await bothSweeps(persistent, twinsOf({ cell }), "fused", more);
    expect(worstError(hidden, expected.hidden)).toBeLessThan(2e-5);
    expect(worstError(got.dGate, back.preactivation)).toBeLessThan(2e-5);
    expect(worstError(got.dHidden, back.hidden)).toBeLessThan(2e-5);
  }
});

testSweeps(() => likeGpu, "with a GPU's workgroups, an Elman cell", twinsOf({ cell: "elman" }));
testSweeps(() => likeGpu, "with a GPU's workgroups, an LSTM", twinsOf({ cell: "lstm" }));
testSweeps(() => likeGpu, "with a GPU's workgroups, a GRU", twinsOf({ cell: "gru", reset: "before" }));
