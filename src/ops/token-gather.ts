// Puts a product with one-hot rows on a plan, as a gather of rows, and its gradient.

import halfShader from "../../shaders/half.wgsl?raw";
import tokenGatherShader from "../../shaders/token-gather.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { elements, type PlannedTensor } from "../gpu/tensor";
import { noted } from "./finite-check";
import { expectShape, line, rowsAndWidth, type Slabs, slabsBinding, slabsBindingWith, storedVec4 } from "./operands";

interface Gather {
  label: string;
  /** i32, any shape; every token is at least 0 and less than I (checked by who uploads them). */
  tokens: PlannedTensor;
  /** [I, H] */
  weight: PlannedTensor;
  /** [H], added to every row. */
  bias?: PlannedTensor;
  /** [tokens' shape, H] */
  out: PlannedTensor;
}

/** out[r] = weight[tokens[r]] (+ bias). @throws where shapes do not fit. */
export function tokenGather(plan: Plan, { label, tokens, weight, bias, out }: Gather): void {
  const [, width] = rowsAndWidth(weight);
  const rows = elements(tokens.shape);
  if (bias) expectShape("tokenGather", bias, "[H]", [width]);
  expectShape("tokenGather", out, "[rows, H]", [...tokens.shape, width]);
  const { workgroups, ...constants } = line(plan.traits, rows * storedVec4(out));
  plan.add({
    label,
    kernel: {
      shader: "token-gather",
      source: `${halfShader}\n${tokenGatherShader}`,
      constants: { rows, width: storedVec4(out), ...constants },
      flags: { forward: true, gradient: false, bias: bias !== undefined, accumulate: false, noted: false },
    },
    bindings: { tokens, weight, out, ...(bias && { bias }) },
    workgroups,
    flops: rows * width,
    bytes: tokens.size + 2 * out.size,
  });
}

interface GatherGradient {
  label: string;
  /** u32 [I + 1] and u32 [rows]: the rows sorted by token, those of token v are order[start[v]] … order[start[v + 1] − 1], in their order. */
  tokenStart: PlannedTensor;
  tokenOrder: PlannedTensor;
  /** [rows, H] */
  dOut: PlannedTensor;
  /** [I, H] */
  dWeight: Slabs;
  /** Where wanted: [H], behind dWeight in the same buffer */
  dBias?: Slabs | undefined;
}

/**
 * dWeight[v] = Σ of dOut[r] over the rows r with token v, in their order; dBias = Σ over all rows, where wanted.
 * @throws where shapes do not fit.
 */
export function tokenGatherGradient(plan: Plan, gradient: GatherGradient): void {
  const { label, tokenStart, tokenOrder, dOut, dWeight, dBias } = gradient;
  const [tokenCount, width] = rowsAndWidth(dWeight.tensor);
  const [rows] = rowsAndWidth(dOut);
  expectShape("tokenGatherGradient", dOut, "[rows, H]", [...dOut.shape.slice(0, -1), width]);
  expectShape("tokenGatherGradient", tokenOrder, "[rows]", [rows]);
  expectShape("tokenGatherGradient", tokenStart, "[I + 1]", [tokenCount + 1]);
  if (dBias) expectShape("tokenGatherGradient", dBias.tensor, "[H]", [width]);
  const sums = dBias && slabsBindingWith(dWeight, dBias);
  const { source, flags, bindings } = noted(tokenGatherShader, dWeight.noting);
  const { workgroups, ...constants } = line(plan.traits, (tokenCount + (dBias ? 1 : 0)) * storedVec4(dOut));
  plan.add({
    label,
    kernel: {
      shader: "token-gather",
      source,
      constants: {
        width: storedVec4(dOut),
        tokenCount,
        slabs: dWeight.count,
        slab: dWeight.strideBytes / 16,
        ...(sums && { rows, biasStart: sums.start }),
        ...constants,
      },
      flags: {
        ...flags,
        forward: false,
        gradient: true,
        bias: dBias !== undefined,
        accumulate: dWeight.accumulate === true,
      },
    },
    bindings: {
      start: tokenStart,
      order: tokenOrder,
      dOut,
      dWeight: sums ? sums.binding : slabsBinding(dWeight),
      ...bindings,
    },
    workgroups: [...workgroups, dWeight.count],
    flops: 2 * rows * width,
    bytes: tokenStart.size + tokenOrder.size + 2 * dOut.size + dWeight.count * dWeight.tensor.size,
  });
}
