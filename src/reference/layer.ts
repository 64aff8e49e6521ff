// One layer in float64, its directions side by side: products, sweeps, and their way back.

import { referenceCellOf } from "../cells/reference-cells";
import type { StackedLayer } from "../parts/architecture";
import { joinColumns, splitColumns } from "./columns";
import { matmul, matmulTransposeA, matmulTransposeB, type Numbers } from "./matmul";
import type { ReferenceBatch, ReferenceParameters, ReferenceSweep } from "./network";
import { projected } from "./projection";
import { recurrenceBackward, recurrenceForward, type SweepShape, type SweepStates } from "./recurrence";
import { rowSum } from "./row-sum";
import { tokenGather, tokenGatherGradient } from "./token-gather";

export const lengthsOf = ({ lengths, steps, batch }: ReferenceBatch): Numbers =>
  lengths ?? new Float64Array(batch).fill(steps);

function shapeOf(layer: StackedLayer, data: ReferenceBatch, direction: number): SweepShape {
  const { hidden, width, projection } = layer;
  const cell = referenceCellOf(layer);
  const { steps, batch } = data;
  const lengths = lengthsOf(data);
  const projecting = projection === undefined ? cell : projected(cell, hidden, width);
  return { cell: projecting, steps, batch, hidden, width, lengths, reverse: direction === 1 };
}

const weightsOf = (parameters: ReferenceParameters, prefix: string, layer: StackedLayer) => ({
  recurrentWeight: parameters[`${prefix}recurrentWeight`] ?? [],
  recurrentBias: parameters[`${prefix}recurrentBias`] ?? new Float64Array(layer.hidden),
  unitParameters: parameters[`${prefix}unitParameters`] ?? [],
  projectionWeight: parameters[`${prefix}projectionWeight`],
});

/**
 * @param inputs x [T, B, I], or token numbers [T, B]
 * @param initial of each direction: h_0 [B, H], and of the states beside it [B, S·H]
 * @returns h of all directions [T, B, D·H], in the order of time, zero past a sequence's end; and what each did
 */
export function layerForward(
  layer: StackedLayer,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  inputs: Numbers,
  areTokens: boolean,
  initial: (direction: number) => { hidden: Numbers; cell: Numbers },
): { outputs: Float64Array; sweeps: ReferenceSweep[] } {
  const rows = data.steps * data.batch;
  const sweeps = layer.names.map((prefix, direction) => {
    const shape = shapeOf(layer, data, direction);
    const weight = parameters[`${prefix}inputWeight`]!;
    const columns = shape.cell.gates * layer.hidden;
    const bias = parameters[`${prefix}bias`] ?? new Float64Array(columns);
    const preactivation = areTokens
      ? tokenGather(inputs, weight, bias, columns)
      : matmul(inputs, weight, rows, layer.inputs, columns, bias);
    const states = recurrenceForward(shape, preactivation, weightsOf(parameters, prefix, layer), initial(direction));
    return { sweep: { inputs, preactivation, ...states }, outputs: outputsOf(shape, states) };
  });
  const outputs = joinColumns(
    sweeps.map(({ outputs }) => outputs),
    layer.width,
  );
  return { outputs, sweeps: sweeps.map(({ sweep }) => sweep) };
}

/**
 * @param dOutput [T, B, D·H]: dL/dh_t by what reads it
 * @param dFinal of each direction, of the states after the sweep
 * @param gradients of parameters, out
 * @returns dL/dx [T, B, I], empty for tokens; and the gradients of each direction's states, in the order of the sweep
 */
export function layerBackward(
  layer: StackedLayer,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  sweeps: readonly ReferenceSweep[],
  areTokens: boolean,
  dOutput: Float64Array,
  dFinal: (direction: number) => { hidden: Numbers; cell: Numbers },
  gradients: ReferenceParameters,
): { dInputs: Float64Array; states: SweepStates[] } {
  const rows = data.steps * data.batch;
  const dOutputs = splitColumns(dOutput, layer.directions, layer.width);
  let dInputs = new Float64Array(areTokens ? 0 : rows * layer.inputs);
  const states = layer.names.map((prefix, direction) => {
    const { inputs, preactivation, ...ofSweep } = sweeps[direction]!;
    const shape = shapeOf(layer, data, direction);
    const weights = weightsOf(parameters, prefix, layer);
    const from = dFinal(direction);
    const back = recurrenceBackward(
      shape,
      preactivation,
      weights,
      ofSweep,
      dOutputs[direction]!,
      from.hidden,
      from.cell,
    );
    const da = back.preactivation;
    const columns = shape.cell.gates * layer.hidden;
    const ofParameters = {
      inputWeight: areTokens
        ? tokenGatherGradient(inputs, da, layer.inputs, columns)
        : matmulTransposeA(inputs, da, layer.inputs, rows, columns),
      bias: rowSum(da, columns),
      recurrentWeight: back.recurrentWeight,
      recurrentBias: back.recurrentBias,
      unitParameters: back.unitParameters,
      projectionWeight: back.projectionWeight,
    };
    for (const [name, gradient] of Object.entries(ofParameters)) {
      if (parameters[`${prefix}${name}`]) gradients[`${prefix}${name}`] = gradient;
    }
    if (!areTokens) {
      const dx = matmulTransposeB(da, parameters[`${prefix}inputWeight`]!, rows, columns, layer.inputs);
      dInputs = dInputs.map((sum, i) => sum + dx[i]!);
    }
    return { hidden: back.hidden, cell: back.cell };
  });
  return { dInputs, states };
}

/** The states after each step [T, B, H], in the order of time; zero past a sequence's end. */
function outputsOf(
  { steps, batch, hidden, width = hidden, lengths, reverse }: SweepShape,
  states: SweepStates,
): Float64Array {
  const outputs = new Float64Array(steps * batch * width);
  for (let t = 1; t <= steps; t++) {
    const slab = reverse ? steps + 1 - t : t;
    for (let b = 0; b < batch; b++) {
      const from = (slab * batch + b) * width;
      if (t <= lengths[b]!) outputs.set(states.hidden.subarray(from, from + width), ((t - 1) * batch + b) * width);
    }
  }
  return outputs;
}
