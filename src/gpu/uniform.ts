// What a uniform of a shader holds, read from its text, so that the host writes it by the names of its fields.

import { TempogradError } from "../errors";
import type { Binding } from "./wgsl";

/** A number, or one for each field of a struct. */
export type UniformValue = number | Readonly<Record<string, number>>;

type Scalar = "f32" | "i32" | "u32";

/** Where each field lies; of a number by itself, the one without a name. */
export interface UniformLayout {
  readonly bytes: number;
  readonly fields: ReadonlyMap<string, { readonly offset: number; readonly type: Scalar }>;
}

const isScalar = (type: string): type is Scalar => type === "f32" || type === "i32" || type === "u32";

/** @throws where a uniform holds other than numbers of 32 bits, or a struct of them. */
export function uniformLayout(
  text: string,
  { name, holds }: Pick<Binding, "name" | "holds">,
  shader: string,
): UniformLayout {
  if (isScalar(holds)) return { bytes: 16, fields: new Map([["", { offset: 0, type: holds }]]) };
  const body = new RegExp(`\\bstruct\\s+${holds}\\s*\\{([^}]*)\\}`).exec(text)?.[1];
  const fields = new Map<string, { offset: number; type: Scalar }>();
  const lines = (body ?? "").replace(/\/\/.*$/gm, "").split(/[,;]/);
  for (const line of lines.map((line) => line.trim()).filter(Boolean)) {
    const [field = "", type = ""] = line.split(":").map((part) => part.trim());
    if (!isScalar(type)) {
      throw new TempogradError(
        "definition",
        `${shader}: field "${field}" of "${name}" is ${type}, expected f32, i32 or u32; bind a tensor for others.`,
      );
    }
    fields.set(field, { offset: 4 * fields.size, type });
  }
  if (fields.size === 0) {
    throw new TempogradError(
      "definition",
      `${shader}: uniform "${name}" holds ${holds}, expected f32, i32, u32 or a struct of them; bind a tensor.`,
    );
  }
  return { bytes: 16 * Math.ceil(fields.size / 4), fields };
}

/**
 * Writes a value where a shader reads it.
 * @param at names the shader and the uniform, for errors.
 * @throws where a field is missing, or there is one that the shader has not.
 */
export function packUniform(layout: UniformLayout, value: UniformValue, into: DataView, at: string): void {
  const values = typeof value === "number" ? { "": value } : value;
  for (const name of Object.keys(values)) {
    if (!layout.fields.has(name))
      throw new TempogradError("definition", `${at}: no field ${said(name)}, expected ${namesOf(layout)}.`);
  }
  for (const [name, { offset, type }] of layout.fields) {
    const number = values[name];
    if (typeof number !== "number") {
      throw new TempogradError(
        "definition",
        `${at}: field ${said(name)} is ${number}, expected a number for each of ${namesOf(layout)}.`,
      );
    }
    if (type === "f32") into.setFloat32(offset, number, true);
    else if (type === "i32") into.setInt32(offset, number, true);
    else into.setUint32(offset, number, true);
  }
}

const said = (name: string): string => (name === "" ? "without a name" : `"${name}"`);
const namesOf = ({ fields }: UniformLayout): string =>
  fields.has("") ? "a number by itself" : [...fields.keys()].join(", ");
