// Reads a report that comes from outside: nothing of it is trusted before it was looked at.

import { cellNames } from "../../src/index";
import { works } from "./engines/names";
import type { Report } from "./report";
import { shapeOf } from "./selection";

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const bool: Check = (value) => typeof value === "boolean";
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const recordOf =
  (check: Check): Check =>
  (value) =>
    typeof value === "object" && value !== null && Object.values(value).every(check);
const object =
  (fields: Record<string, Check>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]));
/** All of these names are of one kind. */
const all = (check: Check, ...names: string[]) => Object.fromEntries(names.map((name) => [name, check]));

const problem = {
  cell: (value: unknown) => cellNames.some((name) => name === value),
  shape: (value: unknown) => typeof value === "string" && isShape(value),
};

const isShape = (words: string): boolean => {
  try {
    return shapeOf(words) !== undefined;
  } catch {
    return false;
  }
};

const kernel = object({
  ...all(text, "label", "kernel"),
  ...all(number, "flops", "bytes", "count"),
  ms: orNull(number),
  workgroups: listOf(number),
});

const report = object({
  environment: object({
    ...all(text, "date", "commit", "adapter", "browser", "platform"),
    ...all(bool, "software", "tabVisible"),
    ...all(number, "cores", "timerUs"),
    features: listOf(text),
    limits: recordOf(number),
    versions: recordOf(text),
  }),
  limits: orNull(
    object({
      ...all(number, "mulAddGflops", "mulAddGflopsAtBegin", "mulAddGflopsAtEnd", "copyGBs"),
      ...all(number, "dispatchUs", "dependentDispatchUs", "barrierUs", "submitUs", "readbackUs"),
    }),
  ),
  rows: listOf(
    object({
      ...problem,
      ...all(text, "engine", "backend", "status"),
      ...all(orNull(number), "firstMs", "medianMs", "p5Ms", "p95Ms", "tokensPerSecond", "gflops"),
      ...all(orNull(number), "shareOfPeak", "bytes", "dispatches"),
      schedule: orNull(text),
      work: (value) => works.some((work) => work === value),
      losses: listOf(orNull(number)), // JSON has no NaN
    }),
  ),
  kernels: listOf(object({ ...problem, ...all(text, "schedule", "status"), kernels: orNull(listOf(kernel)) })),
});

/** A report that someone sent. @throws where it is none. */
export function asReport(value: unknown): Report {
  if (!report(value)) throw new Error("Report: this is no report of this benchmark, or one of another version.");
  return value as Report;
}
