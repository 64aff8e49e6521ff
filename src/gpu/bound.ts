// What a plan binds to a shader's names: tensors, or numbers that it holds itself.

import { TempogradError } from "../errors";
import type { Shader } from "./shader";
import type { PlannedTensor } from "./tensor";
import { packUniform, type UniformValue } from "./uniform";
import type { Binding } from "./wgsl";

/** Which run of a repeat it is, from 0. */
export class Index {
  readonly count: number;
  constructor(count: number) {
    this.count = count;
  }
}

/** A uniform that each run of a repeat has its own value of. */
export interface Numbered {
  readonly index: Index;
  value(run: number): UniformValue;
}

/** What may stand for a binding: where it is storage, a tensor. */
export type Bindable = PlannedTensor | UniformValue | Numbered;

/** Numbers that a plan holds itself: `count` times `bytes`, each written by `write`. */
export interface Constant {
  readonly label: string;
  readonly bytes: number;
  readonly count: number;
  readonly index: Index | undefined;
  write(into: DataView, run: number): void;
}

export interface Bound {
  readonly binding: Binding;
  readonly to: PlannedTensor | Constant;
}

const isTensor = (value: object): value is PlannedTensor => "buffer" in value;

/** Whether a tensor is bound that is stored in half precision. */
export const isHalf = (value: Bindable | undefined): boolean =>
  typeof value === "object" && isTensor(value) && value.type === "f16";

/** @throws where storage is given numbers; as `packUniform`. */
export function boundTo(shader: Shader, { name, type }: Binding, value: Bindable, at: string): Bound["to"] {
  if (typeof value === "object" && isTensor(value)) return value;
  if (type !== "uniform") {
    throw new TempogradError(
      "definition",
      `${at}: binding "${name}" is given numbers, expected a tensor; the shader declares it as storage.`,
    );
  }
  const layout = shader.uniform(name);
  const numbered = typeof value === "object" && "index" in value && value.index instanceof Index;
  const { index, value: of } = numbered
    ? (value as Numbered)
    : { index: undefined, value: () => value as UniformValue };
  const write = (into: DataView, run: number) => packUniform(layout, of(run), into, `${at}, "${name}"`);
  write(new DataView(new ArrayBuffer(layout.bytes)), 0); // fields are checked at once
  return { label: name, bytes: layout.bytes, count: index?.count ?? 1, index, write };
}
