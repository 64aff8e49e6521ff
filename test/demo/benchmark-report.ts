// Reports of the benchmark: one of a row, and one that has something of everything.

import type { KernelTime, Report, Row } from "../../demo/benchmark/report";

export const row: Row = {
  ...{ engine: "tempograd", backend: "webgpu", schedule: "fused", work: "train", cell: "gru", shape: "2x6x8x16" },
  ...{ firstMs: 9, medianMs: 2, p5Ms: 1, p95Ms: 3, tokensPerSecond: 6000, gflops: 0.1, shareOfPeak: 0.01 },
  ...{ bytes: 1000, dispatches: 14, losses: [2, 1.5, 1], status: "ok" },
};
export const report: Report = {
  environment: {
    ...{ date: "2026-11-26T00:00:00.000Z", commit: "unknown", adapter: "<b>some</b> adapter", software: false },
    ...{ features: ["shader-f16"], limits: { maxBindGroups: 4 }, browser: "Chrome 1", platform: "Linux", cores: 2 },
    ...{ versions: { tempograd: "0.1.0" }, timerUs: 5, tabVisible: true },
  },
  limits: null,
  rows: [row],
  kernels: [],
};

const elman: Row = {
  ...{ engine: "tempograd", backend: "webgpu", schedule: "fused", work: "train", cell: "elman", shape: "M" },
  ...{ firstMs: 810, medianMs: 36.3, p5Ms: 35.1, p95Ms: 39.8, tokensPerSecond: 56_400, gflops: 8.2, shareOfPeak: 0.37 },
  ...{ bytes: 5.2e6, dispatches: 10, losses: [4.1589, 4.1402, 4.1218], status: "ok" },
};
const nothing = { firstMs: null, medianMs: null, p5Ms: null, p95Ms: null, tokensPerSecond: null, gflops: null };
const none = { ...nothing, shareOfPeak: null, bytes: null, dispatches: null, losses: [] };
const peer = { ...elman, schedule: null, bytes: null, dispatches: null, shareOfPeak: null };
const kernel: KernelTime = {
  ...{ label: "forward through time", kernel: "recurrence", count: 1, workgroups: [32, 1, 1] },
  ...{ flops: 67e6, bytes: 2.1e6, ms: 9.7 },
};

/** Rows of several engines, one that failed, limits, kernels. */
export const fullReport: Report = {
  environment: {
    ...{ date: "2026-11-26T00:00:00.000Z", commit: "unknown", adapter: "an adapter", software: true },
    ...{
      features: ["timestamp-query"],
      limits: { maxBindGroups: 4 },
      browser: "Chrome 1",
      platform: "Linux",
      cores: 2,
    },
    ...{ versions: { tempograd: "0.1.0", "jax-js": "0.1.25" }, timerUs: 5, tabVisible: true },
  },
  limits: {
    ...{ mulAddGflops: 22, mulAddGflopsAtBegin: 22, mulAddGflopsAtEnd: 21.5, copyGBs: 6.1 },
    ...{ dispatchUs: 9, dependentDispatchUs: 14, barrierUs: 2.2, submitUs: 60, readbackUs: 120 },
  },
  rows: [
    elman,
    { ...elman, schedule: "unrolled", medianMs: 39.3, tokensPerSecond: 52_100, dispatches: 136 },
    { ...peer, engine: "jax-js", backend: "wasm", medianMs: 62.3, tokensPerSecond: 32_900 },
    {
      ...peer,
      engine: "TF.js",
      medianMs: 1102,
      tokensPerSecond: 1858,
      status: "ok: loss 1 compared with the reference",
    },
    { ...elman, ...none, engine: "brain.js", backend: "cpu", schedule: null, status: "timed out after 60 s" },
    { ...elman, cell: "lstm", medianMs: 117, tokensPerSecond: 17_500, gflops: 7.9 },
    { ...peer, cell: "lstm", engine: "jax-js", backend: "wasm", medianMs: 98, tokensPerSecond: 20_900 },
  ],
  kernels: [
    {
      ...{ cell: "elman", shape: "M", schedule: "fused", status: "ok" },
      kernels: [kernel, { ...kernel, label: "gradient of the weights", kernel: "matmul", flops: 134e6, ms: 14 }],
    },
  ],
};
