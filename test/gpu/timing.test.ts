import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { create } from "webgpu";
import { openNodeGpu } from "../../demo/terminal/node-gpu";
import { unpackChromium } from "../../demo/terminal/unpack-chromium";
import type { Gpu } from "../../src/gpu/device";
import { openGpu } from "../../src/gpu/open";
import { Plan } from "../../src/gpu/plan";
import { readTensors } from "../../src/gpu/tensor";
import { timePlan } from "../../src/gpu/timing";
import { programOf } from "../workbench";
import { type ClockFace, clockDevice } from "./clock-device";

const kernel = (shader: string, body = "count[0] += 1u;") => ({
  shader,
  source: `@group(0) @binding(0) var<storage, read_write> count: array<u32>;
    @compute @workgroup_size(1) fn ${shader}() { ${body} }`,
  constants: {},
  flags: {},
});

/** Nanoseconds: from next to nothing to long. */
const durations = { tick: 700, short: 1500, middle: 40_000, long: 5_000_000 };

async function timed(face: ClockFace, runs = 10) {
  const { device, runs: done } = clockDevice(durations, face);
  const gpu = await openGpu({ device, tuning: "default" });
  const plan = new Plan("test", gpu.traits);
  const count = plan.tensor("count", [1], { type: "u32" });
  for (const shader of ["short", "middle", "long"]) {
    plan.add({ label: shader, kernel: kernel(shader), bindings: { count }, workgroups: [1], flops: 1 });
  }
  const times = await timePlan(await programOf(gpu, plan), runs);
  return { times: times!, done };
}

/** Within a twentieth, as near as stamps lie that are 20 steps apart. */
const expectNear = (time: number | undefined, expected: number) =>
  expect(Math.abs(time! - expected) / expected).toBeLessThan(0.05);

const exact: ClockFace = (now) => BigInt(Math.round(now));
const rounded = (nanoseconds: number): ClockFace => {
  return (now) => BigInt(Math.floor(now / nanoseconds)) * BigInt(Math.round(nanoseconds));
};
/** The same noise at each run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("the times of a plan's dispatches", () => {
  test.each([
    ["to the nanosecond", exact],
    ["in ticks of 83.33 ns", rounded(83.3333)],
    ["rounded to 1 µs", rounded(1000)],
    ["rounded to 65.5 µs", rounded(65_536)],
    ["rounded to 100 µs", rounded(100_000)],
    [
      "in ticks of 30.5 µs, in whole nanoseconds",
      (now: number) => BigInt(Math.round(Math.floor(now / 30517.578) * 30517.578)),
    ],
    ["rounded to 1 ms", rounded(1_000_000)],
  ] as const)("are right by a clock %s", async (_, face) => {
    const { times } = await timed(face);
    const [short, middle, long] = times;
    if (short !== undefined) expectNear(short, 0.0015);
    expectNear(middle, 0.04);
    expectNear(long, 5);
  });

  test("are right by a clock that is reset in the middle, leaps, and sometimes shows nothing", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = noise(seed);
      let offset = 0;
      const face: ClockFace = (now) => {
        const chance = random();
        if (chance < 0.02) offset = -now + 1e6 * random();
        if (chance > 0.98) offset = 1e18 * random();
        return chance > 0.45 && chance < 0.48 ? 0n : BigInt(Math.floor((now + offset) / 65_536)) * 65_536n;
      };
      const { times } = await timed(face);
      for (const [i, expected] of [0.0015, 0.04, 5].entries()) {
        if (times[i] !== undefined) expectNear(times[i], expected);
      }
      expect(times.filter((time) => time !== undefined).length).toBeGreaterThan(1);
    }
  });

  test.each([
    ["stands still", () => 12_345n],
    ["shows nothing", () => 0n],
    ["runs backwards", (now: number) => BigInt(1e16 - Math.round(now))],
    ["has steps of a second", rounded(1e9)],
  ] as [string, ClockFace][])("are not told by a clock that %s", async (_, face) => {
    expect((await timed(face)).times).toEqual([undefined, undefined, undefined]);
  });

  test("need no repetition by a fine clock, and as few as suffice by a coarse one", async () => {
    const timedOf = (done: Awaited<ReturnType<typeof timed>>["done"], name: string) =>
      done.filter(({ kernel, timed }) => kernel === name && timed).map(({ dispatches }) => dispatches);
    const fine = await timed((now) => (BigInt(Math.round(now)) / 50n) * 50n);
    for (const name of ["middle", "long"]) expect(new Set(timedOf(fine.done, name))).toEqual(new Set([1]));
    const coarse = await timed(rounded(65_536));
    expect(timedOf(coarse.done, "long").every((count) => count === 1)).toBe(true);
    const repeats = timedOf(coarse.done, "middle");
    expect(repeats.length).toBeLessThanOrEqual(18);
    expect(repeats.at(-1)! * durations.middle).toBeGreaterThan(20 * 65_536);
    expect(repeats.at(-1)! * durations.middle).toBeLessThan(100 * 65_536);
  });
});

/** With the clock as `create` gives it, rounded to 65.5 µs unless a flag says otherwise. */
async function onDawn(flags: string[], act: (gpu: Gpu) => Promise<void>): Promise<void> {
  const node = await openNodeGpu(); // with a loader of Vulkan's drivers, which stays
  if (node.software && process.platform === "linux") {
    vi.stubEnv("VK_ADD_DRIVER_FILES", join(await unpackChromium(), "vk_swiftshader_icd.json"));
  }
  let source: GPU | undefined = create(flags);
  const gpu = await openGpu({ gpu: source });
  try {
    await act(gpu);
  } finally {
    gpu.destroy();
    source = undefined;
    node.close();
    vi.unstubAllEnvs();
  }
}

describe.each([
  ["rounded", []],
  ["exact", ["disable-dawn-features=timestamp_quantization"]],
])("by Dawn's %s clock", (_, flags) => {
  test("short dispatches have times in the right order, and a run computes what a run computes", () =>
    onDawn(flags, async (gpu) => {
      const plan = new Plan("test", gpu.traits);
      const count = plan.tensor("count", [1], { type: "u32" });
      const power = plan.tensor("power", [1], { type: "u32" });
      const busy = plan.tensor("busy", [1], { type: "u32" });
      const add = (label: string, body: string, tensor: typeof count) =>
        plan.add({ label, kernel: kernel(label, body), bindings: { count: tensor }, workgroups: [1], flops: 1 });
      add("once", "count[0] += 1u;", count);
      add("doubled", "count[0] = max(1u, 2u * count[0]);", power);
      add(
        "busy",
        "var x = count[0]; for (var i = 0u; i < 1000000u; i++) { x = x * 1664525u + i; } count[0] = x;",
        busy,
      );
      const program = await programOf(gpu, plan);
      const live = { ...gpu.live };
      const [once, doubled, long] = (await timePlan(program, 4))!;
      expect(gpu.live).toEqual(live);
      for (const time of [once, doubled, long]) expect(time).toBeGreaterThan(0);
      expect(long!).toBeGreaterThan(2 * Math.max(once!, doubled!));
      const counts = [count, power].map((tensor) => program.tensor(tensor));
      const [[runs], [doubling]] = (await readTensors(gpu, counts)) as [Uint32Array, Uint32Array];
      expect(runs).toBeGreaterThanOrEqual(4);
      expect(runs).toBeLessThanOrEqual(12);
      expect(doubling).toBe(2 ** (runs! - 1));
      program.destroy();
    }));
});
