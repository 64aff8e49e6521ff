// Puts a matrix product on a plan: A·B (+ bias), Aᵀ·B or A·Bᵀ, over whole tensors or parts of them.

import halfShader from "../../shaders/half.wgsl?raw";
import matmulShader from "../../shaders/matmul.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { elementBytes, matrixOf, type PlannedTensor } from "../gpu/tensor";
import { noted } from "./finite-check";
import { expectShape, inVec4, oneSlab, type Slabs, slabsBinding, slabsBindingWith } from "./operands";
import { heldDepth, isSmall, productTiles, type TileName, tileFlags, tileSource, tiles } from "./tile";

/** Consecutive rows, and consecutive parts of the width, of a tensor; or, by `rowPart`, one part of its rows. */
export interface View {
  readonly tensor: PlannedTensor;
  /** The first row and how many; all unless given. */
  readonly rows?: readonly [first: number, count: number];
  /** The first part of the width and how many; all unless given. */
  readonly parts?: readonly [first: number, count: number];
  readonly rowPart?: number;
}

interface Product {
  label: string;
  a: View;
  b: View;
  /** Which operand is transposed. */
  transpose?: "a" | "b";
  /** Where the product goes; several slabs, for Aᵀ·B, sum a part of the depth each. */
  out: View | (Slabs & Omit<View, "tensor">);
  /** [N], added to every row. */
  bias?: PlannedTensor;
  /** Add to what is there. */
  accumulate?: boolean;
  /** Where wanted, for Aᵀ·B: [N], the sum of b's rows; it lies behind `out` in the same buffer, in as many slabs. */
  bSum?: Slabs | undefined;
}

/**
 * out [M, N] = a [M, K] · b [K, N] (+ bias), or with a [K, M] or b [N, K] transposed.
 * For Aᵀ·B, what b stores past its K rows must be zero, as a tensor of its own has it.
 * @throws where the sizes do not fit.
 */
export function matmul(plan: Plan, { label, a, b, transpose, out, bias, accumulate = false, bSum }: Product): void {
  const [A, B, C] = [extent(a), extent(b), extent(out)];
  const [rows, depth] = transpose === "a" ? [A.columns, A.rows] : [A.rows, A.columns];
  const [bDepth, width] = transpose === "b" ? [B.columns, B.rows] : [B.rows, B.columns];
  expectSize(a, b, transpose, depth, bDepth);
  if (transpose === "a") expectEnd(b);
  if (C.rows !== rows || C.columns !== width) {
    const { name, shape } = out.tensor;
    throw new Error(
      `matmul: "${name}" [${shape.join(", ")}] takes ${C.rows} × ${C.columns}, expected [M, N] = [${rows}, ${width}].`,
    );
  }
  for (const vector of [bias, bSum?.tensor]) if (vector) expectShape("matmul", vector, "[N]", [width]);
  const slabs = "count" in out ? out : oneSlab(out.tensor);
  const sums = bSum && slabsBindingWith(slabs, bSum);
  const storedRows = transpose === "a" ? A.storedColumns : rows;
  const storedWidth = transpose === "b" ? B.storedRows : B.storedColumns;
  const blocks = inVec4(transpose === "a" ? A.rows : A.storedColumns);
  const sizes = {
    rows: storedRows,
    width: inVec4(storedWidth),
    depth: blocks,
    slice: Math.ceil(blocks / slabs.count),
    slab: slabs.strideBytes / 16,
    aStart: A.start,
    aWidth: A.stride,
    bStart: B.start,
    bWidth: B.stride,
    cStart: C.start,
    cWidth: C.stride,
    sumStart: sums?.start ?? 0,
  };
  const { source, flags, bindings } = noted(matmulShader, slabs.noting);
  const add = (tile: TileName) => (plan: Plan) => {
    const { workgroups, ...threads } = tiles(plan.traits, storedRows, storedWidth, tile);
    const { held } = tileFlags(tile);
    plan.add({
      label,
      kernel: {
        shader: "matmul",
        source: `${halfShader}\n${tileSource}\n${source}`,
        constants: { ...threads, ...(held && { heldDepth: heldDepth(blocks) }) },
        flags: {
          ...flags,
          transposeA: transpose === "a",
          transposeB: transpose === "b",
          bias: bias !== undefined,
          accumulate: accumulate || slabs.accumulate === true,
          rowSum: bSum !== undefined,
          halfOut: out.tensor.type === "f16",
          inside: !isSmall(rows, depth, width) && covers(threads, sizes), // one shader for all small products
          ...tileFlags(tile),
          deep: held && heldDepth(blocks) === 32,
          once: held && blocks <= heldDepth(blocks),
        },
      },
      bindings: {
        a: a.tensor,
        b: b.tensor,
        c: sums ? sums.binding : slabsBinding(slabs),
        sizes,
        ...(bias && { bias }),
        ...bindings,
      },
      workgroups: [...workgroups, slabs.count],
      flops: 2 * rows * depth * width,
      bytes:
        elementBytes(a.tensor) * rows * depth +
        elementBytes(b.tensor) * depth * width +
        elementBytes(out.tensor) * slabs.count * rows * width,
    });
  };
  const rowWise = transpose !== "a" && out.tensor.type !== "f16";
  const names = productTiles(plan.traits, rows, depth, width, rowWise);
  const halves = [a, b, out].map(({ tensor }) => (tensor.type === "f16" ? "½" : "1")).join("");
  const kind = [
    "product",
    halves.includes("½") && halves,
    transpose && `${transpose}ᵀ`,
    bias && "+ bias",
    bSum && "+ sum",
    accumulate && "added",
  ];
  const key = `${kind.filter(Boolean).join(" ")} ${rows}×${depth}×${width}, ${slabs.count} slabs`;
  plan.choose("product", key, Object.fromEntries(names.map((name) => [name, add(name)])), names[0]!);
}

