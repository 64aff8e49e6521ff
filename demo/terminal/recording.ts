// Recordings of what PyTorch computes: reads one, has the same computed on the GPU or the reference, and compares.
// Runs in Node and in a browser. The format is described in test/recordings/README.md.

import {
  type Gpu,
  type NetworkOptions,
  type ReferenceOptimizerOptions,
  readSafetensors,
  type Schedule,
  type TensorData,
} from "../../src/index";
import { computeOnGpu } from "./recording-on-gpu";
import { computeOnReference } from "./recording-on-reference";

export interface Recording {
  network: Record<string, unknown> & Pick<NetworkOptions, "inputs" | "hidden" | "outputs">;
  steps: number;
  batch: number;
  /** `carry`: the final state is the next step's initial state. */
  training: { steps: number; optimizer: ReferenceOptimizerOptions; carry: boolean } | undefined;
  tensors: Map<string, TensorData>;
  /** What the library has not got, in words. */
  unsupported: string[];
}

/** The errors of one kind of tensor, or null where a recording has none of it. */
export type Errors = Record<"outputs" | "loss" | "gradients" | "losses" | "parameters", number | null>;

export interface Comparison {
  /** The worst |a − b| / (0.1 + |b|); at most 1e-4 passes, which is |a − b| ≤ 1e-5 + 1e-4·|b|. */
  errors: Errors;
  /** The first tensor that differs. */
  differs: string | null;
}

/** How a recording fared, or what it needs that is not there. */
export type Verdict = Comparison | { unsupported: string[] };

/** What was computed, by the recording's tensor names. */
export type Computed = Map<string, ArrayLike<number>>;

export const tolerance = 1e-4;
const absoluteShare = 0.1;
/** The error of what is missing, of another size, or not a number. JSON has no infinity. */
export const incomparable = Number.MAX_VALUE;

/** @throws where the bytes are no safetensors file, or no recording. */
export function parseRecording(bytes: Uint8Array): Recording {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.format !== "recurrent-recording" || metadata.version !== "1") {
    throw new Error(
      `verify: the file's format is "${metadata.format} ${metadata.version}", expected "recurrent-recording 1"; give a recording.`,
    );
  }
  const json = (key: string) => JSON.parse(metadata[key] ?? "null");
  const network = json("network");
  const { steps, batch } = json("batch");
  const training = json("training");
  const unsupported: string[] = [];
  const known = (what: string, word: unknown, words: string[]) => {
    if (!words.includes(String(word))) unsupported.push(`${what} ${word}`);
  };
  known("cell", network.cell, ["elman", "gru", "lstm"]);
  known("input", network.input, ["tokens", "features"]);
  known("readout", network.readout, ["every-step", "last-step"]);
  known("loss", network.loss, ["cross-entropy", "mean-squared-error"]);
  if (training) known("optimizer", training.optimizer.kind, ["sgd", "rmsprop", "adam", "adamw"]);
  const { clipNorm, clipValue, carry = false } = training ?? {};
  const optimizer = { ...training?.optimizer, ...(clipNorm && { clipNorm }), ...(clipValue && { clipValue }) };
  return {
    network,
    steps,
    batch,
    tensors,
    unsupported,
    training: training && { steps: training.steps, optimizer, carry },
  };
}

const kindOf = (name: string): keyof Errors | undefined => {
  if (name === "expected.loss") return "loss";
  if (name === "expected.losses") return "losses";
  if (name.startsWith("expected.")) return "outputs";
  if (name.startsWith("grad.")) return "gradients";
  return name.startsWith("after.") ? "parameters" : undefined;
};

/** Holds everything a recording expects against what was computed. */
export function compare(recording: Recording, computed: Computed): Comparison {
  const { batch, tensors, network } = recording;
  const lengths = network.readout === "every-step" ? tensors.get("lengths")?.data : undefined;
  const errors: Errors = { outputs: null, loss: null, gradients: null, losses: null, parameters: null };
  let differs: string | null = "nothing to compare";
  for (const [name, { data: expected }] of tensors) {
    const kind = kindOf(name);
    if (!kind) continue;
    const got = computed.get(name);
    const meaningless = (i: number) => {
      if (!lengths || !(name === "expected.logits" || name === "expected.probabilities")) return false;
      const row = Math.floor(i / network.outputs);
      return Math.floor(row / batch) >= lengths[row % batch]!;
    };
    let worst = got?.length === expected.length ? 0 : incomparable;
    for (let i = 0; got && i < expected.length && worst !== incomparable; i++) {
      if (meaningless(i)) continue;
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
export type Computer = "reference" | { gpu: Gpu; schedule: Schedule };

/** Reads a recording, computes what it describes, and compares. @throws as `parseRecording`. */
export async function verifyRecording(bytes: Uint8Array, on: Computer): Promise<Verdict> {
  const recording = parseRecording(bytes);
  const { unsupported } = recording;
  if (unsupported.length > 0) return { unsupported };
  if (on === "reference") return compare(recording, computeOnReference(recording));
  return compare(recording, await computeOnGpu(on.gpu, recording, on.schedule));
}
