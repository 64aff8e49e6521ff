// One recurrent layer on a plan, in one direction or two: its share of the forward and the backward pass through time.

import type { Cell } from "../cells/cell";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import type * as dropoutOps from "../ops/dropout";
import { matmul, type View } from "../ops/matmul";
import type { Slabs } from "../ops/operands";
import { recurrenceBackward, recurrenceForward, type Sweep, type SweepSchedule, takesTokens } from "../ops/recurrence";
import { tokenGather, tokenGatherGradient } from "../ops/token-gather";
import type * as projections from "./projection";

/**
 * The parameters of one direction: W [I, G·H], U [H, G·H] or, of a projected h, [P, G·H], b [G·H], and where the cell or
 * the layer has them b_r [H] and the projection [H, P].
 */
export interface DirectionParameters<Kind, Bias = Kind> {
  inputWeight: Kind;
  recurrentWeight: Kind;
  bias: Bias;
  recurrentBias?: Bias | undefined;
  projectionWeight?: Kind | undefined;
  /** [P, H], where the cell has them. */
  unitParameters?: Kind | undefined;
}

/** Where gradients go; undefined where a bias is none, but zero. */
export type DirectionSlabs = DirectionParameters<Slabs, Slabs | undefined>;

/** What one direction computes in; it lives as long as the pass. */
export interface Direction {
  /** How the names of its parameters and states begin. */
  name: string;
  parameters: DirectionParameters<PlannedTensor>;
  /** [T, B, G·H]: a, then the gates, then their gradients. */
  gate: PlannedTensor;
  /** [S·(T + 1), B, H] in sweep order, state after state: slab 0 is c_0. */
  cellState?: PlannedTensor | undefined;
  /** [T, B, H] */
  candidate?: PlannedTensor | undefined;
  /** [1 + S + P, B, H]: what passes back beside the product; at the end slab 1 + s is the gradient of the initial state s. */
  carry?: PlannedTensor | undefined;
  /** [T + 1, B, H] in sweep order: dL/dh by all paths, where wanted. */
  dHidden?: PlannedTensor | undefined;
  /** Where h is projected, P·U [H, G·H]: the recurrent weight of the sweeps. */
  product?: PlannedTensor | undefined;
}

/** The rows of a batch of tokens, sorted by token. */
export interface RowsByToken {
  tokenStart: PlannedTensor;
  tokenOrder: PlannedTensor;
}

/** Loaded where they are needed. */
export type DropoutOps = Pick<typeof dropoutOps, "dropout" | "dropoutGradient">;
export type ProjectionOps = Pick<typeof projections, "projectedForward" | "projectedBackward">;

export interface Layer {
  cell: Cell;
  schedule: SweepSchedule | undefined;
  /** Tokens, i32 [T, B], or x [T, B, I], or the steps of the layer below, dropped out where `dropout` says. */
  inputs: View;
  /** Where the inputs are tokens. */
  rowsByToken?: RowsByToken | undefined;
  /** Whether the sweeps are left out: others go through all layers at once. */
  swept?: boolean;
  /** Whether the sweep back goes on from what a later stretch of time left in `carry`. */
  continued?: boolean | undefined;
  /** What is read, `step` u32 [2], and what the mask is drawn from. */
  dropout?: { ops: DropoutOps; x: View; step: PlannedTensor; rate: number; seed: number; layer: number } | undefined;
  /** i32 [B] */
  lengths: PlannedTensor;
  /** [T + D, B, D·H]: slab t is h_t of both directions, slab 0 and slab T + 1 their initial states. Projected, [T + D, B, D·P]. */
  hidden: PlannedTensor;
  /** Where h is projected: what is, alike with H, from which the sweeps make their steps. */
  projection?: { ops: ProjectionOps; unprojected: PlannedTensor } | undefined;
  directions: Direction[];
}

export interface LayerGradients {
  /** dL/dh from what reads this layer: [T, B, D·H], or [B, D·H] at the end of each sweep. */
  dOutput: PlannedTensor;
  parameters: DirectionSlabs[];
  /** Where wanted: dL/dx, like the inputs. */
  dInputs?: PlannedTensor | undefined;
}

/** h_1 … h_T of a layer. */
export const stepsOf = (hidden: PlannedTensor, steps: number, batch: number): View => ({
  tensor: hidden,
  rows: [batch, steps * batch],
});

/** Where the sweep of a direction ends: one row a sequence. */
export const endOf = (hidden: PlannedTensor, steps: number, batch: number, part: number): View => ({
  tensor: hidden,
  rows: [(part === 1 ? 1 : steps) * batch, batch],
  parts: [part, 1],
});

/** What a direction's sweep needs, but for what a projection has in other places. */
export const sweepOf = ({ cell, schedule, lengths, hidden }: Layer, direction: Direction, part: number): Sweep => ({
  ...direction,
  ...direction.parameters,
  cell,
  schedule,
  lengths,
  hidden,
  part,
  reverse: part === 1,
});

const tokensOf = ({ inputs: { tensor } }: Layer): PlannedTensor | undefined =>
  tensor.type === "i32" ? tensor : undefined;

