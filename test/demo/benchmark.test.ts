import { afterEach, describe, expect, test, vi } from "vitest";
import { main } from "../../demo/benchmark/bench";
import { readBenchOptions } from "../../demo/benchmark/bench-options";
import type { Engine } from "../../demo/benchmark/engines/engine";
import { expectedLosses } from "../../demo/benchmark/expected-losses";
import { judge } from "../../demo/benchmark/judge";
import { together } from "../../demo/benchmark/kernel-times";
import { measure, percentile } from "../../demo/benchmark/measure";
import { flopsOf, networkOf, type Problem, problemOf, shapes } from "../../demo/benchmark/problem";
import { asReport } from "../../demo/benchmark/read-report";
import type { Report, Row } from "../../demo/benchmark/report";
import { addRows } from "../../demo/benchmark/run";
import { runOn } from "../../demo/benchmark/run-on";
import { fromHash, toHash } from "../../demo/benchmark/share";
import { kernelLines } from "../../demo/benchmark/tables";
import { unitCost } from "../../demo/benchmark/unit-cost";
import { findFirefox } from "../../demo/terminal/firefox";
import { version } from "../../package.json";
import { networkConfig, referenceOptimizer, referenceTrainStep } from "../../src/index";
import { fullReport, report, row } from "./benchmark-report";

const small = { batch: 2, steps: 6, hidden: 8, symbols: 16 };
/** The reference as an engine that forgets a gradient. */
const forgetful = (name: string | undefined): Engine => ({
  ...{ engine: "forgetful", backend: "cpu", version: "1" },
  async open({ cell, shape, parameters, inputs, targets, learningRate }: Problem) {
    const values = Object.fromEntries([...parameters].map(([key, { data }]) => [key, Float64Array.from(data)]));
    const update = referenceOptimizer({ kind: "sgd", learningRate });
    const config = networkConfig(networkOf(cell, shape));
    const step = () =>
      referenceTrainStep(config, values, { ...shape, inputs, targets }, (parameters, gradients) => {
        if (name) gradients[name]!.fill(0);
        update(parameters, gradients);
      }).loss;
    return { run: async (count) => Array.from({ length: count }, step), close() {} };
  },
});

afterEach(() => void vi.restoreAllMocks());

describe("the first losses", () => {
  test.each(["elman", "gru", "lstm"] as const)("tell a step of %s that forgets any gradient", async (cell) => {
    const problem = problemOf(cell, small);
    const expected = expectedLosses(problem);
    const statusOf = async (name?: string) => {
      const { losses } = await measure(forgetful(name), problem, { waitMs: 0 });
      return judge({ ...row, losses: losses.slice(0, 3) }, expected, []);
    };
    expect(await statusOf()).toBe("ok");
    for (const name of problem.parameters.keys()) expect(await statusOf(name)).toMatch(/^wrong: loss [23] is/);
  });

  test("are compared with another engine's where the reference does not go", () => {
    const other: Row = { ...row, engine: "jax-js", losses: [2, 1.5, 1.1] };
    expect(judge(row, [2], [])).toBe("ok as far as known: loss 1 of 3 compared with the reference");
    expect(judge(row, [2], [row])).toBe("ok: loss 1 compared with the reference, all with tempograd/webgpu/fused");
    expect(judge(other, [2], [row])).toBe("differs: loss 3 is 1.100000, tempograd/webgpu/fused has 1.000000");
    expect(judge({ ...row, losses: [2, Number.NaN] }, [2, 1.5, 1], [])).toBe("wrong: loss 2 is NaN, expected 1.500000");
    expect(judge({ ...row, losses: [2, 1.5] }, [2, 1.5, 1], [])).toBe("wrong: loss 3 is missing, expected 1.000000");
  });
});

