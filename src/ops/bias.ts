// Puts the gradient of a bias on a plan: the sum of all rows.

import biasShader from "../../shaders/bias.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { expectShape, inVec4, line, rowsAndWidth, type Slabs, slabsBinding } from "./operands";

interface BiasGradient {
  label: string;
  /** [rows, H] */
  dOut: Tensor;
  /** [H] */
  dBias: Slabs;
}

/** dBias = Σ over the rows of dOut. @throws where shapes do not fit. */
export function biasGradient(plan: Plan, { label, dOut, dBias }: BiasGradient): void {
  const [rows, width] = rowsAndWidth(dOut);
  expectShape("biasGradient", dBias.tensor, "[H]", [width]);
  const columns = inVec4(width);
  const { workgroups, ...constants } = line(plan.gpu, columns);
  plan.add({
    label,
    kernel: {
      shader: "bias",
      source: biasShader,
      constants: {
        rows,
        width: columns,
        slice: Math.ceil(rows / dBias.count),
        slab: dBias.strideBytes / 16,
        ...constants,
      },
      flags: {},
    },
    bindings: { dOut, dBias: slabsBinding(dBias) },
    workgroups: [...workgroups, dBias.count],
    flops: rows * width,
    bytes: dOut.size + dBias.count * dBias.tensor.size,
  });
}
