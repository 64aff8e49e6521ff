// Puts the two sweeps through time on a plan for cells whose units do not meet: a dispatch each, without a product.

import scanShader from "../../shaders/scan.wgsl?raw";
import { type Cell, carriesOf, isScanned } from "../cells/cell";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import type { DeviceTraits } from "../gpu/traits";
import { expectShape, inVec4, line, type Slabs } from "./operands";
import type { BackwardSweep, Sweep } from "./recurrence";
import { rowSum } from "./row-sum";
import { sweepSource, unitGradients } from "./sweep";
import { fewestChunks, leastChunkSteps, scanThreads } from "./thresholds";

/** As the sweeps of `recurrence` have it. */
export interface Scan extends Omit<Sweep, "schedule" | "oneHot" | "recurrentWeight" | "candidate" | "recurrentBias"> {
  /** Where a unit meets its past by a number a gate: u [G, H]. */
  recurrentWeight?: PlannedTensor | undefined;
}

export interface BackwardScan
  extends Scan,
    Pick<BackwardSweep, "dOutput" | "carry" | "dHidden" | "dUnitParameters" | "continued"> {
  /** Where there is u: du [G, H]. */
  dRecurrent?: Slabs | undefined;
}

/** Of a and what the cell has of its past, every state. @throws where shapes do not fit. */
export function scanForward(plan: Plan, scan: Scan): void {
  const size = sizeOf("scanForward", scan);
  addScan(plan, scan, size, { forward: true, lastStep: false, hiddenGradient: false, continued: false }, {});
}

/** dh from what comes later, then the cell's gradients, back through time, and du. @throws where shapes do not fit. */
export function scanBackward(plan: Plan, scan: BackwardScan): void {
  const { cell, dOutput, carry, dHidden, dRecurrent, hidden, continued = false } = scan;
  const operation = "scanBackward";
  const size = sizeOf(operation, scan);
  const { steps, batch, width } = size;
  const lastStep = dOutput.shape.length === 2;
  const outputs = hidden.shape.at(-1)!;
  expectShape(operation, dOutput, "[T, B, D·H]", lastStep ? [batch, outputs] : [steps, batch, outputs]);
  expectShape(operation, carry, "[carries, B, H]", [carriesOf(cell), batch, width]);
  if (dHidden) expectShape(operation, dHidden, "[T + 1, B, H]", [steps + 1, batch, width]);
  const flags = { forward: false, lastStep, hiddenGradient: dHidden !== undefined, continued };
  addScan(plan, scan, size, flags, { dOutput, carry, ...(dHidden && { dHidden }) });
  unitGradients(plan, scan);
  if (dRecurrent) {
    const rows = [firstOfRecurrent(cell) * batch, cell.gates * batch] as const;
    rowSum(plan, { label: "du = Σ h_{t−1} ⊙ da_t", x: { tensor: carry, rows }, sum: dRecurrent });
  }
}

/** The first slab of `carry` with du: the last ones are. */
const firstOfRecurrent = (cell: Cell): number => carriesOf(cell) - cell.gates;

interface Size {
  steps: number;
  batch: number;
  width: number;
}

type ScanFlags = Readonly<Record<"forward" | "lastStep" | "hiddenGradient" | "continued", boolean>>;

/** Adds a sweep: a thread for four units of a row, or where a step is a line and threads are few, for each chunk of time too. */
function addScan(
  plan: Plan,
  scan: Scan,
  size: Size,
  flags: ScanFlags,
  bindings: Readonly<Record<string, PlannedTensor>>,
): void {
  const { steps, batch, width } = size;
  const add = sweepAdder(scan, size, flags, bindings);
  const chunks = scan.cell.isLine ? chunksOf(plan.traits, batch * inVec4(width), steps) : 1;
  if (chunks === 1) {
    add(plan, 1);
    return;
  }
  const inChunks = (plan: Plan) => {
    const lines = plan.tensor("lines", [chunks * batch, 8 * inVec4(width)]);
    for (const phase of ["summing", "joining", "joined"] as const) add(plan, chunks, { phase, lines });
  };
  const direction = flags.forward ? "forward" : "backward";
  const half = scan.gate.type === "f16" ? " in half" : "";
  const key = `${scan.cell.name} scan ${direction}${half} ${steps}×${batch}×${width}, ${scan.hidden.parts ?? 1} side by side`;
  plan.choose("recurrence", key, { "in chunks": inChunks, "in turn": (plan) => add(plan, 1) }, "in chunks");
}

