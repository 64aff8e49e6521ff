// What the sweeps through time have in common, whether units meet or not.

import cellShader from "../../shaders/cell.wgsl?raw";
import halfShader from "../../shaders/half.wgsl?raw";
import stepShader from "../../shaders/step.wgsl?raw";
import sweepShader from "../../shaders/sweep.wgsl?raw";
import type { Cell } from "../cells/cell";
import type { Plan } from "../gpu/plan";
import type { BackwardSweep } from "./recurrence";
import { rowSum } from "./row-sum";

/** What stands in front of the sweeps of a cell: it, and where a sweep of one layer is in its tensors. */
export const sweepSource = (cell: Cell): string => `${halfShader}\n${cellShader}\n${cell.source}\n${sweepShader}`;

/** Likewise, with what a step does around its products. */
export const steppedSource = (cell: Cell): string => `${sweepSource(cell)}\n${stepShader}`;

/** Sums what a sweep back left of unit parameters' gradients, where they are wanted. */
export function unitGradients(
  plan: Plan,
  { cell, carry, dUnitParameters }: Pick<BackwardSweep, "cell" | "carry" | "dUnitParameters">,
): void {
  if (!dUnitParameters) return;
  const label = `Σ d${cell.unitParameters.join(", d")}`;
  const [, batch = 0] = carry.shape;
  const rows = [(1 + cell.states) * batch, cell.unitParameters.length * batch] as const;
  rowSum(plan, { label, x: { tensor: carry, rows }, sum: dUnitParameters });
}
