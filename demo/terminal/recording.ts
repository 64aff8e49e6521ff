// Recordings of what PyTorch computes: has the same computed on the GPU or the reference, and compares. Runs in Node and in
// a browser.

import type { Gpu, Schedule, TensorData } from "../../src/index";
import { isModel, readModel } from "./model-file";
import { computeModelOnGpu, isOnGpu } from "./model-on-gpu";
import { computeModelOnReference } from "./model-on-reference";
import { readRecording } from "./recording-file";
import { computeOnGpu } from "./recording-on-gpu";
import { computeOnReference } from "./recording-on-reference";

/** The errors of one kind of tensor, or null where a recording has none of it. */
export type Errors = Record<"outputs" | "loss" | "gradients" | "losses" | "parameters", number | null>;

export interface Comparison {
  /** The worst |a − b| / (0.1 + |b|); at most 1e-4 passes, which is |a − b| ≤ 1e-5 + 1e-4·|b|. */
  errors: Errors;
  /** The first tensor that differs. */
  differs: string | null;
}

/** How a recording fared; what it needs that is not there; or why its network cannot be computed in the schedule. */
export type Verdict = Comparison | { unsupported: string[] } | { inapplicable: string };

/** What was computed, by the recording's tensor names. */
export type Computed = Map<string, ArrayLike<number>>;

export const tolerance = 1e-4;
const absoluteShare = 0.1;
/** The error of what is missing, of another size, or not a number. JSON has no infinity. */
export const incomparable = Number.MAX_VALUE;

const kindOf = (name: string): keyof Errors | undefined => {
  if (name === "expected.loss") return "loss";
  if (name === "expected.losses") return "losses";
  if (name.startsWith("expected.")) return "outputs";
  if (/^grad(ient)?\./.test(name)) return "gradients";
  return name.startsWith("after.") ? "parameters" : undefined;
};

/** What can be compared. */
export interface Expected {
  readonly tensors: ReadonlyMap<string, Pick<TensorData, "data">>;
  /** Whether a number of a tensor means nothing. */
  isMeaningless(name: string, index: number): boolean;
}

/** Holds everything a recording expects against what was computed. */
export function compare({ tensors, isMeaningless }: Expected, computed: Computed): Comparison {
  const errors: Errors = { outputs: null, loss: null, gradients: null, losses: null, parameters: null };
  let differs: string | null = "nothing to compare";
  for (const [name, { data: expected }] of tensors) {
    const kind = kindOf(name);
    if (!kind) continue;
    const got = computed.get(name);
    let worst = got?.length === expected.length ? 0 : incomparable;
    for (let i = 0; got && i < expected.length && worst !== incomparable; i++) {
      if (isMeaningless(name, i)) continue;
      const error = Math.abs(got[i]! - expected[i]!) / (absoluteShare + Math.abs(expected[i]!));
      worst = Number.isNaN(error) ? incomparable : Math.max(worst, error);
    }
    errors[kind] = Math.max(errors[kind] ?? 0, worst);
    if (differs === "nothing to compare") differs = null;
    if (worst > tolerance) differs ??= name;
  }
  return { errors, differs };
}

/** Where a recording is computed. */
export type Computer = "reference" | "onnx" | { gpu: Gpu; schedule: Schedule };

/** Reads a recording, computes what it describes, and compares. @throws as `readRecording` and `readModel`. */
export async function verifyRecording(bytes: Uint8Array, on: Computer): Promise<Verdict> {
  if (isModel(bytes)) return verifyModel(bytes, on);
  const recording = readRecording(bytes);
  if ("unsupported" in recording) return recording;
  if (on === "reference") return compare(recording, computeOnReference(recording));
  if (on === "onnx") {
    const { computeOnOnnx, isInOnnx } = await import("./recording-on-onnx"); // when it is asked for: it loads a runtime
    return compare(only(recording, isInOnnx), await computeOnOnnx(recording));
  }
  return whereItApplies(async () => compare(recording, await computeOnGpu(on.gpu, recording, on.schedule)));
}

async function verifyModel(bytes: Uint8Array, on: Computer): Promise<Verdict> {
  const model = readModel(bytes);
  if ("unsupported" in model) return model;
  if (on === "reference") return compare(model, computeModelOnReference(model));
  if (on === "onnx") {
    const { computeModelOnOnnx, isInOnnx } = await import("./recording-on-onnx");
    return compare(only(model, isInOnnx), await computeModelOnOnnx(model));
  }
  return whereItApplies(async () => compare(only(model, isOnGpu), await computeModelOnGpu(on.gpu, model, on.schedule)));
}

/** How a pass says that a network, or a device, cannot have a schedule. */
const refusal = /^(Pass: .*schedule (is )?"wavefront"|recurrence: schedule "fused")/;

/** Not all networks can be computed in all schedules. */
async function whereItApplies(compute: () => Promise<Comparison>): Promise<Verdict> {
  try {
    return await compute();
  } catch (error) {
    const { message } = error as Error;
    if (refusal.test(message)) return { inapplicable: message };
    throw error;
  }
}

/** What is expected of some tensors. */
const only = (expected: Expected, wanted: (name: string) => boolean): Expected => ({
  tensors: new Map([...expected.tensors].filter(([name]) => wanted(name))),
  isMeaningless: expected.isMeaningless,
});
