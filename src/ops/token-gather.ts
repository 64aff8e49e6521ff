// Puts a product with one-hot rows on a plan, as a gather of rows, and its gradient.

import tokenGatherShader from "../../shaders/token-gather.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { elements, type Tensor } from "../gpu/tensor";
import { expectShape, line, rowsAndWidth, type Slabs, slabsBinding, storedVec4 } from "./operands";

const flagsOf = (on: "forward" | "index" | "gradient") => ({
  forward: false,
  index: false,
  gradient: false,
  [on]: true,
});

interface Gather {
  label: string;
  /** i32, any shape; every token is at least 0 and less than I (checked by who uploads them). */
  tokens: Tensor;
  /** [I, H] */
  weight: Tensor;
  /** [H] */
  bias: Tensor;
  /** [tokens' shape, H] */
  out: Tensor;
}

/** out[r] = weight[tokens[r]] + bias. @throws where shapes do not fit. */
export function tokenGather(plan: Plan, { label, tokens, weight, bias, out }: Gather): void {
  const [, width] = rowsAndWidth(weight);
  const rows = elements(tokens.shape);
  expectShape("tokenGather", bias, "[H]", [width]);
  expectShape("tokenGather", out, "[rows, H]", [...tokens.shape, width]);
  const { workgroups, ...constants } = line(plan.gpu, rows * storedVec4(out));
  plan.add({
    label,
    kernel: {
      shader: "token-gather",
      source: tokenGatherShader,
      constants: { rows, width: storedVec4(out), ...constants },
      flags: flagsOf("forward"),
    },
    bindings: { tokens, weight, bias, out },
    workgroups,
    flops: rows * width,
    bytes: tokens.size + 2 * out.size,
  });
}

interface GatherGradient {
  label: string;
  tokens: Tensor;
  /** [tokens' shape, H] */
  dOut: Tensor;
  /** [I, H] */
  dWeight: Slabs;
}

/** dWeight[v] = Σ of dOut[r] over the rows r with token v, in their order. @throws where shapes do not fit. */
export function tokenGatherGradient(plan: Plan, { label, tokens, dOut, dWeight }: GatherGradient): void {
  const [tokenCount, width] = rowsAndWidth(dWeight.tensor);
  const rows = elements(tokens.shape);
  expectShape("tokenGatherGradient", dOut, "[rows, H]", [...tokens.shape, width]);
  const start = plan.tensor("tokenStart", [tokenCount + 1], { type: "u32" });
  const order = plan.tensor("tokenOrder", [rows], { type: "u32" });
  const sort = line(plan.gpu, tokenCount + 1);
  plan.add({
    label: `${label}: rows by token`,
    kernel: {
      shader: "token-gather",
      source: tokenGatherShader,
      constants: { rows, tokenCount, threads: sort.threads, across: sort.across },
      flags: flagsOf("index"),
    },
    bindings: { tokens, start, order },
    workgroups: sort.workgroups,
    flops: 0,
  });
  const { workgroups, ...constants } = line(plan.gpu, tokenCount * storedVec4(dOut));
  plan.add({
    label,
    kernel: {
      shader: "token-gather",
      source: tokenGatherShader,
      constants: {
        width: storedVec4(dOut),
        tokenCount,
        slabs: dWeight.count,
        slab: dWeight.strideBytes / 16,
        ...constants,
      },
      flags: flagsOf("gradient"),
    },
    bindings: { start, order, dOut, dWeight: slabsBinding(dWeight) },
    workgroups: [...workgroups, dWeight.count],
    flops: rows * width,
    bytes: start.size + order.size + dOut.size + dWeight.count * dWeight.tensor.size,
  });
}
