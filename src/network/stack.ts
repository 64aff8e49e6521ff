// The recurrent layers of a network on a plan, each reading the one below, with dropout between them.

import { carriesOf } from "../cells/cell";
import type { Plan } from "../gpu/plan";
import type { ElementType, PlannedTensor } from "../gpu/tensor";
import type { View } from "../ops/matmul";
import type { Slabs } from "../ops/operands";
import type { SweepSchedule } from "../ops/recurrence";
import type { Sequence, StackedLayer } from "../parts/architecture";
import {
  type Direction,
  type DirectionSlabs,
  type Layer,
  type LayerOps,
  layerBackward,
  layerForward,
  learns,
  type RowsByToken,
  stepsOf,
} from "./layer";

export interface StackOptions {
  /** T and B */
  steps: number;
  batch: number;
  schedule: SweepSchedule | undefined;
  /** Whether there is a way back, and whether it leaves dL/dh_t. */
  gradients?: boolean;
  traceGradients?: boolean;
  /** Where the inputs are tokens and their gradient is wanted: u32 [I + 1] and u32 [T·B]. */
  rowsByToken?: RowsByToken | undefined;
  /** Whether the steps are a stretch of a longer time. */
  continued?: boolean;
  /** Whether what the layers begin with learns too. */
  reachesBeyond?: boolean;
  /** With `step`, u32 [2], the training step and the number of the first row, and the network's seed: without it nothing is dropped. */
  dropped?: { step: PlannedTensor; seed: number } | undefined;
  ops: LayerOps;
  /** Of what steps leave: h, gates and candidates. */
  type?: ElementType;
  /** Allocates what the layers compute in; the plan unless given. */
  allocator?: Pick<Plan, "tensor">;
}

/** The ways through a stack: a layer after the other, unless others are loaded. */
export type Stacking = typeof layerByLayer;

export const layerByLayer = { createStack, stackForward, stackBackward };

/** Allocates the layers over `inputs` (tokens, i32 [T, B], or x [T, B, I]) and `lengths`, i32 [B]. */
export function createStack(
  plan: Plan,
  { layers: stacked }: Sequence,
  parameters: Readonly<Record<string, PlannedTensor>>,
  inputs: PlannedTensor,
  lengths: PlannedTensor,
  options: StackOptions,
): Layer[] {
  const { steps, batch, schedule, rowsByToken, continued, reachesBeyond, dropped, ops, allocator = plan } = options;
  const { type = "f32" } = options;
  const layers: Layer[] = [];
  for (const stack of stacked) {
    const { mask, dropout: rate, hidden: size, width, directions: count } = stack;
    const below = layers.at(-1);
    const x: View = below ? stepsOf(below.hidden, steps, batch) : { tensor: inputs };
    const { parts = 1 } = x.tensor;
    const masked = rate > 0 ? dropped : undefined;
    const states = (name: string, width: number) =>
      allocator.tensor(name, [steps + count, batch, count * width], { parts: count, type });
    layers.push({
      cell: ops.cellOf!(stack),
      ops,
      schedule,
      inputs: masked ? { tensor: plan.tensor("dropped", [steps, batch, stack.inputs], { parts, type }) } : x,
      continued,
      reachesBeyond,
      rowsByToken: below ? undefined : rowsByToken,
      dropout: masked && { ...masked, x, rate, layer: mask },
      lengths,
      hidden: states("hidden", width),
      unprojected: stack.projection === undefined ? undefined : states("unprojected", size),
      directions: Array.from({ length: count }, (_, part) => direction(plan, stack, part, parameters, options)),
    });
  }
  return layers;
}

