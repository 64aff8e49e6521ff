// The report on a GPU: what it says of what was found, and a whole one, on whatever adapter there is.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { main } from "../../demo/benchmark/gpu-report";
import { asMarkdown, type GpuReport } from "../../demo/benchmark/gpu-report-text";
import { asReport } from "../../demo/benchmark/read-report";
import { fullReport } from "./benchmark-report";

afterEach(() => void vi.restoreAllMocks());

const slower = { ...fullReport.rows[0]!, schedule: "measured", medianMs: 40 };
const peer = { ...fullReport.rows[2]!, engine: "PyTorch", backend: "cuda", medianMs: 18.15 };
const found: GpuReport = {
  ...{ place: "node", seconds: 12, limit: 60, leftOut: ["XL of gru: no time was left"] },
  verification: [{ folder: "recordings", files: 38, passed: 37, failures: ["gru FAIL grad.weight_hh_l0"] }],
  report: {
    ...fullReport,
    rows: [fullReport.rows[0]!, slower, peer, { ...peer, shape: "L", status: "wrong: loss 2" }],
  },
};

test("tells times beside the peak and beside each other, what differs and what was left out", () => {
  const text = asMarkdown(found);
  const lines = text.split("\n");
  expect(lines).toContain("- recordings: 37 of 38 agree to 1e-4, 1 do not");
  expect(lines).toContain("  - gru FAIL grad.weight_hh_l0");
  expect(lines).toContain("|  | M | L |");
  expect(lines).toContain("| elman, tempograd/webgpu/fused | 36.3, 37% | – |");
  expect(lines).toContain("| elman, PyTorch/cuda | 18.2, 0.5× | wrong: loss 2 |");
  expect(lines).toContain("- XL of gru: no time was left");
  expect(text).toContain("**A software adapter: these figures say nothing of a GPU.**");
  expect(text).toContain("elman M fused, dispatch by dispatch:");
  const environment = { ...fullReport.environment, software: false };
  const other = asMarkdown({ ...found, report: { ...fullReport, environment }, leftOut: [] });
  expect(other).not.toContain("oftware");
  expect(other).toMatch(/## Left out\n\nNothing\.\n$/);
  expect(asMarkdown({ ...found, report: null })).toContain("37 of 38");
});

test("is made within its seconds, and names all that did not fit", async () => {
  const out = await mkdtemp(join(tmpdir(), "tempograd-gpu-report-"));
  for (const name of ["log", "error"] as const) vi.spyOn(console, name).mockImplementation(() => {});
  const code = await main(["--out", out, "--cell=elman", "--shape=2x6x8x16,2x5x8x16", "--limit=30", "--on=node"]);
  expect(code).toBe(0);
  const { place, verification, report, leftOut } = JSON.parse(
    await readFile(join(out, "gpu-report.json"), "utf8"),
  ) as GpuReport;
  expect(place).toBe("node");
  for (const { folder, files: count, passed, failures } of verification) {
    expect(failures).toEqual([]);
    const files = await readdir(resolve(import.meta.dirname, "..", folder));
    const all = files.filter((name) => name.endsWith(".safetensors"));
    expect(count).toBe(all.length);
    expect(passed + leftOut.filter((what) => what.startsWith(`${folder}/`)).length).toBe(all.length);
  }
  const { rows, limits, environment } = asReport(report);
  expect(environment.browser).toBe(`Node ${process.versions.node}`);
  expect(limits!.mulAddGflops).toBeGreaterThan(0);
  for (const shape of ["2x6x8x16", "2x5x8x16"]) {
    const own = rows.filter((row) => row.shape === shape && row.engine === "tempograd");
    const named = (what: string) => leftOut.some((line) => line.startsWith(what));
    if (own.length === 0) expect(named(`elman ${shape}: no time`)).toBe(true);
    else expect(own.map(({ schedule }) => schedule)).toEqual(["fused", "measured"]);
    for (const { status, schedule } of own) {
      expect(status === "ok" || named(`elman ${shape} tempograd/webgpu/${schedule}: timed out`)).toBe(true);
    }
  }
  const programs = ["PyTorch/cpu", "PyTorch/cuda"].filter((name) => !leftOut.some((line) => line.startsWith(name)));
  const backends = rows.filter(({ engine }) => engine === "PyTorch").map(({ backend }) => `PyTorch/${backend}`);
  if (rows.length > 0) for (const name of programs) expect(backends).toContain(name);
  expect(await readFile(join(out, "gpu-report.md"), "utf8")).toBe(
    asMarkdown(JSON.parse(await readFile(join(out, "gpu-report.json"), "utf8"))),
  );
  await rm(out, { recursive: true });
});

test.each([
  [["--cell", "rnn"], '--cell is "rnn", expected elman, gru, lstm'],
  [["--shape", "5"], '--shape is "5", expected S, M, L, XL or BATCH'],
  [["--limit", "0"], '--limit is "0", expected a number above 0'],
  [["--on", "firefox"], '--on is "firefox", expected node, chromium'],
  [["--shape", ","], "--cell or --shape is empty, expected a name"],
])("refuses %j in a line", async (args, message) => {
  const err = vi.spyOn(console, "error").mockImplementation(() => {});
  expect(await main(args)).toBe(2);
  expect(err.mock.calls.join()).toContain(`gpu-report: ${message}`);
});
