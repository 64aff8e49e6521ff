// Reads shader text: resolves its #if sections for the given flags and finds the bindings it declares.

import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { TempogradError } from "../errors";

/** Named switches of a shader: `#if name` keeps its section where the flag is true. */
export type Flags = Readonly<Record<string, boolean>>;

/** One `var<…> name: type;` of a shader that is bound to a buffer. */
export interface Binding {
  readonly name: string;
  readonly index: number;
  readonly type: GPUBufferBindingType;
  /** What WGSL calls the type of what it holds. */
  readonly holds: string;
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
      throw new TempogradError(
        "definition",
        `${shader}: #if names the flag "${flag}", expected one of ${Object.keys(flags).join(", ") || "none"}; pass it or correct the shader.`,
      );
    }
    strings.push(source.slice(end, match.index + match[0].length - flag.length));
    values.push(flags[flag]!);
    end = match.index + match[0].length;
  }
  return wgsl([...strings, source.slice(end)], ...values);
}

/**
 * Resolved shader text in which some bindings hold numbers in half precision. They are declared as `name: array<Alias>`, with
 * `alias Alias = vec4f;` before: that becomes vec4h, and whatever else is declared by it has to be among them.
 * @throws where one is not declared so: the shader computes in single precision alone.
 */
export function inHalf(source: string, halves: readonly string[], shader: string): string {
  const aliases = new Set(
    halves.map((name) => {
      const [, alias] = new RegExp(`\\b${name}\\s*:\\s*array<(\\w+)`).exec(source) ?? [];
      if (alias && source.includes(aliasOf(alias, "f"))) return alias;
      throw new TempogradError(
        "definition",
        `${shader}: "${name}" is stored in half precision, expected single; the shader reads no other.`,
      );
    }),
  );
  for (const alias of aliases) {
    for (const [, name] of source.matchAll(
      new RegExp(`\\bvar<storage[^>]*>\\s*(\\w+)\\s*:\\s*array<${alias}\\b`, "g"),
    )) {
      if (halves.includes(name!)) continue;
      throw new TempogradError(
        "definition",
        `${shader}: "${name}" is stored in single precision, expected half, as ${halves.join(", ")}.`,
      );
    }
  }
  return [...aliases].reduce((text, alias) => text.replace(aliasOf(alias, "f"), aliasOf(alias, "h")), source);
}

const aliasOf = (alias: string, suffix: string): string => `alias ${alias} = vec4${suffix};`;

const declaration =
  /(?:@group\((\d+)\)\s*@binding\((\d+)\)\s*)?\bvar<(uniform|storage)(?:,\s*(read|read_write))?>\s*(\w+)\s*:\s*([^;]+);/g;

/**
 * Numbers what resolved shader text binds, in the order of declaration; what has a number in group 0 keeps it.
 * @returns the text with all numbers, and the bindings.
 * @throws where another group is named, or a declaration is of another form.
 */
export function numberBindings(source: string, shader: string): { text: string; bindings: Binding[] } {
  const bindings: Binding[] = [];
  const taken = new Set([...source.matchAll(declaration)].map(([, , index]) => index && Number(index)));
  let free = 0;
  const text = source.replace(declaration, (found: string, ...parts: (string | undefined)[]) => {
    const [group, given, space, access, name, holds] = parts;
    if (group !== undefined && group !== "0") {
      throw new TempogradError(
        "definition",
        `${shader}: binding "${name}" is in group ${group}, expected group 0; move it.`,
      );
    }
    while (given === undefined && taken.has(free)) free++;
    const index = given === undefined ? free++ : Number(given);
    const type = space === "uniform" ? "uniform" : access === "read_write" ? "storage" : "read-only-storage";
    bindings.push({ name: name!, index, type, holds: holds!.trim() });
    return given === undefined ? `@group(0) @binding(${index}) ${found}` : found;
  });
  const declared = text.match(/@binding\(|\bvar<\s*(?:uniform|storage)/g)?.length ?? 0;
  if (declared !== 2 * bindings.length) {
    throw new TempogradError(
      "definition",
      `${shader}: ${bindings.length} bindings can be read and others not, expected "var<storage, read> name: type;", numbered or not.`,
    );
  }
  return { text, bindings };
}

/** `const name = 3u;` lines to put in front of a shader. Only unsigned integers ever enter shader text. */
export function constantLines(constants: Readonly<Record<string, number>>, shader: string): string {
  return Object.entries(constants)
    .map(([name, value]) => {
      if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
        throw new TempogradError(
          "definition",
          `${shader}: constant "${name}" is ${value}, expected an integer from 0 to 4294967295.`,
        );
      }
      return `const ${name} = ${value}u;\n`;
    })
    .join("");
}
