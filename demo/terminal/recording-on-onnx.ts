// Computes what a recording says of a network's way forward elsewhere: exported as an ONNX model.

import {
  type BatchInputs,
  type BatchShape,
  fromPyTorch,
  type NetworkOptions,
  type ParameterValues,
} from "../../src/index";
import { toOnnx } from "../../src/onnx/index";
import { modelBatch } from "./model-batches";
import type { Model } from "./model-file";
import { runOnnx } from "./onnx-run";
import type { Computed } from "./recording";
import { batchOf } from "./recording-batches";
import { namesOf, type Recording } from "./recording-file";

/** Whether a model that is run gives a tensor: what goes forward alone, but for hidden states of all steps and what an encoder ends with. */
export const isInOnnx = (name: string): boolean =>
  ["logits", "probabilities", "h_n", "c_n"].some((part) => name === `expected.${part}`);

export function computeOnOnnx(recording: Recording): Promise<Computed> {
  const { network, steps, batch, tensors } = recording;
  return computed(fromPyTorch(tensors, namesOf(network)), network, batchOf(recording), { steps, batch }, true);
}

export function computeModelOnOnnx(model: Model): Promise<Computed> {
  const { config, parameters, steps, batch, sourceSteps } = model;
  return computed(parameters, config, modelBatch(model), { steps, batch, sourceSteps }, !config.encoder);
}

async function computed(
  parameters: ParameterValues,
  network: NetworkOptions,
  batch: BatchInputs,
  size: BatchShape,
  states: boolean,
): Promise<Computed> {
  const model = toOnnx(parameters, network, { lengths: batch.lengths !== undefined, states });
  const { outputs, probabilities = [], finalState, finalCellState } = await runOnnx(model, batch, size);
  return new Map<string, ArrayLike<number>>([
    ["expected.logits", outputs],
    ["expected.probabilities", probabilities],
    ["expected.h_n", finalState],
    ["expected.c_n", finalCellState],
  ]);
}
