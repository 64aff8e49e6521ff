// The program that compiles for a GPU that is not there: what it prints, and that no kernel spills.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { shapes } from "../../demo/benchmark/problem";
import { type Kernel, plannedWork } from "../../demo/kernels/kernels-of";
import { cyclesPerStep } from "../../demo/kernels/loops";
import { readKernelOptions } from "../../demo/kernels/options";
import { threadsOf } from "../../demo/kernels/planned";
import { compileFor, isInstalled } from "../../demo/kernels/radv";
import { cellNames } from "../../src/index";

const withCompiler = test.skipIf(!isInstalled());
if (!isInstalled()) console.warn("Mesa's compiler or gcc is missing: kernels are not compiled for a GPU (README.md).");

const program = (...args: string[]) =>
  spawnSync(process.execPath, [resolve("demo/terminal/run.mjs"), "demo/kernels/kernels.ts", ...args], {
    encoding: "utf8",
  });

withCompiler("no kernel of a training pass spills where its default ways are taken", async () => {
  const planning = {
    cells: [...cellNames],
    shapes: Object.keys(shapes),
    schedule: undefined,
    precision: "single" as const,
    tile: undefined,
  };
  const work = plannedWork({ ...planning, device: "rx6800" });
  const labels = new Map(work.map(({ dispatch, label }) => [dispatch.shader.text(), label]));
  const compiled = await compileFor("navi21", [...labels.keys()], false);
  const spilled = [...labels.values()].filter((_, i) => compiled[i]!.spilled > 0);
  expect(spilled).toEqual([]);
});

withCompiler(
  "a time step of a sweep whose weights stand still takes few cycles, and back not half as many more",
  async () => {
    const planning = { schedule: undefined, precision: "single", tile: undefined, device: "rx6800" } as const;
    const cases = [
      ["elman", "M", 1500],
      ["elman", "32x64x256x64", 1800],
      ["lstm", "32x64x64x64", 2200],
      ["lstm", "M", 2800],
      ["gru", "M", 3000],
    ] as const;
    const sweeps = cases.flatMap(([cell, shape]) =>
      plannedWork({ ...planning, cells: [cell], shapes: [shape] }).filter(({ way }) => way?.topic === "recurrence"),
    );
    expect(sweeps.map(({ way }) => way!.name)).toEqual(sweeps.map(() => "fused persistent"));
    const texts = sweeps.map(({ dispatch }) => dispatch.shader.text());
    const cycles = (await compileFor("navi21", texts, true)).map(
      ({ text, latency }) => cyclesPerStep(text, latency, true) ?? Number.NaN,
    );
    for (const [i, [cell, shape, most]] of cases.entries()) {
      const [forward = Number.NaN, backward = Number.NaN] = cycles.slice(2 * i);
      expect(forward, `${cell} ${shape}`).toBeLessThanOrEqual(most);
      expect(backward, `${cell} ${shape}`).toBeLessThanOrEqual(1.5 * forward);
    }
  },
);

withCompiler("prints what became of kernels, and of sweeps the cycles of a time step", () => {
  const { stdout, status } = program("--json", "--shape", "32x64x512x64", "--tile", "narrow row");
  expect(status).toBe(0);
  const kernels: Kernel[] = JSON.parse(stdout);
  const [forward, backward] = ["forward", "backward"].map((word) =>
    kernels.find(({ label }) => label.includes(`elman ${word} (fused narrow row)`)),
  );
  expect(forward).toMatchObject({ spilled: 0, workgroups: 32, threads: 128 });
  // U's 512 rows are a loop of 128 blocks: its true length is more than the four that the compiler takes it for.
  for (const sweep of [forward!, backward!]) expect(sweep.cyclesPerStep).toBeGreaterThan(sweep.latency / 8);
  for (const { label, registers, waves, instructions, cyclesPerStep } of kernels) {
    expect(Math.min(registers, waves, instructions), label).toBeGreaterThan(0);
    if (!/forward|backward/.test(label)) expect(cyclesPerStep, label).toBeUndefined();
  }
});