/**
 * Into how many chunks of time a scan is cut: so many that there are enough threads. What is done twice then, and the two
 * dispatches more, pay from a few chunks on. A processor that computes has few threads at once: there it is never cut.
 */
function chunksOf({ software }: DeviceTraits, threads: number, steps: number): number {
  const chunks = software ? 1 : Math.min(Math.ceil(scanThreads / threads), Math.floor(steps / leastChunkSteps));
  return chunks < fewestChunks ? 1 : Math.ceil(steps / Math.ceil(steps / chunks));
}

/** What adds a sweep in so many chunks, or a part of it. */
function sweepAdder(
  { cell, reverse, part, lengths, gate, hidden, cellState, unitParameters, recurrentWeight }: Scan,
  { steps, batch, width }: Size,
  flags: ScanFlags,
  bindings: Readonly<Record<string, PlannedTensor>>,
) {
  const unit = recurrentWeight !== undefined;
  const name = `${cell.name} ${flags.forward ? "forward" : "backward"}${reverse ? ", reverse" : ""}`;
  return (
    plan: Plan,
    chunks: number,
    { phase, lines }: { phase?: "summing" | "joining" | "joined"; lines?: PlannedTensor } = {},
  ): void => {
    const count = batch * inVec4(width) * (phase === "joining" ? 1 : chunks);
    const { workgroups, ...threads } = line(plan.traits, count);
    plan.add({
      label: phase ? `${name}, ${phase}` : name,
      kernel: {
        shader: `${cell.name} scan`,
        source: `${sweepSource(cell)}\n${scanShader}`,
        constants: {
          steps,
          batch,
          width: inVec4(width),
          units: width,
          gates: cell.gates,
          stride: inVec4(width) * (hidden.parts ?? 1),
          offset: inVec4(width) * part,
          chunks,
          chunkSteps: Math.ceil(steps / chunks),
          ...(unit && !flags.forward && { firstOfRecurrent: firstOfRecurrent(cell) }),
          ...threads,
        },
        flags: {
          ...cell.flags,
          ...flags,
          persistent: false,
          states: cell.states > 0,
          reverse,
          unit,
          ...{ summing: phase === "summing", joining: phase === "joining", joined: phase === "joined" },
        },
      },
      bindings: {
        ...bindings,
        ...{ lengths, gate, hidden },
        ...(cellState && { cellState }),
        ...(unitParameters && { unitParameters }),
        ...(recurrentWeight && { recurrentWeight }),
        ...(lines && { lines }),
      },
      workgroups,
      flops: unit ? (flags.forward ? 2 : 4) * steps * batch * width * cell.gates : 0,
    });
  };
}

function sizeOf(operation: string, scan: Scan): Size {
  const { cell, recurrentWeight, lengths, gate, hidden, cellState, unitParameters } = scan;
  const [steps = 0, batch = 0, columns = 0] = gate.shape;
  const width = columns / cell.gates;
  const directions = hidden.parts ?? 1;
  expectShape(operation, hidden, "[T + D, B, D·H]", [steps + directions, batch, directions * width]);
  expectShape(operation, lengths, "[B]", [batch]);
  if (cellState) expectShape(operation, cellState, "[S·(T + 1), B, H]", [cell.states * (steps + 1), batch, width]);
  if (unitParameters) expectShape(operation, unitParameters, "[P, H]", [cell.unitParameters.length, width]);
  if (recurrentWeight) expectShape(operation, recurrentWeight, "u [G, H]", [cell.gates, width]);
  const expected = cell.recurrent === "unit";
  if (!isScanned(cell) || expected !== (recurrentWeight !== undefined)) {
    throw new Error(
      `${operation}: the cell "${cell.name}" with the recurrent "${cell.recurrent}" is given ${recurrentWeight ? "a" : "no"} recurrent weight, expected one for "unit", none for "none"; other cells are swept by recurrence.`,
    );
  }
  return { steps, batch, width };
}