/** Whether the threads' tiles cover a matrix without a rest. */
const covers = (
  { tileRows, rowThreads, tileColumns, columnThreads }: Omit<ReturnType<typeof tiles>, "workgroups">,
  { rows, width }: { rows: number; width: number },
): boolean => rows % (tileRows * rowThreads) === 0 && width % (tileColumns * columnThreads) === 0;

/** Rows and columns of a view, as they are and as stored, and where it begins in its tensor, in vec4f. */
function extent({ tensor, rows, parts, rowPart }: View) {
  const matrix = matrixOf(tensor);
  const { parts: partCount = 1, rowParts = 1 } = tensor;
  const [firstPart, count] = parts ?? [0, partCount];
  const [firstRow, rowCount] = rows ?? [0, matrix.rows];
  const part = rowPart ?? 0;
  const share = rowPart === undefined ? 1 : rowParts;
  const stride = matrix.storedWidth / 4;
  return {
    rows: rowPart === undefined ? rowCount : matrix.rows / share,
    storedRows: matrix.storedRows / share,
    columns: (matrix.width / partCount) * count,
    storedColumns: (matrix.storedWidth / partCount) * count,
    stride,
    start: (firstRow + part * (matrix.storedRows / share)) * stride + firstPart * (stride / partCount),
  };
}

/** Blocks are of four rows: those past a view's end would count, unless they are the zeros past its tensor's end. */
function expectEnd({ tensor, rows: [first, count] = [0, 0] }: View): void {
  const { rows } = matrixOf(tensor);
  if (count % 4 === 0 || first + count === rows) return;
  throw new Error(
    `matmul: ${count} rows of "${tensor.name}" are summed over, expected a multiple of four or its last; copy them apart.`,
  );
}

function expectSize(a: View, b: View, transpose: "a" | "b" | undefined, depth: number, bDepth: number): void {
  if (depth === bDepth) return;
  const of = (operand: "a" | "b", { tensor }: View) =>
    `the ${(transpose === operand) === (operand === "a") ? "rows" : "columns"} of "${tensor.name}"`; // along K
  throw new Error(`matmul: ${of("a", a)} are ${depth}, expected ${bDepth}, ${of("b", b)}.`);
}
