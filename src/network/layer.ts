// One recurrent layer on a plan, in one direction or two: its share of the forward and the backward pass through time.

import type { Cell } from "../cells/cell";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import type * as dropoutOps from "../ops/dropout";
import { matmul, type View } from "../ops/matmul";
import type { Slabs } from "../ops/operands";
import {
  isScanned,
  recurrenceBackward,
  recurrenceForward,
  type Sweep,
  type SweepSchedule,
  takesTokens,
} from "../ops/recurrence";
import type * as scanOps from "../ops/scan";
import { tokenGather, tokenGatherGradient } from "../ops/token-gather";

/**
 * The parameters of one direction: W [I, G·H], b [G·H], and where the cell has them U [H, G·H] or u [G, H], b_r [H] and
 * [P, H].
 */
export interface DirectionParameters<Kind> {
  inputWeight: Kind;
  recurrentWeight?: Kind | undefined;
  bias: Kind;
  recurrentBias?: Kind | undefined;
  unitParameters?: Kind | undefined;
}

/** What one direction computes in; it lives as long as the pass. */
export interface Direction {
  parameters: DirectionParameters<PlannedTensor>;
  /** [T, B, G·H]: a, then the gates, then their gradients. */
  gate: PlannedTensor;
  /** [S·(T + 1), B, H] in sweep order, state after state: slab 0 is c_0. */
  cellState?: PlannedTensor | undefined;
  /** [T, B, H] */
  candidate?: PlannedTensor | undefined;
  /**
   * [`carriesOf`, B, H]: what passes back beside the product; at the end slab 1 + s is the gradient of the initial state s.
   */
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

export type ScanOps = Pick<typeof scanOps, "scanForward" | "scanBackward">;

export interface Layer {
  cell: Cell;
  /** Where the units of the cell do not meet. */
  scan?: ScanOps | undefined;
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
  parameters: DirectionParameters<Slabs>[];
  /** Where wanted: dL/dx, like the inputs. */
  dInputs?: PlannedTensor | undefined;
}

/** h_1 … h_T of a layer. */
export const stepsOf = (hidden: PlannedTensor, steps: number, batch: number): View => ({
  tensor: hidden,
  rows: [batch, steps * batch],
});

const sweepOf = ({ cell, lengths, hidden }: Layer, direction: Direction, part: number) => ({
  ...direction,
  ...direction.parameters,
  cell,
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
    if (layer.swept) continue;
    const sweep = sweepOf(layer, direction, part);
    if (isScanned(layer.cell)) layer.scan!.scanForward(plan, sweep);
    else recurrenceForward(plan, { ...sweep, ...fullOf(layer, direction), oneHot });
  }
}

/** What the sweeps of a cell that has a full U take beside. */
const fullOf = ({ schedule }: Layer, { parameters }: Direction) => ({
  schedule,
  recurrentWeight: parameters.recurrentWeight!,
});

/** da from T back to 1, then dU = Σ h_{t−1}ᵀ·da_t, dW = Σ x_tᵀ·da_t, db = Σ da_t, and dx = da·Wᵀ, in each direction. */
export function layerBackward(plan: Plan, layer: Layer, { dOutput, parameters, dInputs }: LayerGradients): void {
  const { inputs, cell } = layer;
  for (const [part, direction] of layer.directions.entries()) {
    const { gate, carry, dHidden } = direction;
    const gradients = parameters[part]!;
    const { inputWeight: dWeight, recurrentWeight: dRecurrent, bias: dBias } = gradients;
    const back = {
      ...sweepOf(layer, direction, part),
      dOutput,
      carry: carry!,
      dHidden,
      dUnitParameters: gradients.unitParameters,
      continued: layer.continued,
    };
    if (isScanned(cell)) layer.scan!.scanBackward(plan, { ...back, dRecurrent });
    else if (!layer.swept) recurrenceBackward(plan, { ...back, ...fullOf(layer, direction) });
    // db goes with a product of all gates: that of dU, or where there is none, that of dW.
    const rest = isScanned(cell) || addRecurrentGradients(plan, layer, part, gradients) ? dBias : undefined;
    const dW = { label: `dW = Σ x_tᵀ·da_t${rest ? ", db = Σ da_t" : ""}` };
    const { rowsByToken } = layer;
    if (rowsByToken) tokenGatherGradient(plan, { ...dW, ...rowsByToken, dOut: gate, dWeight, dBias: rest });
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

/** dU = Σ h_{t−1}ᵀ·da_t, and db_r. @returns whether db is still to be added: the product of a candidate is another's. */
function addRecurrentGradients(
  plan: Plan,
  { hidden, cell, directions }: Layer,
  part: number,
  { recurrentWeight, recurrentBias, bias }: DirectionParameters<Slabs>,
): boolean {
  const { gate, candidate } = directions[part]!;
  const [steps = 0, batch = 0] = gate.shape;
  const before: View = { tensor: hidden, rows: [part === 1 ? 2 * batch : 0, steps * batch], parts: [part, 1] };
  const summed = cell.candidate ? cell.gates - 1 : cell.gates;
  const dU = { label: "dU = Σ h_{t−1}ᵀ·da_t", transpose: "a" } as const;
  const gates: View = { tensor: gate, parts: [0, summed] };
  const ofAll = cell.candidate ? undefined : bias;
  const label = `${dU.label}${ofAll ? ", db = Σ da_t" : ""}`;
  const out = recurrentWeight!;
  matmul(plan, { ...dU, label, a: before, b: gates, out: { ...out, parts: [0, summed] }, bSum: ofAll });
  if (candidate && recurrentBias) {
    const last: View = { tensor: gate, parts: [summed, 1] };
    const [a, b] = cell.candidate === "apart" ? [before, { tensor: candidate }] : [{ tensor: candidate }, last];
    const own = { ...out, parts: [summed, 1] as const };
    matmul(plan, { ...dU, label: `${dU.label}, db_r`, a, b, out: own, bSum: recurrentBias });
  }
  return ofAll === undefined;
}
