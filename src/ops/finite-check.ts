// Puts on a plan whether a tensor's numbers are all finite.

import finiteCheckShader from "../../shaders/finite-check.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { inVec4, line, type Noting, rowsAndWidth } from "./operands";

/** What stands in front of shaders that note what is not finite; their flags `alone` and, unless it is a training step's, `noted` are false. */
export const finiteCheckSource: string = finiteCheckShader;

/** A shader's source, flags and bindings with what it notes by, where it is to. */
export const noted = (source: string, noting: Noting | undefined) => ({
  source: noting ? `${finiteCheckSource}\n${source}` : source,
  flags: { alone: false, noted: noting !== undefined },
  bindings: { ...noting },
});

/** notFinite[0] = 1 where a number of `tensor` is not finite; else it stays. @param notFinite u32 [1] */
export function finiteCheck(
  plan: Plan,
  { tensor, notFinite }: { tensor: PlannedTensor; notFinite: PlannedTensor },
): void {
  const [rows, width] = rowsAndWidth(tensor);
  const size = rows * inVec4(width);
  const { workgroups, ...constants } = line(plan.traits, size);
  plan.add({
    label: `is ${tensor.name} finite`,
    kernel: {
      shader: "finite-check",
      source: finiteCheckShader,
      constants: { size, ...constants },
      flags: { alone: true, noted: false },
    },
    bindings: { notFinite, tensor },
    workgroups,
    flops: 0,
    bytes: 16 * size,
  });
}
