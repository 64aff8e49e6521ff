// One recurrent layer on a plan, in one direction or two: its share of the forward and the backward pass through time.

import { type Cell, isScanned } from "../cells/cell";
import type { NamedCell } from "../cells/cells";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import type * as dropoutOps from "../ops/dropout";
import { matmul, type View } from "../ops/matmul";
import type { Slabs } from "../ops/operands";
import type * as recurrenceOps from "../ops/recurrence";
import type { Sweep, SweepSchedule } from "../ops/recurrence";
import type * as rowSumOps from "../ops/row-sum";
import type * as scanOps from "../ops/scan";
import type * as tokenOps from "../ops/token-gather";
import type * as projections from "./projection";

/**
 * The parameters of one direction: W [I, G·H], b [G·H], and where the cell or the layer has them U [H, G·H], of a projected
 * h [P, G·H], or u [G, H], b_r [H], the projection [H, P] and unit parameters.
 */
export interface DirectionParameters<Kind> {
  inputWeight: Kind;
  recurrentWeight?: Kind | undefined;
  bias: Kind;
  recurrentBias?: Kind | undefined;
  projectionWeight?: Kind | undefined;
  /** [P, H], where the cell has them. */
  unitParameters?: Kind | undefined;
}

/** Where gradients go; undefined for those that do not learn, or are none. */
export type DirectionSlabs = Partial<DirectionParameters<Slabs | undefined>>;

/** Whether a direction has a parameter whose gradient is wanted. */
export const learns = (gradients: DirectionSlabs): boolean =>
  Object.values(gradients).some((slabs) => slabs !== undefined);

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

/** Operations of layers, each loaded where it is needed. */
export interface LayerOps {
  /** The cells, by what names them. */
  readonly cellOf?: ((options: NamedCell) => Cell) | undefined;
  /** For cells whose units meet, and for those whose units do not. */
  readonly recurrence?: typeof recurrenceOps | undefined;
  readonly scan?: typeof scanOps | undefined;
  /** Where the inputs are tokens. */
  readonly tokens?: typeof tokenOps | undefined;
  readonly dropout?: typeof dropoutOps | undefined;
  readonly projection?: typeof projections | undefined;
  /** Where there is a way back. */
  readonly rowSums?: typeof rowSumOps | undefined;
}

