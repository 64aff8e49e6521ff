// Puts the second half of a reduction on a plan: the sum of slabs that other dispatches wrote.

import slabSumShader from "../../shaders/slab-sum.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { expectShape, inVec4, line } from "./operands";

interface SlabSum {
  label: string;
  /** [slabs, size] */
  parts: Tensor;
  /** [1, size] */
  sum: Tensor;
}

/** sum = Σ over the rows of parts, in order. @throws where shapes do not fit. */
export function slabSum(plan: Plan, { label, parts, sum }: SlabSum): void {
  const [slabs = 1, size = 1] = parts.shape;
  expectShape("slabSum", sum, "[1, size]", [1, size]);
  const vectors = inVec4(size);
  const { workgroups, ...constants } = line(plan.gpu, vectors);
  plan.add({
    label,
    kernel: {
      shader: "slab-sum",
      source: slabSumShader,
      constants: { size: vectors, slabs, ...constants },
      flags: {},
    },
    bindings: { parts, sum },
    workgroups,
    flops: (slabs - 1) * size,
  });
}
