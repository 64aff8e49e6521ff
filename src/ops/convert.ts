// Puts on a plan that numbers go from one precision to another.

import convertShader from "../../shaders/convert.wgsl?raw";
import halfShader from "../../shaders/half.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { matrixOf, type PlannedTensor } from "../gpu/tensor";
import { expectShape, line } from "./operands";

/** Rows of a tensor: where the first begins and how far it is from one to the next, in vec4f. */
export interface Rows {
  readonly tensor: PlannedTensor;
  readonly start: number;
  readonly stride: number;
}

interface Conversion {
  label: string;
  x: Rows;
  out: Rows;
  /** How many, and what each is wide, in vec4f. */
  rows: number;
  width: number;
  /** f32 [2]: where given, what x is multiplied by is its first number. */
  scaling?: PlannedTensor | undefined;
}

/** out = x, or x · scaling[0], row by row; beyond what a half holds, infinite. */
export function convertRows(plan: Plan, { label, x, out, rows, width, scaling }: Conversion): void {
  const { workgroups, ...threads } = line(plan.traits, rows * width);
  const places = { xStart: x.start, xStride: x.stride, outStart: out.start, outStride: out.stride };
  plan.add({
    label,
    kernel: {
      shader: "convert",
      source: `${halfShader}\n${convertShader}`,
      constants: { size: rows * width, width, ...places, ...threads },
      flags: { scaled: scaling !== undefined },
    },
    bindings: { x: x.tensor, out: out.tensor, ...(scaling && { scaling }) },
    workgroups,
    flops: scaling ? 4 * rows * width : 0,
  });
}

/** Likewise all of a tensor. @throws where the shapes differ. */
export function convert(
  plan: Plan,
  { x, out, ...more }: Pick<Conversion, "label" | "scaling"> & Record<"x" | "out", PlannedTensor>,
): void {
  expectShape("convert", out, "the shape of x", x.shape);
  const { storedRows: rows, storedWidth } = matrixOf(x);
  const width = storedWidth / 4;
  const whole = (tensor: PlannedTensor) => ({ tensor, start: 0, stride: width });
  convertRows(plan, { ...more, x: whole(x), out: whole(out), rows, width });
}
