// The batches of a recording, as the library takes them.

import type { Batch } from "../../src/index";
import type { Recording } from "./recording-file";

/** The batch that a recording's values and gradients are of. */
export function batchOf({ tensors }: Recording): Batch {
  const data = (name: string) => tensors.get(name)?.data;
  const lengths = data("lengths") as Int32Array | undefined;
  const initialState = data("h0") as Float32Array | undefined;
  const initialCellState = data("c0") as Float32Array | undefined;
  return {
    inputs: (data("tokens") ?? data("inputs"))!,
    targets: data("targets")!,
    ...(lengths && { lengths }),
    ...(initialState && { initialState }),
    ...(initialCellState && { initialCellState }),
  };
}

/** The batches of a training run: the one batch again and again, or a fresh one each step. */
export function trainingBatches(recording: Recording, steps: number): Batch[] {
  const same = batchOf(recording);
  const inputs = recording.tensors.get("training.inputs")?.data;
  const targets = recording.tensors.get("training.targets")?.data;
  if (!inputs || !targets) return Array.from({ length: steps }, () => same);
  const part = <T extends Int32Array | Float32Array>(data: T, like: { length: number }, step: number) =>
    data.slice(step * like.length, (step + 1) * like.length) as T;
  return Array.from({ length: steps }, (_, step) => ({
    ...same,
    inputs: part(inputs, same.inputs, step),
    targets: part(targets, same.targets, step),
  }));
}
