// Puts the two sweeps through time on a plan for cells whose units do not meet: a dispatch each, without a product.

import scanShader from "../../shaders/scan.wgsl?raw";
import type { Cell } from "../cells/cell";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, inVec4, line, type Slabs } from "./operands";
import { type BackwardSweep, carriesOf, isScanned, type Sweep, sweepSource, unitGradients } from "./recurrence";
import { rowSum } from "./row-sum";

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
    rowSum(plan, { label: "du = Σ h_{t−1} ⊙ da_t", parts: carry, first: firstOfRecurrent(cell), sum: dRecurrent });
  }
}

/** The first slab of `carry` with du: the last ones are. */
const firstOfRecurrent = (cell: Cell): number => carriesOf(cell) - cell.gates;

interface Size {
  steps: number;
  batch: number;
  width: number;
}

function addScan(
  plan: Plan,
  { cell, reverse, part, lengths, gate, hidden, cellState, unitParameters, recurrentWeight }: Scan,
  { steps, batch, width }: Size,
  flags: Readonly<Record<"forward" | "lastStep" | "hiddenGradient" | "continued", boolean>>,
  bindings: Readonly<Record<string, PlannedTensor>>,
): void {
  const { workgroups, ...threads } = line(plan.traits, batch * inVec4(width));
  const unit = recurrentWeight !== undefined;
  plan.add({
    label: `${cell.name} ${flags.forward ? "forward" : "backward"}${reverse ? ", reverse" : ""}`,
    kernel: {
      shader: `${cell.name} scan`,
      source: `${sweepSource(cell)}\n${scanShader}`,
      constants: {
        steps,
        batch,
        width: inVec4(width),
        gates: cell.gates,
        stride: inVec4(width) * (hidden.parts ?? 1),
        offset: inVec4(width) * part,
        ...(unit && !flags.forward && { firstOfRecurrent: firstOfRecurrent(cell) }),
        ...threads,
      },
      flags: { ...cell.flags, ...flags, reverse, unit },
    },
    bindings: {
      ...bindings,
      ...{ lengths, gate, hidden },
      ...(cellState && { cellState }),
      ...(unitParameters && { unitParameters }),
      ...(recurrentWeight && { recurrentWeight }),
    },
    workgroups,
    flops: unit ? (flags.forward ? 2 : 4) * steps * batch * width * cell.gates : 0,
  });
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