describe("measuring", () => {
  test("counts the flops of the products in a step, of every gate", () => {
    expect(flopsOf("lstm", shapes.M)).toBe(2 * 32 * 64 * 3 * 128 * (4 * 128 + 64));
  });

  test("takes percentiles between neighbours", () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(percentile([1], 0.95)).toBe(1);
  });

  test("finds the cost of one thing beside the cost of a timing", async () => {
    let calls = 0;
    const cost = await unitCost(async (n) => 5 + 0.01 * n + (calls++ % 3)); // with noise
    expect(cost).toBeCloseTo(0.01, 3);
  });

  test("ends where the timer stands still while much is done", async () => {
    await expect(unitCost(async () => 0)).rejects.toThrow("the timer stands still while 65536 are done");
    const steps = await unitCost(async (n) => 16 * Math.floor((5 + 0.01 * n) / 16)); // of 16 ms
    expect(steps).toBeGreaterThan(0.008);
    expect(steps).toBeLessThan(0.012);
  });

  test("takes no sample that the timer does not tell", async () => {
    let elapsed = 0;
    const engine: Engine = {
      ...{ engine: "even", backend: "cpu", version: "1" },
      open: async () => ({
        async run(count) {
          elapsed += 0.3 * count;
          return Array<number>(count).fill(1);
        },
        close() {},
      }),
    };
    const now = vi.spyOn(performance, "now").mockImplementation(() => 100 * Math.floor(elapsed / 100));
    const { samples } = await measure(engine, problemOf("elman", small), { waitMs: 500 });
    now.mockRestore();
    expect(samples.length).toBeGreaterThan(4);
    for (const sample of samples) expect(Math.abs(sample - 0.3)).toBeLessThan(0.1);
  });

  test("adds up the dispatches of a sweep that differ in the time step alone", () => {
    const line = { kernel: "recurrence", workgroups: [2, 1, 1], flops: 10, bytes: 4, count: 1, ms: 0.5 };
    const lines = [1, 2, 3].map((step) => ({ ...line, label: `forward, step ${step}` }));
    expect(together([...lines, { ...line, label: "loss" }])).toEqual([
      { ...line, label: "forward, step t", flops: 30, bytes: 12, count: 3, ms: 1.5 },
      { ...line, label: "loss" },
    ]);
    expect(together([lines[0]!, { ...lines[1]!, ms: null }])[0]!.ms).toBeNull();
  });

  test("says which dispatches the clock cannot measure, and nothing of what follows from their time", async () => {
    const [kernel] = fullReport.kernels[0]!.kernels!;
    const table = { ...fullReport.kernels[0]!, kernels: [kernel!, { ...kernel!, label: "loss", ms: null }] };
    const [, , first, second] = kernelLines(table, fullReport.limits);
    expect(second).toMatch(/^loss +recurrence +1 +not measurable( +–){5}$/);
    expect(first).toMatch(/^forward through time +recurrence +1 +9\.7 +– +6\.91 +31% +0\.216 +3\.5%$/);
    const sent = await fromHash(await toHash({ ...fullReport, kernels: [table] }));
    expect(sent!.kernels).toEqual([table]);
    const nothing = { ...fullReport.limits!, mulAddGflops: 0, copyGBs: 0 };
    for (const line of kernelLines(table, nothing)) expect(line).not.toMatch(/NaN|Infinity|∞/);
  });
});

