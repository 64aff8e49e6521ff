// Puts a matrix product on a plan: A·B (+ bias), Aᵀ·B or A·Bᵀ.

import matmulShader from "../../shaders/matmul.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { expectShape, inVec4, rowsAndWidth, type Slabs, slabsBinding, tiles } from "./operands";

/** Consecutive rows of a tensor, its leading dimensions taken as one. */
export interface RowRange {
  readonly tensor: Tensor;
  readonly first: number;
  readonly count: number;
}

/** All rows of a tensor. */
export const allRows = (tensor: Tensor): RowRange => ({ tensor, first: 0, count: rowsAndWidth(tensor)[0] });

interface Product {
  label: string;
  a: RowRange;
  b: Tensor;
}

/** out [M, N] = a [M, K] · b [K, N] (+ bias [N]). @throws where shapes do not fit. */
export function matmul(plan: Plan, { label, a, b, out, bias }: Product & { out: Tensor; bias?: Tensor }): void {
  const [depth, width] = rowsAndWidth(b);
  expectWidth(a, depth, "K of b");
  expectRows(out, a.count, width);
  if (bias) expectShape("matmul", bias, "[N]", [width]);
  add(plan, { label, a, b, out: { tensor: out, count: 1, strideBytes: 0 }, rows: a.count, depth, width, bias });
}

/** out [M, N] = a [M, K] · b [N, K]ᵀ. @throws where shapes do not fit. */
export function matmulTransposeB(plan: Plan, { label, a, b, out }: Product & { out: Tensor }): void {
  const [width, depth] = rowsAndWidth(b);
  expectWidth(a, depth, "K of b");
  expectRows(out, a.count, width);
  const slabs = { tensor: out, count: 1, strideBytes: 0 };
  add(plan, { label, a, b, out: slabs, rows: a.count, depth, width, transposeB: true });
}

/**
 * out [M, N] = a [K, M]ᵀ · b [K, N], in slabs that each sum a part of K.
 * What b stores past its K rows must be zero, as a tensor of its own has it.
 * @throws where shapes do not fit.
 */
export function matmulTransposeA(plan: Plan, { label, a, b, out }: Product & { out: Slabs }): void {
  const [depth, width] = rowsAndWidth(b);
  const [, rows] = rowsAndWidth(a.tensor);
  if (a.count !== depth) {
    throw new Error(`matmul: "${a.tensor.name}" has ${a.count} rows, expected ${depth}, the rows of "${b.name}".`);
  }
  expectRows(out.tensor, rows, width);
  add(plan, { label, a, b, out, rows, depth, width, transposeA: true });
}

interface Shaped extends Product {
  out: Slabs;
  rows: number;
  depth: number;
  width: number;
  transposeA?: boolean;
  transposeB?: boolean;
  bias?: Tensor | undefined;
}

function add(plan: Plan, { label, a, b, out, rows, depth, width, transposeA, transposeB, bias }: Shaped): void {
  const { columnThreads, rowThreads, workgroups } = tiles(plan.gpu, rows, width);
  const aWidth = inVec4(rowsAndWidth(a.tensor)[1]);
  const blocks = inVec4(depth);
  plan.add({
    label,
    kernel: {
      shader: "matmul",
      source: matmulShader,
      constants: {
        rows,
        width: inVec4(width),
        depth: blocks,
        slice: Math.ceil(blocks / out.count),
        aStart: a.first * aWidth,
        aWidth,
        bWidth: inVec4(rowsAndWidth(b)[1]),
        slab: out.strideBytes / 16,
        columnThreads,
        rowThreads,
      },
      flags: { transposeA: transposeA ?? false, transposeB: transposeB ?? false, bias: bias !== undefined },
    },
    bindings: { a: a.tensor, b, c: slabsBinding(out), ...(bias && { bias }) },
    workgroups: [...workgroups, out.count],
    flops: 2 * rows * depth * width,
    bytes: a.count * aWidth * 16 + b.size + out.tensor.size * out.count,
  });
}

function expectWidth(a: RowRange, depth: number, what: string): void {
  const [, width] = rowsAndWidth(a.tensor);
  if (width !== depth) {
    throw new Error(`matmul: "${a.tensor.name}" is ${width} wide, expected ${depth}, the ${what}.`);
  }
}

function expectRows(out: Tensor, rows: number, width: number): void {
  const [outRows, outWidth] = rowsAndWidth(out);
  if (outRows !== rows || outWidth !== width) {
    throw new Error(
      `matmul: "${out.name}" has shape [${out.shape.join(", ")}], expected [${rows}, ${width}] for [M, N].`,
    );
  }
}
