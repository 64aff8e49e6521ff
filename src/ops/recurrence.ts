// Puts the two sweeps through time on a plan, for any cell, in either schedule: they compute the same numbers.

import { type Cell, type CellFacts, carriesOf, isScanned } from "../cells/cell";
import { TempogradError } from "../errors";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import type { DeviceTraits } from "../gpu/traits";
import { expectShape, inVec4, type Slabs } from "./operands";
import { steppedSource, unitGradients } from "./sweep";
import { type SweepForm, sweepForms } from "./sweep-forms";

/**
 * How sweeps are dispatched. `fused`: one dispatch for all steps, a workgroup keeps its rows of the batch.
 * `unrolled`: one dispatch a step (the GRU that resets first: two), for wide networks.
 * `wavefront`: one dispatch for all steps of all layers, each layer behind the one below, so that T + 2·L − 2 steps follow
 * each other and not T·L. For passes of two or more Elman or LSTM layers of one direction, so narrow that a workgroup holds
 * all of them, without dropout in training and without `checkpointEvery`.
 */
export type Schedule = SweepSchedule | "wavefront";

/** The schedules of one sweep. */
export type SweepSchedule = "fused" | "unrolled";

export interface Sweep {
  cell: Cell;
  /** Without it, chosen: "fused" where nothing is measured and the device can. */
  schedule: SweepSchedule | undefined;
  /** From the last time step to the first. */
  reverse: boolean;
  /** Which part of hidden's width is this direction's. */
  part: number;
  /** U [H, G·H] */
  recurrentWeight: PlannedTensor;
  /** i32 [B]: steps of each sequence; in other steps state and gradient pass on as they are. */
  lengths: PlannedTensor;
  /** Where the sweep forward takes rows of W itself: i32 [T, B], W [I, G·H] and b [G·H]. Else `gate` holds their sum. */
  oneHot?: { tokens: PlannedTensor; inputWeight: PlannedTensor; bias: PlannedTensor } | undefined;
  /** a = x·W + b, [T, B, G·H]. The forward sweep leaves here what the cell keeps of its gates, the backward sweep their gradients. */
  gate: PlannedTensor;
  /** [T + 1, B, D·H]: slab 0 is h_0, slab t is h_t. With two directions one slab more, the reverse one's initial state. */
  hidden: PlannedTensor;
  /** Where the cell has states beside h: c [T + 1, B, H] in sweep order, slab 0 is c_0; [S·(T + 1), B, H], state after state. */
  cellState?: PlannedTensor | undefined;
  /** Where the cell has them: a number a unit each, [P, H]; in a buffer that may be a uniform. */
  unitParameters?: PlannedTensor | undefined;
  /** Where the cell has one: [T, B, H], and b_r [H]. */
  candidate?: PlannedTensor | undefined;
  recurrentBias?: PlannedTensor | undefined;
}

export interface BackwardSweep extends Sweep {
  /** dL/dh from what reads the layer: [T, B, D·H], or [B, D·H] at the end of the sweep. */
  dOutput: PlannedTensor;
  /** [`carriesOf`, B, H]: what passes back beside the product; afterwards slab 1 + s is the gradient of the initial state s. */
  carry: PlannedTensor;
  /** Where wanted, the gradient of the unit parameters: [P, H] */
  dUnitParameters?: Slabs | undefined;
  /** [T + 1, B, H]: where wanted, dL/dh by all paths, in sweep order, slab 0 for h_0. */
  dHidden?: PlannedTensor | undefined;
  /** Go on from what `carry` holds of later steps, and leave dL/dh_0 there. */
  continued?: boolean | undefined;
}

/** gate + h·U, or rows of W + b + h·U, and of that what the cell makes, for every step. @throws where shapes do not fit, or `fused` does not fit the device. */
export function recurrenceForward(plan: Plan, sweep: Sweep): void {
  const size = sizeOf("recurrenceForward", sweep);
  addSweep(plan, sweep, {
    ...size,
    forward: true,
    sweepSteps: size.steps,
    bindings: { ...sweep.oneHot },
    flags: { oneHot: sweep.oneHot !== undefined, lastStep: false, hiddenGradient: false, continued: false },
  });
}