withCompiler("compiles workgroups of 1024 threads and 32 KiB, and sees registers spill", async () => {
  const large = `
    var<workgroup> shared_: array<f32, 8192>;
    @group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(1024) fn main(@builtin(local_invocation_index) i: u32) {
      for (var k = i; k < 8192u; k += 1024u) { shared_[k] = x[k]; }
      workgroupBarrier();
      x[i] = shared_[8191u - i];
    }`;
  const greedy = `
    @group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
    @compute @workgroup_size(1024) fn main(@builtin(local_invocation_index) i: u32) {
      ${Array.from({ length: 60 }, (_, k) => `var v${k} = x[i + ${k * 1024}u];`).join("\n")}
      storageBarrier();
      ${Array.from({ length: 60 }, (_, k) => `x[i + ${(59 - k) * 1024}u] = v${k};`).join("\n")}
    }`;
  const [shared, held] = await compileFor("navi21", [large, greedy], false);
  expect(shared).toMatchObject({ workgroupBytes: 32768, spilled: 0 });
  expect(held!.spilled).toBeGreaterThan(0);
});

withCompiler("says which chip there is not", async () => {
  await expect(compileFor("nowhere", ["@compute @workgroup_size(1) fn f() {}"], false)).rejects.toThrow("nowhere");
});

test("says what cannot be asked for", () => {
  const asked = (...args: string[]) => readKernelOptions(args)!;
  expect(() => asked("--device", "toaster")).toThrow('--device is "toaster", expected phone');
  expect(() => asked("--schedule", "wavefront")).toThrow("expected fused, unrolled");
  expect(() => asked("--cell", "sru")).toThrow('cell is "sru"');
  expect(() => plannedWork(asked("--tile", "mosaic"))).toThrow('--tile is "mosaic", expected fused persistent');
  const ways = plannedWork(asked("--tile", "tall registers")).flatMap(({ way }) => way?.name ?? []);
  expect(new Set(ways)).toEqual(new Set(["fused tall registers", "tall registers"]));
});

test("a workgroup's threads are read from the text", () => {
  expect(threadsOf("const a = 8u;\nconst b = 4u;\n@compute @workgroup_size(a, b) fn f() {}")).toBe(32);
  expect(threadsOf("@compute @workgroup_size(64u) fn f() {}")).toBe(64);
  expect(() => threadsOf("@compute @workgroup_size(a) fn f() {}")).toThrow("expected numbers or constants");
});

/** A listing as the driver prints it: 10 cycles before, 20 a step beside a loop of 128 rounds of 5, 40 behind. */
const block = (cycles: number) => `\ts_nop 0 ; 0\n`.repeat(cycles);
const listing = `After RA:
BB0
/* kind: uniform, top-level, loop-preheader, */
BB1
/* kind: uniform, loop-header, */
	 s1: %9:s[3] = p_linear_phi 0, %12:s[3]
	 s1: %12:s[3],  s1: %13:scc = s_add_u32 %9:s[3], 1
BB2
/* kind: uniform, loop-header, */
	 s1: %20:s[4] = p_linear_phi 0, %21:s[4]
	 s1: %22:scc = s_cmpk_ge_u32 %20:s[4] imm:128
	 s1: %21:s[4],  s1: %23:scc = s_add_u32 %20:s[4], 1
BB3
/* kind: uniform, loop-exit, */
BB4
/* kind: uniform, top-level, loop-exit, */
disasm:
BB0:
${block(10)}BB1:
${block(15)}BB2:
${block(5)}BB3:
${block(5)}BB4:
${block(40)}

`;

test("a time step's cycles have inner loops at their true length", () => {
  const counted = 10 + 40 + 8 * 20 + 32 * 5; // as the compiler counts them
  expect(cyclesPerStep(listing, counted, true)).toBe(20 + 128 * 5);
  expect(cyclesPerStep(listing, 10 * counted, true)).toBe(10 * (20 + 128 * 5));
  expect(cyclesPerStep(listing.replace("imm:128", "%30:s[5]"), counted, true)).toBeUndefined();
  expect(cyclesPerStep(listing, counted, false)).toBeUndefined(); // the loop over time is one within then
});
