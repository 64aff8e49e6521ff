// The batches of a recorded model, as the library takes them.

import type { Batch } from "../../src/index";
import type { Model, ModelNetwork } from "./model-file";

/**
 * What a network of a model reads.
 * @param step of the training, from 0; without it, what the recorded values and gradients are of.
 */
export function modelBatch({ tensors, batch }: Model, network: ModelNetwork, step?: number): Batch {
  const { inputs, hasOutputs } = network;
  const given = (name: string) => {
    const { data } = tensors.get(name)!;
    if (step === undefined) return data;
    const all = tensors.get(`training.${name === "tokens" ? "inputs" : name}`)!;
    return all.data.slice(step * data.length, (step + 1) * data.length) as typeof data;
  };
  const also = (name: string) => tensors.get(name)?.data as Float32Array | undefined;
  const [weights, initialState, initialCellState] = [also("weights"), also("h0"), also("c0")];
  return {
    inputs: given(inputs),
    // Of an encoder no target counts.
    targets: hasOutputs ? given("targets") : new Int32Array(batch).fill(-1),
    ...(weights && { weights }),
    ...(initialState && { initialState }),
    ...(initialCellState && { initialCellState }),
  };
}
