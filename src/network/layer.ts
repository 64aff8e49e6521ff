// One recurrent layer on a plan, in one direction or two: its share of the forward and the backward pass through time.

import type { Cell } from "../cells/cell";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import type * as dropoutOps from "../ops/dropout";
import { matmul, type View } from "../ops/matmul";
import type { Slabs } from "../ops/operands";
import { recurrenceBackward, recurrenceForward, type Sweep, type SweepSchedule, takesTokens } from "../ops/recurrence";
import { rowSum } from "../ops/row-sum";
import { tokenGather, tokenGatherGradient } from "../ops/token-gather";

/** The parameters of one direction: W [I, G·H], U [H, G·H], b [G·H], and b_r [H] where the cell has one. */
export interface DirectionParameters<Kind> {
  inputWeight: Kind;
  recurrentWeight: Kind;
  bias: Kind;
  recurrentBias?: Kind | undefined;
}

/** What one direction computes in; it lives as long as the pass. */
export interface Direction {
  parameters: DirectionParameters<PlannedTensor>;
  /** [T, B, G·H]: a, then the gates, then their gradients. */
  gate: PlannedTensor;
  /** [T + 1, B, H] in sweep order, slab 0 is c_0. */
  cellState?: PlannedTensor | undefined;
  /** [T, B, H] */
  candidate?: PlannedTensor | undefined;
  /** [1 or 2, B, H]: what passes back beside the product; at the end the second is dL/dc_0. */
  carry?: PlannedTensor | undefined;
  /** [T + 1, B, H] in sweep order: dL/dh by all paths, where wanted. */
  dHidden?: PlannedTensor | undefined;
}

/** The rows of a batch of tokens, sorted by token. */
export interface RowsByToken {
  tokenStart: PlannedTensor;
  tokenOrder: PlannedTensor;
}

/** Loaded where they are needed. */
export type DropoutOps = Pick<typeof dropoutOps, "dropout" | "dropoutGradient">;

export interface Layer {
  cell: Cell;
  schedule: SweepSchedule | undefined;
  /** Tokens, i32 [T, B], or features [T, B, I], or the steps of the layer below, dropped out where `dropout` says. */
  inputs: View;
  rowsByToken?: RowsByToken | undefined;
  /** Whether the sweeps are left out: others go through all layers at once. */
  swept?: boolean;
  /** Whether the sweep back goes on from what a later stretch of time left in `carry`. */
  continued?: boolean | undefined;
  /** The steps of the layer below, `step` u32 [2], and what the mask is drawn from. */
  dropout?: { ops: DropoutOps; x: View; step: PlannedTensor; rate: number; seed: number; layer: number } | undefined;
  /** i32 [B] */
  lengths: PlannedTensor;
  /** [T + D, B, D·H]: slab t is h_t of both directions, slab 0 and slab T + 1 their initial states. */
  hidden: PlannedTensor;
  directions: Direction[];
}

export interface LayerGradients {
  /** dL/dh from what reads this layer: [T, B, D·H], or [B, D·H] at the end of each sweep. */
  dOutput: PlannedTensor;
  /** Undefined for those that do not learn. */
  parameters: DirectionParameters<Slabs | undefined>[];
  /** Where wanted: dL/dx, like the inputs. */
  dInputs?: PlannedTensor | undefined;
}

/** Whether a direction has a parameter whose gradient is wanted. */
export const learns = (gradients: DirectionParameters<Slabs | undefined>): boolean =>
  Object.values(gradients).some((slabs) => slabs !== undefined);

/** h_1 … h_T of a layer. */
export const stepsOf = (hidden: PlannedTensor, steps: number, batch: number): View => ({
  tensor: hidden,
  rows: [batch, steps * batch],
});

const sweepOf = ({ cell, schedule, lengths, hidden }: Layer, direction: Direction, part: number): Sweep => ({
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
  return tokens && takesTokens(plan.traits, layer.cell) ? { tokens, inputWeight, bias } : undefined;
}

/** a = x·W + b, then the sweep, in each direction. */
export function layerForward(plan: Plan, layer: Layer): void {
  const { inputs } = layer;
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
    if (!layer.swept) recurrenceForward(plan, { ...sweepOf(layer, direction, part), oneHot });
  }
}

