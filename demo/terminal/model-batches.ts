// The batches of a recorded model, as the library takes them.

import type { Batch } from "../../src/index";
import type { Model } from "./model-file";

/** @param step of the training, from 0; without it, what the recorded values and gradients are of. */
export function modelBatch({ tensors, config }: Model, step?: number): Batch {
  const given = (name: string) => {
    const { data } = tensors.get(name)!;
    if (step === undefined) return data;
    const all = tensors.get(`training.${name === "tokens" ? "inputs" : name}`)!;
    return all.data.slice(step * data.length, (step + 1) * data.length) as typeof data;
  };
  const also = (name: string) => tensors.get(name)?.data as Float32Array | undefined;
  const [weights, initialState, initialCellState] = [also("weights"), also("h0"), also("c0")];
  return {
    inputs: given(tensors.has("tokens") ? "tokens" : "inputs"),
    targets: given("targets"),
    ...(config.encoder && { source: given("source") }),
    ...(weights && { weights }),
    ...(initialState && { initialState }),
    ...(initialCellState && { initialCellState }),
  };
}
