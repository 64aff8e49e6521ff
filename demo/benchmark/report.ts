// What a run of the benchmark reports.

import type { CellName } from "../../src/index";
import type { EngineName, Work } from "./engines/names";

/** One engine on one problem. What is not known is null. */
export interface Row {
  engine: string;
  backend: string;
  schedule: string | null;
  work: Work;
  cell: CellName;
  /** A name of `shapes`, or BATCHxSTEPSxHIDDENxSYMBOLS. */
  shape: string;
  /** Opening and the first step, compilation included, in milliseconds. */
  firstMs: number | null;
  /** One training step, or prediction, in milliseconds: median, fifth and ninety-fifth percentile of the samples. */
  medianMs: number | null;
  p5Ms: number | null;
  p95Ms: number | null;
  tokensPerSecond: number | null;
  /** Of the matrix products in the equations, a mul-add counting 2, at the median. */
  gflops: number | null;
  /** Of the adapter's mul-add peak; null where the backend is not WebGPU. */
  shareOfPeak: number | null;
  /** GPU memory that the engine holds. */
  bytes: number | null;
  dispatches: number | null;
  /** Of the first three training steps, or the first prediction, in nats a target. */
  losses: number[];
  /** "ok", or what is wrong with the row. */
  status: string;
}

/** What the adapter does at best, and what it charges. */
export interface AdapterLimits {
  /** The better of the two below. */
  mulAddGflops: number;
  mulAddGflopsAtBegin: number;
  mulAddGflopsAtEnd: number;
  /** Read and written together, in GB a second. */
  copyGBs: number;
  /** One of many small dispatches that share nothing. */
  dispatchUs: number;
  /** One that needs what the last has written. */
  dependentDispatchUs: number;
  /** A `workgroupBarrier()` of 256 threads, with a store and a load beside it. */
  barrierUs: number;
  /** A submit of one small dispatch, encoding included. */
  submitUs: number;
  /** Four bytes from the GPU to a mapped buffer, there and back. */
  readbackUs: number;
}

export interface Environment {
  date: string;
  commit: string;
  adapter: string;
  /** Whether the adapter computes on the CPU. */
  software: boolean;
  features: string[];
  limits: Record<string, number>;
  browser: string;
  platform: string;
  cores: number;
  /** Of this library and of each engine that was run. */
  versions: Record<string, string>;
  /** The smallest step of `performance.now()`, in microseconds. */
  timerUs: number;
  tabVisible: boolean;
}

/** Dispatches of a training step that do the same, with what they do together. */
export interface KernelTime {
  label: string;
  kernel: string;
  /** How many dispatches. */
  count: number;
  /** Of each. */
  workgroups: readonly number[];
  flops: number;
  bytes: number;
  /** Null where the adapter's clock cannot measure it. */
  ms: number | null;
}

/** This library's dispatches of one problem. */
export interface KernelTable {
  cell: CellName;
  shape: string;
  schedule: string;
  /** Null where it could not be measured, as `status` says. */
  kernels: KernelTime[] | null;
  status: string;
}

export interface Report {
  environment: Environment;
  limits: AdapterLimits | null;
  rows: Row[];
  kernels: KernelTable[];
}

/** Whether a row's numbers may be compared with others'. */
export const isOk = ({ status }: Pick<Row, "status">): boolean => /^ok\b/.test(status);

/** How many losses tell what an engine computes: those of the first training steps, or the one of a prediction. */
export const lossCount = (work: Work): number => (work === "train" ? 3 : 1);

/** Of rows that compute the same, in the order of a report. */
export const problemKey = ({ work, cell, shape }: Pick<Row, "work" | "cell" | "shape">): string =>
  [work, cell, shape].join(" ");

/** Such as "tempograd/webgpu/fused" or "TF.js/webgl": what tells the rows of a problem apart. */
export const nameOf = ({ engine, backend, schedule }: EngineName | Row): string =>
  [engine, backend, ...(schedule ? [schedule] : [])].join("/");