describe("a report in an address", () => {
  test("comes back as it went, and is far shorter than its JSON", async () => {
    const long = { ...report, rows: Array.from({ length: 40 }, () => row) };
    const hash = await toHash(long);
    expect(hash).toMatch(/^#report=[\w-]+$/);
    expect(hash.length).toBeLessThan(JSON.stringify(long).length / 8);
    expect(await fromHash(hash)).toEqual(long);
    expect(await fromHash("#limits")).toBeUndefined();
  });

  test("is refused where it is damaged, huge, or something else", async () => {
    const hash = await toHash(report);
    await expect(fromHash(hash.slice(0, -9))).rejects.toThrow("damaged");
    const huge = { ...report, environment: { ...report.environment, browser: "x".repeat(3e6) } };
    await expect(toHash(huge).then(fromHash)).rejects.toThrow("damaged");
    for (const change of [{ cell: "rnn" }, { shape: "XXL" }, { medianMs: "2" }, { losses: undefined }]) {
      const other = { ...report, rows: [{ ...row, ...change }] };
      await expect(toHash(other as unknown as Report).then(fromHash)).rejects.toThrow("no report of this benchmark");
    }
  });
});

describe("npm run bench", () => {
  const run = async (...args: string[]) => {
    const out = vi.spyOn(console, "log").mockImplementation(() => {});
    const err = vi.spyOn(console, "error").mockImplementation(() => {});
    const code = await main(args);
    const text = (spy: typeof out) => spy.mock.calls.map(([line]) => line).join("\n");
    return { code, out: text(out), err: text(err) };
  };

  test("measures Elman at M in both schedules unless told otherwise", () => {
    const { work, cells, shapes, engines, limit, kernels, json, on } = readBenchOptions([])!;
    expect({ work, cells, shapes, limit, kernels, json, on }).toEqual({
      ...{ work: "train", cells: ["elman"], shapes: ["M"], limit: 60, kernels: false, json: false, on: "chromium" },
    });
    expect(engines.map(({ schedule }) => schedule)).toEqual(["fused", "unrolled"]);
    expect(readBenchOptions(["--peers"])!.engines.length).toBeGreaterThan(6);
    const [one, ...others] = readBenchOptions(["--engine", "tf.js/WebGPU, tempograd", "--schedule=unrolled"])!.engines;
    expect([one, ...others].map((name) => Object.values(name!).join(" "))).toEqual([
      "TF.js webgpu",
      "tempograd webgpu unrolled",
    ]);
  });

  test.each([
    [["--cell", "rnn"], '--cell is "rnn", expected elman, gru, lstm'],
    [
      ["--shape", "32x64"],
      '--shape is "32x64", expected S, M, L, XL or BATCHxSTEPSxHIDDENxSYMBOLS such as 32x64x128x64',
    ],
    [["--engine", "torch"], '--engine is "torch", expected all, tempograd/webgpu/fused'],
    [["--engine", ","], '--engine is ",", expected a name or several, by commas'],
    [["--schedule", "tiled"], '--schedule is "tiled", expected fused, unrolled, measured'],
    [["--limit", "0"], '--limit is "0", expected a number above 0'],
    [["--on", "lynx"], '--on is "lynx", expected chromium, firefox, node'],
    [["--on", "node", "--engine", "tf.js"], '--engine is "tf.js", expected all, tempograd/webgpu/fused'],
    [["--work", "guess"], '--work is "guess", expected train, predict'],
    [["--work", "predict", "--engine", "brain.js"], '--engine is "brain.js", expected all, tempograd/webgpu/fused'],
    [["--engine", "onnxruntime-web"], '--engine is "onnxruntime-web", expected all, tempograd/webgpu/fused'],
    [["--work", "predict", "--kernels"], "--kernels does not go with --work predict"],
    [["--peers", "--engine", "all"], "--engine does not go with --peers"],
    [["--shapes", "M"], "Unknown option '--shapes'"],
  ])("refuses %j in a line", async (args, message) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(`bench: ${message}`);
    expect(err).toContain("see npm run bench -- --help");
  });

  test("names the cure where there is no Firefox, or not the one that the environment names", () => {
    expect(() => findFirefox("linux", { PATH: "" })).toThrow("set TEMPOGRAD_FIREFOX=/path/to/firefox or install it");
    expect(() => findFirefox("linux", { TEMPOGRAD_FIREFOX: "/none" })).toThrow('TEMPOGRAD_FIREFOX is "/none"');
  });

  const tooShort = ["--shape=2x6x8x16", "--schedule=fused", "--limit=0.0105"];
  const timedOut = { medianMs: null, status: "timed out after 0.0105 s" };

  test("says in a row that it took too long, and ends with code 1", async () => {
    const { code, out } = await run("--json", ...tooShort, "--on=node");
    expect(code).toBe(1);
    expect(asReport(JSON.parse(out)).rows).toMatchObject([timedOut]);
  });

  test("says in a row that it took too long, in a browser too", async () => {
    const selection = readBenchOptions(tooShort)!;
    const begun: Report = { ...report, rows: [] };
    await runOn("chromium", selection.engines, ({ perform }) =>
      addRows(begun, selection, perform, { doing() {}, found() {} }),
    );
    expect(begun.rows).toMatchObject([timedOut]);
  });

  test("predicts, and compares one loss with the reference", async () => {
    const { code, out } = await run("--json", "--work=predict", "--shape=2x6x8x16", "--schedule=fused", "--on=node");
    expect(code).toBe(0);
    const { rows, environment } = asReport(JSON.parse(out));
    expect(environment.browser).toBe(`Node ${process.versions.node}`);
    expect(rows).toMatchObject([{ work: "predict", engine: "tempograd", status: "ok" }]);
    expect(rows[0]!.losses).toEqual([expect.closeTo(expectedLosses(problemOf("elman", small), "predict")[0]!, 5)]);
  });

  test("prints one object with environment, limits and rows", async () => {
    const { code, out } = await run("--json", "--cell", "gru", "--shape", "2x6x8x16", "--kernels", "--on=node");
    expect(code).toBe(0);
    const { environment, limits, rows, kernels } = asReport(JSON.parse(out));
    expect(environment.limits.maxBufferSize).toBeGreaterThan(0);
    expect(environment).toMatchObject({ tabVisible: true, versions: { tempograd: version } });
    expect(Object.values(limits!).every((value) => value > 0)).toBe(true);
    expect(rows.map(({ schedule, status }) => [schedule, status])).toEqual([
      ["fused", "ok"],
      ["unrolled", "ok"],
    ]);
    for (const { firstMs, medianMs, p5Ms, p95Ms, tokensPerSecond, gflops, shareOfPeak, ...row } of rows) {
      expect(firstMs).toBeGreaterThan(medianMs!);
      expect(p5Ms).toBeLessThanOrEqual(medianMs!);
      expect(p95Ms).toBeGreaterThanOrEqual(medianMs!);
      expect(tokensPerSecond).toBeCloseTo((1000 * 12) / medianMs!);
      expect(shareOfPeak).toBeCloseTo(gflops! / limits!.mulAddGflops);
      expect(row).toMatchObject({ engine: "tempograd", backend: "webgpu", cell: "gru", shape: "2x6x8x16" });
      expect(row.bytes).toBeGreaterThan(0);
    }
    expect(rows[1]!.dispatches).toBeGreaterThan(rows[0]!.dispatches!);
    expect(kernels.map(({ schedule }) => schedule)).toEqual(["fused", "unrolled"]);
  });
});
