// The report on a GPU: what it says of what was found. A whole one: gpu-report-long.test.ts.
import { afterEach, expect, test, vi } from "vitest";
import { main } from "../../demo/benchmark/gpu-report";
import { asMarkdown, type GpuReport } from "../../demo/benchmark/gpu-report-text";
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
