// A shader as it is compiled: flags resolved, constants in front, bindings numbered. Known before there is a device.

import { TempogradError } from "../errors";
import { type UniformLayout, uniformLayout } from "./uniform";
import { type Binding, constantLines, type Flags, inHalf, numberBindings, resolveFlags } from "./wgsl";

/** What a kernel is made from. */
export interface KernelSource {
  /** The shader's file name without its ending, for labels and errors. */
  readonly shader: string;
  /** The text of the .wgsl file. */
  readonly source: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly flags: Flags;
}

export interface Shader {
  /** File and flags, as in `matmul(transposeA)`. */
  readonly name: string;
  readonly bindings: readonly Binding[];
  readonly entryPoint: string;
  /** @param first a statement that the entry point begins with. @throws where a constant is none that WGSL can have. */
  text(first?: string): string;
  /** What a uniform of that name holds. @throws as `uniformLayout`, or where there is none. */
  uniform(name: string): UniformLayout;
}

/** Those of sources that were asked for before, with the same halves: the text is long. */
const known = new WeakMap<KernelSource, { halves: string; shader: Shader }>();

/**
 * @param halves the bindings that hold numbers in half precision; where there are some, the flag `half` is true.
 * @throws where the text names unknown flags, declares odd bindings, cannot read halves or has more or fewer than one entry
 *   point.
 */
export function shaderOf(from: KernelSource, halves: readonly string[] = []): Shader {
  const before = known.get(from);
  if (before?.halves === halves.join()) return before.shader;
  const { shader: file, source, constants } = from;
  const half = halves.length > 0;
  const flags: Flags = { ...from.flags, half };
  const on = Object.keys(flags).filter((flag) => flags[flag]);
  const name = on.length > 0 ? `${file}(${on.join(" ")})` : file;
  const { text: numbered, bindings } = numberBindings(inHalf(resolveFlags(source, flags, file), halves, name), name);
  const entryPoints = [...numbered.matchAll(/@compute[^{]*?\bfn\s+(\w+)[^{]*\{/g)];
  const [entry] = entryPoints;
  if (entry === undefined || entryPoints.length > 1) {
    throw new TempogradError(
      "definition",
      `${name}: the resolved shader has ${entryPoints.length} entry points, expected 1; check its flags.`,
    );
  }
  const text = (first = "") => {
    const enabled = `${flags.quads ? "enable subgroups;\n" : ""}${half ? "enable f16;\n" : ""}`; // must stand before all else
    const body = entry.index + entry[0].length;
    return enabled + constantLines(constants, file) + numbered.slice(0, body) + first + numbered.slice(body);
  };
  const uniform = (wanted: string) => {
    const binding = bindings.find((binding) => binding.name === wanted && binding.type === "uniform");
    if (!binding) throw new TempogradError("definition", `${name}: the shader has no uniform "${wanted}".`);
    return uniformLayout(numbered, binding, name);
  };
  const shader = { name, bindings, entryPoint: entry[1]!, text, uniform };
  known.set(from, { halves: halves.join(), shader });
  return shader;
}
