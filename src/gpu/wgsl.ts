// Reads shader text: resolves its #if sections for the given flags and finds the bindings it declares.

import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";

/** Named switches of a shader: `#if name` keeps its section where the flag is true. */
export type Flags = Readonly<Record<string, boolean>>;

/** One `@group(0) @binding(n) var<…> name: type;` of a shader. */
export interface Binding {
  readonly name: string;
  readonly index: number;
  readonly type: GPUBufferBindingType;
}

/**
 * Resolves `#if name … #elif name … #else … #endif`.
 * @throws where a directive names a flag that was not given, or the sections do not nest.
 */
export function resolveFlags(source: string, flags: Flags, shader: string): string {
  const strings: string[] = [];
  const values: boolean[] = [];
  let end = 0;
  for (const match of source.matchAll(/#(?:if|elif) (\w+)/g)) {
    const flag = match[1]!;
    if (!(flag in flags)) {
      throw new Error(
        `${shader}: #if names the flag "${flag}", expected one of ${Object.keys(flags).join(", ") || "none"}; pass it or correct the shader.`,
      );
    }
    strings.push(source.slice(end, match.index + match[0].length - flag.length));
    values.push(flags[flag]!);
    end = match.index + match[0].length;
  }
  return wgsl([...strings, source.slice(end)], ...values);
}

const bindingPattern =
  /@group\((\d+)\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(read|read_write))?>\s*(\w+)\s*:/g;

/** The bindings that resolved shader text declares, in group 0. */
export function bindingsOf(source: string, shader: string): Binding[] {
  const bindings = [...source.matchAll(bindingPattern)].map((match): Binding => {
    const [, group, index, space, access, name] = match;
    if (group !== "0") throw new Error(`${shader}: binding "${name}" is in group ${group}, expected group 0; move it.`);
    const type = space === "uniform" ? "uniform" : access === "read_write" ? "storage" : "read-only-storage";
    return { name: name!, index: Number(index), type };
  });
  const declared = source.match(/@binding\(/g)?.length ?? 0;
  if (declared !== bindings.length) {
    throw new Error(
      `${shader}: ${declared} bindings are declared, ${bindings.length} of the form "@group(0) @binding(n) var<storage, read> name: type"; write all in that form.`,
    );
  }
  return bindings;
}

/** `const name = 3u;` lines to put in front of a shader. Only unsigned integers ever enter shader text. */
export function constantLines(constants: Readonly<Record<string, number>>, shader: string): string {
  return Object.entries(constants)
    .map(([name, value]) => {
      if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
        throw new Error(`${shader}: constant "${name}" is ${value}, expected an integer from 0 to 4294967295.`);
      }
      return `const ${name} = ${value}u;\n`;
    })
    .join("");
}
