// The report on a GPU, made whole on whatever adapter there is.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { main } from "../../demo/benchmark/gpu-report";
import { asMarkdown, type GpuReport } from "../../demo/benchmark/gpu-report-text";
import { asReport } from "../../demo/benchmark/read-report";

afterEach(() => void vi.restoreAllMocks());

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