/**
 * da from T back to 1, then dU = Σ h_{t−1}ᵀ·da_t, dW = Σ x_tᵀ·da_t, db = Σ da_t, and dx = da·Wᵀ, in each direction: of
 * these, what is wanted; nothing at all of a direction of which nothing is.
 */
export function layerBackward(plan: Plan, layer: Layer, { dOutput, parameters, dInputs }: LayerGradients): void {
  const { inputs, hidden, cell } = layer;
  for (const [part, direction] of layer.directions.entries()) {
    const { gate, candidate, carry, dHidden } = direction;
    const gradients = parameters[part]!;
    if (!dInputs && !learns(gradients)) continue;
    if (!layer.swept) {
      recurrenceBackward(plan, {
        ...sweepOf(layer, direction, part),
        dOutput,
        carry: carry!,
        dHidden,
        continued: layer.continued,
      });
    }
    const [steps = 0, batch = 0] = gate.shape;
    const before: View = { tensor: hidden, rows: [part === 1 ? 2 * batch : 0, steps * batch], parts: [part, 1] };
    const summed = cell.candidate ? cell.gates - 1 : cell.gates;
    const dU = { label: "dU = Σ h_{t−1}ᵀ·da_t", transpose: "a" } as const;
    const gates: View = { tensor: gate, parts: [0, summed] };
    const { inputWeight: dWeight, recurrentWeight: dRecurrent, bias: dBias, recurrentBias: dRecurrentBias } = gradients;
    // db goes with a product of all gates: that of dU, or where it has a candidate's apart, that of dW.
    const ofAll = dRecurrent && !cell.candidate ? dBias : undefined;
    if (dRecurrent) {
      const label = `${dU.label}${ofAll ? ", db = Σ da_t" : ""}`;
      matmul(plan, { ...dU, label, a: before, b: gates, out: { ...dRecurrent, parts: [0, summed] }, bSum: ofAll });
    }
    if (candidate) {
      const last: View = { tensor: gate, parts: [summed, 1] };
      const [a, b] = cell.candidate === "apart" ? [before, { tensor: candidate }] : [{ tensor: candidate }, last];
      if (dRecurrent) {
        const label = `${dU.label}${dRecurrentBias ? ", db_r" : ""}`;
        const out = { ...dRecurrent, parts: [summed, 1] as const };
        matmul(plan, { ...dU, label, a, b, out, bSum: dRecurrentBias });
      } else if (dRecurrentBias) rowSum(plan, { label: "db_r = Σ", x: b, sum: dRecurrentBias });
    }
    const rest = ofAll ? undefined : dBias;
    const dW = { label: `dW = Σ x_tᵀ·da_t${rest ? ", db = Σ da_t" : ""}` };
    const { rowsByToken } = layer;
    if (!dWeight) {
      if (rest) rowSum(plan, { label: "db = Σ da_t", x: { tensor: gate }, sum: rest });
    } else if (rowsByToken) tokenGatherGradient(plan, { ...dW, ...rowsByToken, dOut: gate, dWeight, dBias: rest });
    else matmul(plan, { ...dW, transpose: "a", a: inputs, b: { tensor: gate }, out: dWeight, bSum: rest });
    if (dInputs) {
      const weight = { tensor: direction.parameters.inputWeight };
      const out = { tensor: dInputs };
      matmul(plan, {
        label: "dx = da·Wᵀ",
        transpose: "b",
        a: { tensor: gate },
        b: weight,
        out,
        accumulate: part === 1,
      });
    }
  }
  if (dInputs && layer.dropout) {
    const { ops, x: _, ...mask } = layer.dropout;
    ops.dropoutGradient(plan, { label: "dh = dropout'(dx)", ...mask, dOut: dInputs });
  }
}
