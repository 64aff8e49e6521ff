// Puts the gradient of a bias on a plan: the sum of all rows.

import biasShader from "../../shaders/bias.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { expectShape, line, rowsAndWidth, type Slabs, slabsBinding, storedVec4 } from "./operands";

interface BiasGradient {
  label: string;
  /** [rows, H] */
  dOut: Tensor;
  /** Which part of dOut's width is summed; all unless given. */
  part?: number;
  /** [H] */
  dBias: Slabs;
}

/** dBias = Σ over the rows of dOut. @throws where shapes do not fit. */
export function biasGradient(plan: Plan, { label, dOut, part, dBias }: BiasGradient): void {
  const [rows, width] = rowsAndWidth(dOut);
  const shares = part === undefined ? 1 : (dOut.parts ?? 1);
  expectShape("biasGradient", dBias.tensor, "[H]", [width / shares]);
  const stride = storedVec4(dOut);
  const columns = stride / shares;
  const { workgroups, ...constants } = line(plan.gpu, columns);
  plan.add({
    label,
    kernel: {
      shader: "bias",
      source: biasShader,
      constants: {
        rows,
        width: columns,
        stride,
        start: columns * (part ?? 0),
        slice: Math.ceil(rows / dBias.count),
        slab: dBias.strideBytes / 16,
        ...constants,
      },
      flags: {},
    },
    bindings: { dOut, dBias: slabsBinding(dBias) },
    workgroups: [...workgroups, dBias.count],
    flops: (rows * width) / shares,
    bytes: dOut.size / shares + dBias.count * dBias.tensor.size,
  });
}