/** dh from what comes later, then the cell's gradients, back through time. @throws as `recurrenceForward`. */
export function recurrenceBackward(plan: Plan, sweep: BackwardSweep): void {
  const { dOutput, carry, dHidden, hidden, cell, continued = false } = sweep;
  const size = sizeOf("recurrenceBackward", sweep);
  const { steps, batch, width } = size;
  const lastStep = dOutput.shape.length === 2;
  const outputs = hidden.shape.at(-1)!;
  expectShape("recurrenceBackward", dOutput, "[T, B, D·H]", lastStep ? [batch, outputs] : [steps, batch, outputs]);
  expectShape("recurrenceBackward", carry, "[carries, B, H]", [carriesOf(cell), batch, width]);
  if (dHidden) expectShape("recurrenceBackward", dHidden, "[T + 1, B, H]", [steps + 1, batch, width]);
  const bindings = { dOutput, carry, ...(dHidden && { dHidden }) };
  const flags = { oneHot: false, lastStep, hiddenGradient: dHidden !== undefined, continued };
  const sweepSteps = dHidden || continued ? steps + 1 : steps;
  addSweep(plan, sweep, { ...size, forward: false, sweepSteps, bindings, flags });
  unitGradients(plan, sweep);
}

interface Directed {
  steps: number;
  batch: number;
  width: number;
  forward: boolean;
  /** How many values the shader's `step` has in turn: from 0 up where it goes forward, from `steps` down where back. */
  sweepSteps: number;
  bindings: Record<string, PlannedTensor>;
  flags: Record<string, boolean>;
}

/** Adds a sweep in the schedule and the form that are chosen for it. */
function addSweep(plan: Plan, sweep: Sweep, directed: Directed): void {
  const { traits } = plan;
  const { cell, schedule } = sweep;
  const { width, forward } = directed;
  const half = sweep.gate.type === "f16";
  const forms = sweepForms(traits, { ...directed, gates: cell.gates, half }, schedule);
  if (forms.length === 0) {
    throw new TempogradError(
      "option",
      `recurrence: schedule "fused" with hidden ${width} needs more than ${traits.limits.maxComputeInvocationsPerWorkgroup} threads in a workgroup; use schedule "unrolled".`,
    );
  }
  const kind = [
    cell.name,
    cell.candidate,
    forward ? "forward" : "backward",
    sweep.oneHot && "from tokens",
    half && "in half",
    schedule,
  ];
  const shape = `${directed.steps}×${directed.batch}×${width}, ${sweep.hidden.parts ?? 1} side by side`;
  const ways = forms.map(
    (form) => [`${form.schedule} ${form.name}`, (plan: Plan) => addWay(plan, sweep, directed, form)] as const,
  );
  plan.choose("recurrence", `${kind.filter(Boolean).join(" ")} ${shape}`, Object.fromEntries(ways), ways[0]![0]);
}

