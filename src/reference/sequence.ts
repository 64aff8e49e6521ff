// An input and the layers above it in float64, forward and back; and the states that they begin and end with.

import { referenceCellOf } from "../cells/reference-cells";
import type { Sequence, StackedLayer } from "../parts/architecture";
import { joinColumns, slabOf, splitColumns } from "./columns";
import { dropoutMask } from "./dropout";
import { layerBackward, layerForward } from "./layer";
import type { Numbers } from "./matmul";
import type { ReferenceBatch, ReferenceParameters, ReferenceSweep } from "./network";
import type { SweepStates } from "./recurrence";
import { rowReset } from "./row-reset";
import { tokenGather, tokenGatherGradient } from "./token-gather";

const areTokens = ({ input }: Sequence, layer: StackedLayer): boolean => layer.number === 0 && input.kind === "tokens";

/**
 * @param initial of each layer and direction: h_0 [B, H], and of the states beside it [B, S·H]
 * @returns h of the highest layer [T, B, D·H], in the order of time, and what each layer and direction did
 */
export function sequenceForward(
  sequence: Sequence,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  initial: readonly SweepStates[],
  seed: number,
): { outputs: Float64Array; sweeps: ReferenceSweep[] } {
  const { input, layers, prefix } = sequence;
  const embedding = parameters[`${prefix}embeddingWeight`];
  let inputs = embedding
    ? tokenGather(data.inputs, embedding, new Float64Array(input.width), input.width)
    : data.inputs;
  let outputs: Float64Array = new Float64Array();
  let sweeps: ReferenceSweep[] = [];
  for (const layer of layers) {
    if (layer.dropout > 0) inputs = dropped(sequence, data, layer, Float64Array.from(inputs), seed);
    const first = sweeps.length;
    const begins = (direction: number) => initial[first + direction]!;
    const ran = layerForward(layer, parameters, data, inputs, areTokens(sequence, layer), begins);
    sweeps = [...sweeps, ...ran.sweeps];
    outputs = ran.outputs;
    inputs = outputs;
  }
  return { outputs, sweeps };
}

/**
 * @param dOutput [T, B, D·H]: dL/dh_t of the highest layer by what reads it
 * @param dFinal of each layer and direction: of the states after the sweep
 * @returns dL/dx, empty for tokens; the gradients of parameters, and of each layer's and direction's states [T + 1, B, …]
 */
export function sequenceBackward(
  sequence: Sequence,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  sweeps: readonly ReferenceSweep[],
  dOutput: Float64Array,
  dFinal: readonly SweepStates[],
  seed: number,
): { dInputs: Float64Array; gradients: ReferenceParameters; states: SweepStates[] } {
  const { input, layers, prefix } = sequence;
  const gradients: ReferenceParameters = {};
  let dInputs = dOutput;
  let states: SweepStates[] = [];
  for (const layer of [...layers].reverse()) {
    const first = sweeps.length - states.length - layer.directions;
    const own = sweeps.slice(first, first + layer.directions);
    const ends = (direction: number) => dFinal[first + direction]!;
    const tokens = areTokens(sequence, layer);
    const back = layerBackward(layer, parameters, data, own, tokens, dInputs, ends, gradients);
    states = [...back.states, ...states];
    dInputs = layer.dropout > 0 ? dropped(sequence, data, layer, back.dInputs, seed) : back.dInputs;
  }
  const embedding = `${prefix}embeddingWeight`;
  if (parameters[embedding]) {
    gradients[embedding] = tokenGatherGradient(data.inputs, dInputs, input.tokens!, input.width);
  }
  return { dInputs, gradients, states };
}

/** What a layer reads with some of it dropped, or the gradient on its way back, alike. */
function dropped(
  { layers }: Sequence,
  { steps, batch, step }: ReferenceBatch,
  { dropout: rate, number, mask: layer, inputs }: StackedLayer,
  values: Float64Array,
  seed: number,
): Float64Array {
  if (step === undefined) return values;
  const parts = layers[number - 1]?.directions ?? 1;
  const mask = dropoutMask({ rows: steps * batch, parts, width: inputs / parts, rate, seed, layer, step });
  return values.map((value, i) => value * mask[i]!);
}

/** The first slabs of sweeps of so many steps: of each, h [B, H] and the states beside it [B, S·H]. */
export const beginningsOf = (sweeps: readonly SweepStates[], steps: number): SweepStates[] =>
  sweeps.map(({ hidden, cell }) => {
    const first = (values: Float64Array) => values.slice(0, values.length / (steps + 1));
    return { hidden: first(hidden), cell: first(cell) };
  });

/** The last slabs, alike. */
export const endsOf = (sweeps: readonly SweepStates[], steps: number): SweepStates[] =>
  sweeps.map(({ hidden, cell }) => {
    const last = (values: Float64Array) => values.slice((values.length / (steps + 1)) * steps);
    return { hidden: last(hidden), cell: last(cell) };
  });

/** The states beside h of all layers and directions, state after state [B, H] each, from rows of [B, S·H]. */
export const statesApart = (layers: readonly StackedLayer[], sweeps: readonly SweepStates[]): Float64Array[] => {
  const owners = layers.flatMap((layer) => layer.names.map(() => layer));
  return sweeps.flatMap(({ cell }, i) => splitColumns(cell, referenceCellOf(owners[i]!).states, owners[i]!.hidden));
};

/** What a batch gives each layer and direction to begin with, in rows that begin anew; zeros elsewhere. */
export function statesIn(
  layers: readonly StackedLayer[],
  data: Pick<ReferenceBatch, "batch" | "initialState" | "initialCellState" | "reset">,
): SweepStates[] {
  const { batch, reset = new Float64Array(batch) } = data;
  const at = { hidden: 0, cell: 0 };
  const next = (kind: "hidden" | "cell", width: number) => {
    const size = batch * width;
    const given: Numbers | undefined = kind === "hidden" ? data.initialState : data.initialCellState;
    const values = slabOf(given?.length ? Array.from(given).slice(at[kind], at[kind] + size) : undefined, 0, size);
    at[kind] += size;
    return rowReset(values, reset);
  };
  return layers.flatMap((layer) =>
    layer.names.map(() => {
      const hidden = next("hidden", layer.width);
      const beside = Array.from({ length: referenceCellOf(layer).states }, () => next("cell", layer.hidden));
      return { hidden, cell: joinColumns(beside, layer.hidden) };
    }),
  );
}