/** What the sweep forward needs to take tokens, where it does. */
export function oneHotOf(plan: Plan, layer: Layer, { parameters: { inputWeight, bias } }: Direction): Sweep["oneHot"] {
  const tokens = tokensOf(layer);
  if (!tokens || layer.projection || !takesTokens(plan.traits, layer.cell)) return undefined;
  return { tokens, inputWeight, bias };
}

/** a = x·W + b, then the sweep, in each direction. */
export function layerForward(plan: Plan, layer: Layer): void {
  const { inputs, projection } = layer;
  if (layer.dropout) {
    const { ops, ...mask } = layer.dropout;
    ops.dropout(plan, { label: "x = dropout(h)", ...mask, out: inputs.tensor });
  }
  for (const [part, direction] of layer.directions.entries()) {
    const { gate, parameters } = direction;
    const { inputWeight: weight, bias } = parameters;
    const label = "a = x·W + b";
    const tokens = tokensOf(layer);
    const oneHot = oneHotOf(plan, layer, direction);
    if (tokens && !oneHot) tokenGather(plan, { label, tokens, weight, bias, out: gate });
    else if (!tokens) matmul(plan, { label, a: inputs, b: { tensor: weight }, out: { tensor: gate }, bias });
    if (projection) projection.ops.projectedForward(plan, layer, direction, part);
    else if (!layer.swept) recurrenceForward(plan, { ...sweepOf(layer, direction, part), oneHot });
  }
}

/** da from T back to 1, then dU = Σ h_{t−1}ᵀ·da_t, dW = Σ x_tᵀ·da_t, db = Σ da_t, and dx = da·Wᵀ, in each direction. */
export function layerBackward(plan: Plan, layer: Layer, { dOutput, parameters, dInputs }: LayerGradients): void {
  const { inputs, cell, continued, projection } = layer;
  for (const [part, direction] of layer.directions.entries()) {
    const { gate, carry, dHidden } = direction;
    const gradients = parameters[part]!;
    if (projection) {
      projection.ops.projectedBackward(plan, layer, direction, part, dOutput, gradients);
    } else {
      if (!layer.swept) {
        const sweep = sweepOf(layer, direction, part);
        const { unitParameters: dUnitParameters } = gradients;
        recurrenceBackward(plan, { ...sweep, dOutput, carry: carry!, dHidden, dUnitParameters, continued });
      }
      recurrentGradients(plan, layer, direction, part, gradients);
    }
    // db goes with the product of dU where that takes all gates.
    const bSum = cell.candidate || projection ? gradients.bias : undefined;
    const dW = { label: `dW = Σ x_tᵀ·da_t${bSum ? ", db = Σ da_t" : ""}` };
    const { rowsByToken } = layer;
    const out = gradients.inputWeight;
    if (rowsByToken) tokenGatherGradient(plan, { ...dW, ...rowsByToken, dOut: gate, dWeight: out, dBias: bSum });
    else matmul(plan, { ...dW, transpose: "a", a: inputs, b: { tensor: gate }, out, bSum });
    if (dInputs) {
      const b = { tensor: direction.parameters.inputWeight };
      const to = { out: { tensor: dInputs }, accumulate: part === 1 };
      matmul(plan, { label: "dx = da·Wᵀ", transpose: "b", a: { tensor: gate }, b, ...to });
    }
  }
  if (dInputs && layer.dropout) {
    const { ops, x: _, ...mask } = layer.dropout;
    ops.dropoutGradient(plan, { label: "dh = dropout'(dx)", ...mask, dOut: dInputs });
  }
}

/** dU, with db where it takes all gates, and db_r. */
function recurrentGradients(
  plan: Plan,
  { hidden, cell }: Layer,
  { gate, candidate }: Direction,
  part: number,
  { recurrentWeight: out, bias, recurrentBias }: DirectionSlabs,
): void {
  const [steps = 0, batch = 0] = gate.shape;
  const before: View = { tensor: hidden, rows: [part === 1 ? 2 * batch : 0, steps * batch], parts: [part, 1] };
  const summed = cell.candidate ? cell.gates - 1 : cell.gates;
  const dU = { label: "dU = Σ h_{t−1}ᵀ·da_t", transpose: "a" } as const;
  const bSum = cell.candidate ? undefined : bias;
  const label = `${dU.label}${bSum ? ", db = Σ da_t" : ""}`;
  matmul(plan, {
    ...{ ...dU, label, a: before, bSum },
    b: { tensor: gate, parts: [0, summed] },
    out: { ...out, parts: [0, summed] },
  });
  if (!candidate) return;
  const last: View = { tensor: gate, parts: [summed, 1] };
  const [a, b] = cell.candidate === "apart" ? [before, { tensor: candidate }] : [{ tensor: candidate }, last];
  const sum = { label: `${dU.label}${recurrentBias ? ", db_r" : ""}`, bSum: recurrentBias };
  matmul(plan, { ...dU, ...sum, a, b, out: { ...out, parts: [summed, 1] } });
}
