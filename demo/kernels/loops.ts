// How many cycles one time step of a sweep takes, from the compiler's listing of its blocks and its estimate of the whole.
//
// The compiler's latency is a sum over blocks, each as often as it takes it to run: once; 8 times in a loop, 4 times as often
// in a loop within that, twice in those within. (A loop that it unrolled is none any more.) A block's own cycles it does not
// print. So they are estimated here by the same rules, from its instructions and the waits for memory among them, and scaled
// so that their sum is the compiler's; then each is taken as often as a time step runs it: the loop over time once, loops
// within as often as their bounds say.

/** Times that a block runs, as the compiler takes it, by the depth of the loops around it. */
const weights = [1, 8, 32, 64, 128, 256];

interface Loop {
  /** How often it runs; undefined where the listing does not tell. */
  readonly length: number | undefined;
}

interface Block {
  /** From the outermost. */
  readonly loops: readonly Loop[];
  readonly cycles: number;
}

/**
 * The cycles of a time step; undefined where a loop within has a length that is not known when it is compiled.
 * @param listing the driver's, of one kernel
 * @param latency the compiler's
 * @param looping whether the kernel loops over time, in the outermost loop that takes longest; else it is one step.
 */
export function cyclesPerStep(listing: string, latency: number, looping: boolean): number | undefined {
  const blocks = blocksOf(listing);
  const counted = blocks.reduce((sum, { loops, cycles }) => sum + weights[loops.length]! * cycles, 0);
  const time = looping ? longest(blocks) : undefined;
  const step = blocks
    .filter(({ loops }) => loops[0] === time || !looping)
    .map(({ loops, cycles }) => ({ within: loops.slice(looping ? 1 : 0), cycles }));
  const cycles = step.reduce(
    (sum, { within, cycles }) => sum + within.reduce((all, { length }) => all * (length ?? Number.NaN), cycles),
    0,
  );
  return Number.isNaN(cycles) ? undefined : Math.round((cycles * latency) / counted);
}

function longest(blocks: readonly Block[]): Loop | undefined {
  const cycles = new Map<Loop, number>();
  for (const { loops, cycles: more } of blocks) {
    const [outer] = loops;
    if (outer) cycles.set(outer, (cycles.get(outer) ?? 0) + weights[loops.length]! * more);
  }
  return [...cycles].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function blocksOf(listing: string): Block[] {
  const [, plain = "", instructions = ""] = /^After RA:$(.*?)^disasm:$(.*?)(?=^$)/ms.exec(listing) ?? [];
  const code = new Map(partsOf(instructions, /^(BB\d+):$/m));
  const loops: Loop[] = [];
  return partsOf(plain, /^(BB\d+)$/m).map(([name, text]) => {
    const kind = /kind: (.*)\*\//.exec(text)?.[1] ?? "";
    if (kind.includes("loop-exit")) loops.pop();
    if (kind.includes("loop-header")) loops.push({ length: lengthOf(text, plain) });
    return { loops: [...loops], cycles: cyclesOf(code.get(name) ?? "") };
  });
}

/** The parts of a text by the words that stand at their heads. */
function partsOf(text: string, head: RegExp): [string, string][] {
  const words = text.split(head).slice(1);
  return Array.from({ length: words.length / 2 }, (_, i) => [words[2 * i]!, words[2 * i + 1]!]);
}

/** How often a loop runs that counts up from a constant to another, read from its head and where the count grows. */
function lengthOf(header: string, all: string): number | undefined {
  for (const [, count, first, next] of header.matchAll(/(%\d+):\S+ = p_(?:linear_)?phi (-?\w+), (%\d+):/g)) {
    const by = new RegExp(`${next}:[^\\n]*= [sv]_add\\w* (?:${count}:\\S+, (\\w+)|(\\w+), ${count}:)`).exec(all);
    const end = new RegExp(`= [sv]_cmpk?_(?:ge_[ui]32 ${count}:\\S+ (?:imm:)?(\\w+)|le_[ui]32 (\\w+), ${count}:)`).exec(
      all,
    );
    if (by && end) return Math.ceil((Number(end[1] ?? end[2]) - Number(first)) / Number(by[1] ?? by[2]));
  }
  return undefined;
}

/** Cycles from when a load or a store begins to when it is done. */
const waits = { vector: 320, scalar: 30, workgroup: 20 };

/** Cycles of a block that runs alone. */
function cyclesOf(code: string): number {
  const done: Record<"vmcnt" | "lgkmcnt" | "vscnt", number[]> = { vmcnt: [], lgkmcnt: [], vscnt: [] };
  let now = 0;
  for (const [, name = "", operands = ""] of code.matchAll(/^\t(\w+) ?([^;\n]*)/gm)) {
    now += name.startsWith("v_") ? (/_(exp|log|rcp|rsq|sqrt|sin|cos)_/.test(name) ? 8 : 2) : 1;
    if (/^(buffer|global|flat)_store/.test(name)) done.vscnt.push(now + waits.vector);
    else if (/^(buffer|global|flat)_/.test(name)) done.vmcnt.push(now + waits.vector);
    else if (name.startsWith("ds_")) done.lgkmcnt.push(now + waits.workgroup);
    else if (/^s_(buffer_)?load/.test(name)) done.lgkmcnt.push(now + waits.scalar);
    if (!name.startsWith("s_waitcnt")) continue;
    for (const [counter, times] of Object.entries(done)) {
      const left = new RegExp(`${counter}(?:\\((\\d+)\\)| null, (\\w+))`).exec(`${name} ${operands}`);
      const awaited = left && times.at(-1 - Number(left[1] ?? left[2])); // they are done in turn
      if (awaited) now = Math.max(now, awaited);
    }
  }
  return now;
}