export interface Layer {
  cell: Cell;
  ops: LayerOps;
  schedule: SweepSchedule | undefined;
  /** Tokens, i32 [T, B], or x [T, B, I], or the steps of the layer below, dropped out where `dropout` says. */
  inputs: View;
  /** Where the inputs are tokens. */
  rowsByToken?: RowsByToken | undefined;
  /** Whether the sweeps are left out: others go through all layers at once. */
  swept?: boolean;
  /** Whether what it begins with learns too. */
  reachesBeyond?: boolean | undefined;
  /** Whether the sweep back goes on from what a later stretch of time left in `carry`. */
  continued?: boolean | undefined;
  /** What is read, `step` u32 [2], and what the mask is drawn from. */
  dropout?: { x: View; step: PlannedTensor; rate: number; seed: number; layer: number } | undefined;
  /** i32 [B] */
  lengths: PlannedTensor;
  /** [T + D, B, D·H]: slab t is h_t of both directions, slab 0 and slab T + 1 their initial states. Projected, [T + D, B, D·P]. */
  hidden: PlannedTensor;
  /** Where h is projected: what is, alike with H, from which the sweeps make their steps. */
  unprojected?: PlannedTensor | undefined;
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

/** What a direction's sweep needs. */
export const sweepOf = ({ cell, lengths, hidden }: Layer, direction: Direction, part: number) => ({
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

/** What the sweeps of a cell that has a full U take beside. */
export const fullOf = ({ schedule }: Layer, { parameters, product }: Direction) => ({
  schedule,
  recurrentWeight: (product ?? parameters.recurrentWeight)!,
});

/** What the sweep forward needs to take tokens, where it does. */
export function oneHotOf(plan: Plan, layer: Layer, { parameters: { inputWeight, bias } }: Direction): Sweep["oneHot"] {
  const tokens = tokensOf(layer);
  if (!tokens || layer.unprojected || !layer.ops.recurrence?.takesTokens(plan.traits, layer.cell)) return undefined;
  return { tokens, inputWeight, bias };
}

/** a = x·W + b, then the sweep, in each direction. */
export function layerForward(plan: Plan, layer: Layer): void {
  const { inputs, ops } = layer;
  if (layer.dropout) ops.dropout!.dropout(plan, { label: "x = dropout(h)", ...layer.dropout, out: inputs.tensor });
  for (const [part, direction] of layer.directions.entries()) {
    const { gate, parameters } = direction;
    const { inputWeight: weight, bias } = parameters;
    const label = "a = x·W + b";
    const tokens = tokensOf(layer);
    const oneHot = oneHotOf(plan, layer, direction);
    if (tokens && !oneHot) ops.tokens!.tokenGather(plan, { label, tokens, weight, bias, out: gate });
    else if (!tokens) matmul(plan, { label, a: inputs, b: { tensor: weight }, out: { tensor: gate }, bias });
    if (layer.swept) continue;
    const sweep = sweepOf(layer, direction, part);
    if (layer.unprojected) ops.projection!.projectedForward(plan, layer, direction, part);
    else if (isScanned(layer.cell)) ops.scan!.scanForward(plan, sweep);
    else ops.recurrence!.recurrenceForward(plan, { ...sweep, ...fullOf(layer, direction), oneHot });
  }
}

/**
 * da from T back to 1, then dU = Σ h_{t−1}ᵀ·da_t, dW = Σ x_tᵀ·da_t, db = Σ da_t, and dx = da·Wᵀ, in each direction: of
 * these, what is wanted; nothing at all of a direction of which nothing is.
 */
export function layerBackward(plan: Plan, layer: Layer, { dOutput, parameters, dInputs }: LayerGradients): void {
  for (const [part, direction] of layer.directions.entries()) {
    const gradients = parameters[part]!;
    if (!layer.reachesBeyond && !dInputs && !learns(gradients)) continue;
    const summed = sweepBackward(plan, layer, direction, part, dOutput, gradients);
    inputGradients(plan, layer, direction, { ...gradients, bias: summed ? undefined : gradients.bias });
    if (dInputs) {
      const b = { tensor: direction.parameters.inputWeight };
      const to = { out: { tensor: dInputs }, accumulate: part === 1 };
      matmul(plan, { label: "dx = da·Wᵀ", transpose: "b", a: { tensor: direction.gate }, b, ...to });
    }
  }
  if (dInputs && layer.dropout) {
    const { x: _, ...mask } = layer.dropout;
    layer.ops.dropout!.dropoutGradient(plan, { label: "dh = dropout'(dx)", ...mask, dOut: dInputs });
  }
}

/** The sweep back, and the gradients of what it goes through. @returns whether db is among them. */
function sweepBackward(
  plan: Plan,
  layer: Layer,
  direction: Direction,
  part: number,
  dOutput: PlannedTensor,
  gradients: DirectionSlabs,
): boolean {
  const { cell, continued, ops } = layer;
  const { carry, dHidden } = direction;
  if (layer.unprojected) {
    ops.projection!.projectedBackward(plan, layer, direction, part, dOutput, gradients);
    return false;
  }
  const { unitParameters: dUnitParameters, recurrentWeight: dRecurrent } = gradients;
  const sweep = { ...sweepOf(layer, direction, part), dOutput, carry: carry!, dHidden, dUnitParameters, continued };
  if (isScanned(cell)) {
    ops.scan!.scanBackward(plan, { ...sweep, dRecurrent });
    return false;
  }
  if (!layer.swept) ops.recurrence!.recurrenceBackward(plan, { ...sweep, ...fullOf(layer, direction) });
  return recurrentGradients(plan, layer, direction, part, gradients);
}

/** dU and db_r. @returns whether db is among them: it goes with a product of dU that takes all gates. */
function recurrentGradients(
  plan: Plan,
  { hidden, cell, ops }: Layer,
  { gate, candidate }: Direction,
  part: number,
  { recurrentWeight: dU, bias, recurrentBias }: DirectionSlabs,
): boolean {
  const [steps = 0, batch = 0] = gate.shape;
  const before: View = { tensor: hidden, rows: [part === 1 ? 2 * batch : 0, steps * batch], parts: [part, 1] };
  const summed = cell.candidate ? cell.gates - 1 : cell.gates;
  const product = { label: "dU = Σ h_{t−1}ᵀ·da_t", transpose: "a" } as const;
  const bSum = dU && !cell.candidate ? bias : undefined;
  if (dU) {
    const label = `${product.label}${bSum ? ", db = Σ da_t" : ""}`;
    const gates = { b: { tensor: gate, parts: [0, summed] as const }, out: { ...dU, parts: [0, summed] as const } };
    matmul(plan, { ...product, label, a: before, ...gates, bSum });
  }
  if (candidate) {
    const last: View = { tensor: gate, parts: [summed, 1] };
    const [a, b] = cell.candidate === "apart" ? [before, { tensor: candidate }] : [{ tensor: candidate }, last];
    if (dU) {
      const label = `${product.label}${recurrentBias ? ", db_r" : ""}`;
      const out = { ...dU, parts: [summed, 1] as const };
      matmul(plan, { ...product, label, a, b, out, bSum: recurrentBias });
    } else if (recurrentBias) ops.rowSums!.rowSum(plan, { label: "db_r = Σ", x: b, sum: recurrentBias });
  }
  return bSum !== undefined;
}

/** dW, and db where it is still wanted. */
function inputGradients(plan: Plan, layer: Layer, { gate }: Direction, { inputWeight, bias }: DirectionSlabs): void {
  const { inputs, rowsByToken, ops } = layer;
  const label = `dW = Σ x_tᵀ·da_t${bias ? ", db = Σ da_t" : ""}`;
  if (!inputWeight) {
    if (bias) ops.rowSums!.rowSum(plan, { label: "db = Σ da_t", x: { tensor: gate }, sum: bias });
  } else if (rowsByToken) {
    ops.tokens!.tokenGatherGradient(plan, { label, ...rowsByToken, dOut: gate, dWeight: inputWeight, dBias: bias });
  } else {
    matmul(plan, { label, transpose: "a", a: inputs, b: { tensor: gate }, out: inputWeight, bSum: bias });
  }
}