function addWay(plan: Plan, sweep: Sweep, directed: Directed, form: SweepForm): void {
  const { cell, reverse, part, hidden, recurrentWeight, lengths, gate } = sweep;
  const { steps, batch, width, forward, sweepSteps } = directed;
  const fused = form.schedule === "fused";
  const { candidate, recurrentBias, cellState, unitParameters } = sweep;
  const needsCandidate =
    cell.candidate !== undefined && (forward || cell.candidate === "apart" || cell.readsCandidate === true);
  const bindings: Record<string, PlannedTensor> = {
    ...directed.bindings,
    recurrentWeight,
    lengths,
    gate,
    hidden,
    ...(candidate && needsCandidate && { candidate }),
    ...(recurrentBias && forward && { recurrentBias }),
    ...(cellState && { cellState }),
    ...(unitParameters && { unitParameters: { ...unitParameters, size: uniformBytes(cell, width) } }),
  };
  const buffered = !!form.flags.buffered && Object.keys(bindings).length <= 8; // with two more: 10, as such forms ask for
  if (buffered) {
    const each = (count = 0) => ({ shape: [form.workgroups[0] * count, 4] });
    const { factorCount, partCount } = form.constants;
    Object.assign(bindings, plan.group("exchange", { factor: each(factorCount), part: each(partCount) }).tensors);
  }
  const dispatch = (phaseTwo: boolean) => ({
    kernel: {
      shader: `${cell.name} recurrence`,
      source: `${steppedSource(cell)}\n${form.source}`,
      constants: {
        steps,
        batch,
        width: inVec4(width),
        units: width,
        gates: cell.gates,
        states: cell.states,
        summed: cell.candidate ? cell.gates - 1 : cell.gates,
        ...(forward && { lastGate: cell.gates - (cell.candidate === "apart" ? 2 : 1) }),
        stride: inVec4(width) * (hidden.parts ?? 1),
        offset: inVec4(width) * part,
        ...(fused && { sweepSteps }),
        ...form.constants,
      },
      flags: {
        ...cell.flags,
        ...directed.flags,
        ...form.flags,
        forward,
        reverse,
        unrolled: !fused,
        phaseTwo,
        candidate: needsCandidate,
        apart: cell.candidate === "apart",
        second: cell.candidate === "second",
        beside: cell.passesBeside === true,
        sumsRead: cell.readsSums === true,
        buffered,
        states: cell.states > 0,
      },
    },
    workgroups: form.workgroups,
  });
  const products = forward ? steps : sweepSteps - 1;
  const flops = 2 * batch * width * width * cell.gates;
  const name = `${cell.name} ${forward ? "forward" : "backward"}${reverse ? ", reverse" : ""}`;
  if (fused) {
    plan.add({ ...dispatch(false), label: name, bindings, flops: products * flops });
    return;
  }
  const stepOf = (run: number) => (forward ? run : steps - run);
  const bytes = Object.values(bindings).reduce((sum, { size }) => sum + size, 0) / sweepSteps;
  const share = cell.candidate === "second" ? flops / cell.gates : 0; // of the second product
  const [first, second] = [dispatch(false), dispatch(true)];
  plan.repeat(sweepSteps, (index) => {
    const label = `${name}, a step`;
    const work = { bindings: { ...bindings, step: { index, value: stepOf } }, bytes };
    const perStep = (flops * products) / sweepSteps; // one step of the sweep back has no product
    plan.add({ ...first, ...work, label, flops: perStep - share });
    if (share > 0) plan.add({ ...second, ...work, label: `${label}, candidate`, flops: share });
  });
}

/** Whether a device has bindings enough for a cell's sweep forward to take tokens. */
export const takesTokens = ({ limits }: DeviceTraits, cell: CellFacts): boolean =>
  !cell.candidate && !isScanned(cell) && limits.maxStorageBuffersPerShaderStage >= (cell.states > 0 ? 8 : 7);

function sizeOf(operation: string, sweep: Sweep): { steps: number; batch: number; width: number } {
  const { cell, recurrentWeight, lengths, gate, hidden, cellState, unitParameters, candidate, recurrentBias } = sweep;
  const [width = 0] = recurrentWeight.shape;
  const [steps = 0, batch = 0] = gate.shape;
  const directions = hidden.parts ?? 1;
  expectShape(operation, recurrentWeight, "[H, G·H]", [width, cell.gates * width]);
  expectShape(operation, gate, "[T, B, G·H]", [steps, batch, cell.gates * width]);
  expectShape(operation, hidden, "[T + D, B, D·H]", [steps + directions, batch, directions * width]);
  expectShape(operation, lengths, "[B]", [batch]);
  if (cellState) expectShape(operation, cellState, "[S·(T + 1), B, H]", [cell.states * (steps + 1), batch, width]);
  if (unitParameters) expectUnitParameters(operation, cell, unitParameters, width);
  if (candidate) expectShape(operation, candidate, "[T, B, H]", [steps, batch, width]);
  if (recurrentBias) expectShape(operation, recurrentBias, "[H]", [width]);
  return { steps, batch, width };
}

/** @throws where they have another shape, or are more than a uniform holds. */
function expectUnitParameters(operation: string, cell: Cell, tensor: PlannedTensor, width: number): void {
  const count = cell.unitParameters.length;
  expectShape(operation, tensor, "[P, H]", [count, width]);
  if (uniformBytes(cell, width) > mostOfUniform) {
    const most = 4 * Math.floor(mostOfUniform / (16 * count));
    throw new TempogradError(
      "option",
      `${operation}: hidden is ${width} for the cell "${cell.name}" of ${count} unit parameters, expected up to ${most} in a uniform; use fewer units.`,
    );
  }
}

const uniformBytes = ({ unitParameters }: Cell, width: number): number => 16 * unitParameters.length * inVec4(width);

/** What a uniform may have on every device. */
const mostOfUniform = 65536;
