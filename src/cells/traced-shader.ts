// The shader of a cell whose equations were traced: what stands in front of a sweep through time, as a person would write it.

import type { TracedCell } from "../expressions/cell";
import type { Formulas } from "../expressions/formulas";
import { wgslFunctions } from "../expressions/wgsl-functions";
import type { Cell } from "./cell";

/** What the sweep and the lines of this file call by name, where the cell's own lines stand. */
const taken = "e last dh d gate hidden candidate cellState carry dcAt width batch steps".split(" ");
/** Of shaders/cell.wgsl. */
const defined = ["isNan", "tanhOf", "sigmoid", "dTanh", "dSigmoid"];

const own = "cellState[e.sweep]";
const after = "cellState[e.sweep + batch * width]";

/** A gate's place, by its number. */
const placeOf = (gate: number): string =>
  gate === 0 ? "gate[e.gate]" : `gate[e.gate + ${gate === 1 ? "" : `${gate}u * `}width]`;

/** `source`, and what of it the sweeps must know. @throws where there is no place for what the way back needs. */
export function tracedShader(at: string, cell: TracedCell): Pick<Cell, "source" | "passesBeside" | "readsCandidate"> {
  const { name, states, forward, backward, projection } = cell;
  const [h, c] = states;
  const [apart] = cell.apart;
  const [projected] = cell.projections;
  const places = keptPlaces(at, cell);
  const functions = new Set<string>();
  const linesOf = (formulas: Formulas, texts: Record<string, string>) => {
    const known = Object.fromEntries(Object.entries(texts).filter(([name]) => formulas.takes.includes(name)));
    const written = formulas.lines({ texts: known, taken });
    for (const called of written.functions) functions.add(called);
    const { lines, names } = settled(written);
    return { lines, of: (output: string): string | undefined => names[output] };
  };

  const candidate = "candidate[e.time]";
  const before = { [h!.before]: "hidden[e.before]", ...(c && { [c.before]: own }) };
  const special = apart ?? projected;
  const beside = special ? { [special.name]: candidate } : {};
  const sums = Object.fromEntries(cell.gates.map(({ name }, gate) => [name, placeOf(gate)]));
  const finished = cell.gates.at(apart ? -2 : -1)!.name;
  const kept = Object.fromEntries(places);
  const memory = {
    ...sums,
    ...before,
    ...beside,
    ...kept,
    [h!.name]: "hidden[e.after]",
    ...(c && { [c.name]: after }),
  };

  const there = linesOf(forward, { ...sums, [finished]: "last", ...before, ...beside });
  const fn = (head: string, ...body: (string | readonly string[])[]) =>
    [`fn ${head} {`, ...body.flat().map((line) => `  ${line}`), "}"].join("\n");
  const stores = (pairs: readonly (readonly [place: string, value: string | undefined])[]) =>
    pairs.flatMap(([place, value]) => (value === undefined ? [] : [`${place} = ${value};`]));

  const multiplied = projection && linesOf(projection.forward, { ...sums, ...before });
  const forwardText = [
    ...(multiplied && projected
      ? [fn("cellCandidate(e: Element)", multiplied.lines, `${candidate} = ${multiplied.of(projected.name)};`)]
      : []),
    fn(
      "cellForward(e: Element, last: vec4f) -> vec4f",
      there.lines,
      stores(places.map(([name, place]) => [place, there.of(name)])),
      c ? [`${after} = ${there.of(c.name)};`] : [],
      `return ${there.of(h!.name)};`,
    ),
    c ? fn("cellHold(e: Element)", `${after} = ${own};`) : "fn cellHold(e: Element) {}",
  ];

  const back = linesOf(backward, { ...memory, [h!.gradient]: "dh", ...(c && { [c.gradient]: dcOf }) });
  const gradients = cell.gates.map(({ gradient }, gate) => [placeOf(gate), gradient] as const);
  const later = new Set(projection?.backward.gives);
  const dq = apart && (back.of(apart.gradient) ?? "vec4f()");
  const backwardText = [
    fn(
      "cellBackward(e: Element, dh: vec4f, last: bool) -> vec4f",
      c ? ["let dcAt = batch * width + e.own;"] : [],
      back.lines,
      // What the projection's way back still reads stands where it will leave a gradient.
      stores(
        gradients.map(([place, gradient]) => [
          place,
          back.of(gradient) ?? (later.has(gradient) ? undefined : "vec4f()"),
        ]),
      ),
      stores([
        [candidate, dq],
        ["carry[dcAt]", c && (back.of(c.gradientBefore) ?? "vec4f()")],
      ]),
      `return ${back.of(h!.gradientBefore) ?? "vec4f()"};`,
    ),
    fn(
      "cellHoldBackward(e: Element, last: bool)",
      c ? ["if (last) { carry[batch * width + e.own] = vec4f(); }"] : [],
      apart ? [`${candidate} = vec4f();`] : [],
    ),
    ...(projection && projected ? [projectedBack(projection.backward, projected.gradient)] : []),
  ];

  /** The gradient of what U multiplies in place of h, on its way back: added to what the step left. */
  function projectedBack(formulas: Formulas, gradient: string): string {
    const written = linesOf(formulas, { ...memory, [gradient]: "d" });
    const already = new Set(backward.gives);
    return fn(
      "cellCandidateBackward(e: Element, d: vec4f) -> vec4f",
      c && formulas.gives.includes(c.gradientBefore) ? ["let dcAt = batch * width + e.own;"] : [],
      written.lines,
      gradients.flatMap(([place, name]) => {
        const value = written.of(name);
        return value ? [`${place} ${already.has(name) ? "+=" : "="} ${value};`] : [];
      }),
      c && written.of(c.gradientBefore) ? [`carry[dcAt] += ${written.of(c.gradientBefore)};`] : [],
      `return ${written.of(h!.gradientBefore) ?? "vec4f()"};`,
    );
  }

  const readsCandidate = cell.reads.projections.length > 0;
  const bindings = (access: "read" | "read_write") => [
    ...(c
      ? [`var<storage, ${access}> cellState: array<vec4f>; // [T + 1, B, H] in sweep order, slab 0 is the first`]
      : []),
    ...(apart || (projected && (access === "read_write" || readsCandidate))
      ? ["var<storage, read_write> candidate: array<vec4f>; // [T, B, H]"]
      : []),
    ...(special && access === "read_write" ? ["var<storage, read> recurrentBias: array<vec4f>; // [H]"] : []),
  ];
  const source = [
    `// The cell "${name}", of its equations.`,
    wgslFunctions(functions, "vec4f", defined),
    "#if forward",
    ...bindings("read_write"),
    ...forwardText,
    "#else",
    ...bindings("read"),
    ...backwardText,
    "#endif",
  ].join("\n");
  const passesBeside = [backward, projection?.backward].some((way) => way?.gives.includes(h!.gradientBefore));
  return { source: `${source}\n`, passesBeside: passesBeside || projection !== undefined, readsCandidate };
}

