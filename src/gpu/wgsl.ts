// Reads shader text: resolves its #if sections for the given flags and finds the bindings it declares.

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
 * Resolves `#if name … #elif name … #else … #endif`, each on a line of its own.
 * @throws where a directive names a flag that was not given, or the sections do not nest.
 */
export function resolveFlags(source: string, flags: Flags, shader: string): string {
  /** The innermost first: whether its branch is kept, whether one was, and whether it is the last. */
  const open: { keeps: boolean; done: boolean; last: boolean }[] = [];
  const kept = source.split("\n").filter((line) => {
    const [, word, flag = ""] = /^\s*#(if|elif|else|endif)\b *(\w*)/.exec(line) ?? [];
    if (!word) return open.every(({ keeps }) => keeps);
    const asks = word === "if" || word === "elif";
    if (asks && !(flag in flags)) {
      throw new Error(
        `${shader}: #if names the flag "${flag}", expected one of ${Object.keys(flags).join(", ") || "none"}; pass it or correct the shader.`,
      );
    }
    if (word === "if") open.unshift({ keeps: false, done: false, last: false });
    const [section] = open;
    if (!section || (section.last && word !== "endif")) throw unnested(shader, word);
    section.keeps = !section.done && (!asks || flags[flag] === true);
    section.done ||= section.keeps;
    section.last = word === "else";
    if (word === "endif") open.shift();
    return false;
  });
  if (open.length > 0) throw unnested(shader, "if");
  return kept.join("\n");
}

const unnested = (shader: string, word: string): Error =>
  new Error(
    `${shader}: #${word} stands alone, expected #if, any #elif, one #else or none, and #endif; correct the shader.`,
  );

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
      throw new Error(`${shader}: binding "${name}" is in group ${group}, expected group 0; move it.`);
    }
    while (given === undefined && taken.has(free)) free++;
    const index = given === undefined ? free++ : Number(given);
    const type = space === "uniform" ? "uniform" : access === "read_write" ? "storage" : "read-only-storage";
    bindings.push({ name: name!, index, type, holds: holds!.trim() });
    return given === undefined ? `@group(0) @binding(${index}) ${found}` : found;
  });
  const declared = text.match(/@binding\(|\bvar<\s*(?:uniform|storage)/g)?.length ?? 0;
  if (declared !== 2 * bindings.length) {
    throw new Error(
      `${shader}: ${bindings.length} bindings can be read and others not, expected bindings of the form "var<storage, read> name: type;", with "@group(0) @binding(n)" in front or without.`,
    );
  }
  return { text, bindings };
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