function direction(
  plan: Plan,
  layer: StackedLayer,
  part: number,
  parameters: Readonly<Record<string, PlannedTensor>>,
  { steps, batch, gradients = false, traceGradients = false, ops, type = "f32", allocator = plan }: StackOptions,
): Direction {
  const { hidden: width, projection, bias } = layer;
  const cell = ops.cellOf!(layer);
  const { gates, candidate, recurrent, states, unitParameters } = cell;
  const parts = gates;
  const name = layer.names[part]!;
  const named = (parameter: string) => parameters[name + parameter]!;
  return {
    name,
    parameters: {
      inputWeight: named("inputWeight"),
      recurrentWeight: recurrent === "none" ? undefined : named("recurrentWeight"),
      // A bias that is none is zero.
      bias: bias ? named("bias") : plan.tensor("noBias", [gates * width], { parts }),
      recurrentBias: candidate && (bias ? named("recurrentBias") : plan.tensor("noBias", [width])),
      projectionWeight: projection === undefined ? undefined : named("projectionWeight"),
      unitParameters: unitParameters.length > 0 ? named("unitParameters") : undefined,
    },
    gate: allocator.tensor("gate", [steps, batch, gates * width], { parts, type }),
    cellState: states > 0 ? allocator.tensor("cellState", [states * (steps + 1), batch, width]) : undefined,
    candidate: candidate && allocator.tensor("candidate", [steps, batch, width], { type }),
    carry: gradients ? allocator.tensor("carry", [carriesOf(cell), batch, width]) : undefined,
    dHidden: traceGradients ? allocator.tensor("dHidden", [steps + 1, batch, width]) : undefined,
    product: projection === undefined ? undefined : plan.tensor("P·U", [width, gates * width], { parts }),
  };
}

/** From the lowest layer to the highest. */
export function stackForward(plan: Plan, layers: readonly Layer[]): void {
  for (const layer of layers) layerForward(plan, layer);
}

/** Where the gradient of a parameter goes; undefined where it does not learn. */
type SlabsByName = (name: string) => Slabs | undefined;

/** The gradients of a layer's parameters, in each direction. */
const gradientsOf = ({ directions }: Layer, slabs: SlabsByName): DirectionSlabs[] =>
  directions.map(({ name, parameters }) =>
    Object.fromEntries(Object.keys(parameters).map((parameter) => [parameter, slabs(name + parameter)])),
  );

/**
 * The lowest layer of which a parameter learns, or what it begins with: the way back ends there. As many as there are where
 * none does.
 */
export function lowestToLearn(layers: readonly Layer[], slabs: SlabsByName): number {
  const lowest = layers.findIndex((layer) => layer.reachesBeyond || gradientsOf(layer, slabs).some(learns));
  return lowest < 0 ? layers.length : lowest;
}

/** dL/dh of each layer from the lowest that the way back reaches to the highest but one, from what reads it: [T, B, D·H]. */
export function tensorsBetween(plan: Plan, layers: readonly Layer[], lowest: number): PlannedTensor[] {
  const between: PlannedTensor[] = [];
  for (const [number, { hidden, directions }] of layers.slice(0, -1).entries()) {
    const [steps = 0, batch = 0] = directions[0]!.gate.shape;
    const { type, shape } = hidden;
    const more = { parts: directions.length, type };
    if (number >= lowest) between[number] = plan.tensor("dOutput", [steps, batch, shape[2]!], more);
  }
  return between;
}

/**
 * From the highest layer to the lowest that the way back reaches.
 * @param dOutput dL/dh of what reads the highest: [T, B, D·H] or [B, D·H]
 * @param slabs where the gradient of a parameter goes, if it learns
 * @param dInputs where wanted, dL/dx [T, B, I]
 * @param between as `tensorsBetween` makes them
 */
export function stackBackward(
  plan: Plan,
  layers: readonly Layer[],
  dOutput: PlannedTensor,
  slabs: SlabsByName,
  dInputs: PlannedTensor | undefined,
  between: readonly PlannedTensor[] = tensorsBetween(plan, layers, dInputs ? 0 : lowestToLearn(layers, slabs)),
): void {
  let dHidden = dOutput;
  for (const [number, layer] of [...layers.entries()].reverse()) {
    const dBelow = number > 0 ? between[number - 1] : dInputs;
    layerBackward(plan, layer, { dOutput: dHidden, parameters: gradientsOf(layer, slabs), dInputs: dBelow });
    if (dBelow) dHidden = dBelow;
  }
}