/** dc after a step, which later ones left, unless there was none. */
const dcOf = "select(carry[dcAt], vec4f(), last)";

/**
 * Where each kept value stands: in the place of a gate that the way back does not read, which its gradient takes later. What the way back of a projection reads
 * too stands where that way leaves a gradient itself.
 */
function keptPlaces(
  at: string,
  { gates, kept, reads, backward, projection }: TracedCell,
): [name: string, place: string][] {
  const late = new Set(projection?.backward.takes);
  const isFree = gates.map(({ name }) => !reads.gates.includes(name));
  const taking = (name: string) => {
    const able = gates.flatMap(({ gradient }, gate) =>
      isFree[gate] && !(late.has(name) && backward.gives.includes(gradient)) ? [gate] : [],
    );
    // Where it may stand in its own gate's place it does, as one expects; else where no later one must stand.
    const mine =
      able.find((gate) => gates[gate]!.name === name) ?? able.find((gate) => !kept.includes(gates[gate]!.name));
    const place = mine ?? able[0];
    if (place === undefined) {
      throw new Error(
        `${at} keeps ${kept.length} values (${kept.join(", ")}) for its way back, expected room for them in the places of its ${gates.length} gates; simplify it.`,
      );
    }
    isFree[place] = false;
    return [name, placeOf(place)] as [string, string];
  };
  const order = [...kept].sort((a, b) => Number(late.has(b)) - Number(late.has(a)));
  const places = new Map(order.map(taking));
  return kept.map((name) => [name, places.get(name)!]);
}

/** Lines after which nothing that is stored reads memory any more: stores may then stand in any order. */
function settled({ lines, names }: { lines: readonly string[]; names: Readonly<Record<string, string>> }) {
  const more: string[] = [];
  const known = Object.entries(names).map(([output, text]) => {
    if (/^\w+$/.test(text) || !/\[/.test(text)) return [output, text];
    const name = `${output}Now`;
    more.push(`let ${name} = ${text};`);
    return [output, name];
  });
  return { lines: [...lines, ...more], names: Object.fromEntries(known) as Record<string, string> };
}
