// The recurrent layers of a network on a plan, each reading the one below, with dropout between them.

import type { Cell } from "../cells/cell";
import { cellOf } from "../cells/cells";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import type { Slabs } from "../ops/operands";
import { carriesOf, type SweepSchedule } from "../ops/recurrence";
import { directionsOf, type NetworkConfig } from "./config";
import {
  type Direction,
  type DirectionParameters,
  type DropoutOps,
  type Layer,
  layerBackward,
  layerForward,
  type RowsByToken,
  type ScanOps,
  stepsOf,
} from "./layer";
import { prefixOf } from "./parameters";

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
  /** For cells whose units do not meet. */
  scan?: ScanOps | undefined;
  /** Whether the steps are a stretch of a longer time. */
  continued?: boolean;
  /** With `step`, u32 [2], the training step and the number of the first row: without it nothing is dropped. */
  dropped?: { ops: DropoutOps; step: PlannedTensor } | undefined;
  /** Allocates what the layers compute in; the plan unless given. */
  allocator?: Pick<Plan, "tensor">;
}

/** The ways through a stack: a layer after the other, unless others are loaded. */
export type Stacking = typeof layerByLayer;

export const layerByLayer = { createStack, stackForward, stackBackward };

/** Allocates the layers over `inputs` (tokens, i32 [T, B], or features [T, B, I]) and `lengths`, i32 [B]. */
export function createStack(
  plan: Plan,
  config: NetworkConfig,
  parameters: Readonly<Record<string, PlannedTensor>>,
  inputs: PlannedTensor,
  lengths: PlannedTensor,
  {
    steps,
    batch,
    schedule,
    gradients = false,
    traceGradients = false,
    rowsByToken,
    scan,
    continued,
    dropped,
    allocator = plan,
  }: StackOptions,
): Layer[] {
  const cell = cellOf(config);
  const { hidden: width, dropout: rate, seed } = config;
  const directionCount = directionsOf(config);
  const both = { parts: directionCount };
  const layers: Layer[] = [];
  for (let number = 0; number < config.layers; number++) {
    const below = layers.at(-1);
    const directions = Array.from({ length: directionCount }, (_, part): Direction => {
      return {
        parameters: parametersOf((name) => parameters[prefixOf(number, part) + name]!, cell),
        gate: allocator.tensor("gate", [steps, batch, cell.gates * width], { parts: cell.gates }),
        cellState:
          cell.states > 0 ? allocator.tensor("cellState", [cell.states * (steps + 1), batch, width]) : undefined,
        candidate: cell.candidate && allocator.tensor("candidate", [steps, batch, width]),
        carry: gradients ? allocator.tensor("carry", [carriesOf(cell), batch, width]) : undefined,
        dHidden: traceGradients ? allocator.tensor("dHidden", [steps + 1, batch, width]) : undefined,
      };
    });
    const masked = below && rate > 0 ? dropped : undefined;
    const x = below ? stepsOf(below.hidden, steps, batch) : { tensor: inputs };
    layers.push({
      cell,
      scan,
      schedule,
      inputs: masked ? { tensor: plan.tensor("dropped", [steps, batch, directionCount * width], both) } : x,
      continued,
      rowsByToken: below ? undefined : rowsByToken,
      dropout: masked && { ...masked, x, rate, seed, layer: number },
      lengths,
      hidden: allocator.tensor("hidden", [steps + directionCount, batch, directionCount * width], both),
      directions,
    });
  }
  return layers;
}

/** From the lowest layer to the highest. */
export function stackForward(plan: Plan, layers: readonly Layer[]): void {
  for (const layer of layers) layerForward(plan, layer);
}

/** dL/dh of each layer but the highest, from the one that reads it: [T, B, D·H]. */
export function tensorsBetween(plan: Plan, layers: readonly Layer[]): PlannedTensor[] {
  return layers.slice(0, -1).map(({ hidden, directions }) => {
    const [steps = 0, batch = 0] = directions[0]!.gate.shape;
    return plan.tensor("dOutput", [steps, batch, hidden.shape[2]!], { parts: directions.length });
  });
}

/**
 * From the highest layer to the lowest.
 * @param dOutput dL/dh of what reads the highest: [T, B, D·H] or [B, D·H]
 * @param slabs where the gradient of a parameter goes
 * @param dInputs where wanted, dL/dx [T, B, I]
 * @param between as `tensorsBetween` makes them
 */
export function stackBackward(
  plan: Plan,
  layers: readonly Layer[],
  dOutput: PlannedTensor,
  slabs: (name: string) => Slabs,
  dInputs: PlannedTensor | undefined,
  between: readonly PlannedTensor[] = tensorsBetween(plan, layers),
): void {
  let dHidden = dOutput;
  for (const [number, layer] of [...layers.entries()].reverse()) {
    const dBelow = number > 0 ? between[number - 1] : dInputs;
    const gradients = layer.directions.map((_, part) =>
      parametersOf((name) => slabs(prefixOf(number, part) + name), layer.cell),
    );
    layerBackward(plan, layer, { dOutput: dHidden, parameters: gradients, dInputs: dBelow });
    if (dBelow) dHidden = dBelow;
  }
}

const parametersOf = <Kind>(
  named: (name: string) => Kind,
  { candidate, recurrent, unitParameters }: Cell,
): DirectionParameters<Kind> => ({
  inputWeight: named("inputWeight"),
  recurrentWeight: recurrent === "none" ? undefined : named("recurrentWeight"),
  bias: named("bias"),
  recurrentBias: candidate ? named("recurrentBias") : undefined,
  unitParameters: unitParameters.length > 0 ? named("unitParameters") : undefined,
});
