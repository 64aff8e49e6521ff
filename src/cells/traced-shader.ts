// The shader of a cell whose equations were traced: what stands in front of a sweep through time, as a person would write it.

import { TempogradError } from "../errors";
import type { TracedCell } from "../expressions/cell";
import type { Formulas } from "../expressions/formulas";
import { wgslFunctions } from "../expressions/wgsl-functions";
import type { Cell } from "./cell";

/** What the sweep and the lines of this file call by name, where the cell's own lines stand. */
const called =
  "e last begins dh d stored Stored gate sumOf hiddenBefore stateBefore setState hidden candidate cellState unitParameters carry owned units width batch steps".split(
    " ",
  );
/** Of shaders/cell.wgsl. */
const defined = ["isNan", "tanhOf", "sigmoid", "dTanh", "dSigmoid"];

const times = (count: number, what: string) => (count === 1 ? what : `${count}u * ${what}`);

/** A gate's place, by its number. */
const placeOf = (gate: number): string => (gate === 0 ? "gate[e.gate]" : `gate[e.gate + ${times(gate, "width")}]`);

/** What stands in a place of gates, h or a candidate, which may be in half precision. */
const readFrom = (place: string): string => `vec4f(${place})`;

/** Leaves a value there. */
const storeTo = (place: string, value: string): string => `${place} = stored(${value});`;

/** A gate's sum, on the way forward. */
const sumOf = (gate: number): string => `sumOf(e, ${gate}u)`;

/** A state beside h, on the way forward. */
const stateBefore = (state: number): string => `stateBefore(e, ${state}u)`;

/** Places of a state beside h, by its number: all slabs of one lie behind all of the one before. */
const beforeOf = (state: number): string =>
  state === 0 ? "cellState[e.sweep]" : `cellState[e.sweep + ${times(state, "(steps + 1u)")} * batch * width]`;
const afterOf = (state: number): string =>
  state === 0
    ? "cellState[e.sweep + batch * width]"
    : `cellState[e.sweep + (${times(state, "steps")} + ${state + 1}u) * batch * width]`;

/** Zero in what is added to the width: units that are not there must leave nothing that products then meet. */
const ownedText = `fn owned(e: Element, value: vec4f) -> vec4f {
  return select(vec4f(), value, vec4u(4u * (e.own % width)) + vec4u(0u, 1u, 2u, 3u) < vec4u(units));
}`;

/** Whether a unit all of whose numbers are zero keeps them so, forward and back. */
function staysAtRest({ gates, apart, states, parameters, projections, twin }: TracedCell): boolean {
  const rest = (more: number) =>
    new Float64Array(gates.length + apart.length + states.length + parameters.length + more);
  return [
    twin.forward(rest(0)),
    twin.backward(rest(states.length)),
    twin.projection?.forward(rest(0)) ?? [],
    twin.projection?.backward(rest(projections.length)) ?? [],
  ].every((values) => Array.from(values).every((value) => value === 0));
}

/** The place of a unit's parameter, by its number. */
const parameterOf = (parameter: number): string =>
  `unitParameters[${parameter === 0 ? "" : `${times(parameter, "width")} + `}e.own % width]`;

/** `source`, and what of it the sweeps must know. @throws where there is no place for what the way back needs. */
export function tracedShader(
  at: string,
  cell: TracedCell,
): Pick<Cell, "source" | "isLine" | "passesBeside" | "readsCandidate" | "readsSums"> {
  const { name, parameters, forward, backward, projection } = cell;
  const [h, ...beside] = cell.states;
  const [apart] = cell.apart;
  const [projected] = cell.projections;
  const places = keptPlaces(at, cell);
  // What passes back beside h: gradients of the other states, then sums of those of parameters.
  const carried = [...beside, ...parameters].map(({ gradient }, index) => ({
    gradient,
    place: `carry[${gradient}At]`,
    line: `let ${gradient}At = ${times(index + 1, "batch * width")} + e.own;`,
  }));
  const ofStates = carried.slice(0, beside.length);
  const ofParameters = carried.slice(beside.length);
  const taken = [...called, ...carried.map(({ gradient }) => `${gradient}At`)];
  const functions = new Set<string>();
  const rests = staysAtRest(cell);
  const linesOf = (formulas: Formulas, texts: Record<string, string>) => {
    const known = Object.fromEntries(Object.entries(texts).filter(([name]) => formulas.takes.includes(name)));
    const written = formulas.lines({ texts: known, taken });
    for (const name of written.functions) functions.add(name);
    const { lines, names } = settled(written);
    const of = (output: string): string | undefined =>
      rests || names[output] === undefined ? names[output] : `owned(e, ${names[output]})`;
    return { lines, of };
  };

  const candidate = "candidate[e.time]";
  const named = (pairs: readonly (readonly [name: string, text: string])[]) => Object.fromEntries(pairs);
  const before = {
    [h!.before]: "hiddenBefore(e)",
    ...named(beside.map((state, index) => [state.before, stateBefore(index)])),
  };
  const given = named(parameters.map(({ name }, index) => [name, parameterOf(index)]));
  const around = {
    [h!.before]: readFrom("hidden[e.before]"),
    ...named(beside.map((state, index) => [state.before, beforeOf(index)])),
    [h!.name]: readFrom("hidden[e.after]"),
    ...named(beside.map(({ name }, index) => [name, afterOf(index)])),
  };
  const special = apart ?? projected;
  const product = special ? { [special.name]: readFrom(candidate) } : {};
  const sums = Object.fromEntries(cell.gates.map(({ name }, gate) => [name, sumOf(gate)]));
  const gates = Object.fromEntries(cell.gates.map(({ name }, gate) => [name, readFrom(placeOf(gate))]));
  const finished = cell.gates.at(apart ? -2 : -1)!.name;
  const kept = Object.fromEntries(places.map(([name, place]) => [name, readFrom(place)]));
  const memory = { ...gates, ...given, ...product, ...kept, ...around };

  const there = linesOf(forward, { ...sums, [finished]: "last", ...before, ...given, ...product });
  const fn = (head: string, ...body: (string | readonly string[])[]) =>
    [`fn ${head} {`, ...body.flat().map((line) => `  ${line}`), "}"].join("\n");
  const stores = (pairs: readonly (readonly [place: string, value: string | undefined])[]) =>
    pairs.flatMap(([place, value]) => (value === undefined ? [] : [storeTo(place, value)]));

  const multiplied = projection && linesOf(projection.forward, { ...sums, ...before, ...given });
  const forwardText = [
    ...(multiplied && projected
      ? [fn("cellCandidate(e: Element)", multiplied.lines, storeTo(candidate, multiplied.of(projected.name)!))]
      : []),
    fn(
      "cellForward(e: Element, last: vec4f) -> vec4f",
      there.lines,
      stores(places.map(([name, place]) => [place, there.of(name)])),
      beside.flatMap(({ name }, index) => {
        const value = there.of(name);
        return value === undefined ? [] : [`setState(e, ${index}u, ${value});`];
      }),
      `return ${there.of(h!.name)};`,
    ),
    fn(
      "cellHold(e: Element)",
      beside.map((_, index) => `setState(e, ${index}u, ${stateBefore(index)});`),
    ),
  ];

  const { line } = cell;
  if (line) {
    const there = linesOf(line.forward, {
      ...sums,
      [finished]: "last",
      [h!.before]: "vec4f()",
      [h!.gradient]: "vec4f(1.0)",
    });
    const answer = `return Line(${there.of(h!.gradientBefore)}, ${there.of(h!.name)});`;
    forwardText.push(fn("cellLine(e: Element, last: vec4f) -> Line", there.lines, answer));
  }

  // What later steps left, unless there were none.
  const fromLater = ofStates.map(({ gradient, place }) => [gradient, `select(${place}, vec4f(), last)`] as const);
  const back = linesOf(backward, { ...memory, [h!.gradient]: "dh", ...named(fromLater) });
  const gradients = cell.gates.map(({ gradient }, gate) => [placeOf(gate), gradient] as const);
  const later = new Set(projection?.backward.gives);
  const dq = apart && (back.of(apart.gradient) ?? "vec4f()");
  // Where sums of parameters' gradients begin: at the last step, also where later ones are of another stretch of time.
  const begins = ofParameters.length > 0 ? ["let begins = e.sweep >= (steps - 1u) * batch * width;"] : [];
  const zeroed = (where: string, places: readonly { readonly place: string }[]) =>
    places.length > 0 ? [`if (${where}) {`, ...places.map(({ place }) => `  ${place} = vec4f();`), "}"] : [];
  const backwardText = [
    fn(
      "cellBackward(e: Element, dh: vec4f, last: bool) -> vec4f",
      carried.map(({ line }) => line),
      begins,
      back.lines,
      // What the projection's way back still reads stands where it will leave a gradient.
      stores(
        gradients.map(([place, gradient]) => [
          place,
          back.of(gradient) ?? (later.has(gradient) ? undefined : "vec4f()"),
        ]),
      ),
      stores([[candidate, dq]]),
      [
        ...ofStates.map(({ place }, index) => [place, back.of(beside[index]!.gradientBefore) ?? "vec4f()"] as const),
        ...ofParameters.map(({ place, gradient }) => {
          const share = back.of(gradient);
          return [place, `select(${place}, vec4f(), begins)${share ? ` + ${share}` : ""}`] as const;
        }),
      ].map(([place, value]) => `${place} = ${value};`),
      `return ${back.of(h!.gradientBefore) ?? "vec4f()"};`,
    ),
    fn(
      "cellHoldBackward(e: Element, last: bool)",
      carried.map(({ line }) => line),
      begins,
      zeroed("last", ofStates),
      zeroed("begins", ofParameters),
      apart ? [`${candidate} = Stored();`] : [],
    ),
    ...(projection && projected ? [projectedBack(projection.backward, projected.gradient)] : []),
  ];

  if (line) {
    const there = linesOf(line.backward, { ...memory, [h!.gradient]: "vec4f(1.0)" });
    backwardText.push(fn("cellSlope(e: Element) -> vec4f", there.lines, `return ${there.of(h!.gradientBefore)};`));
  }

  /** The gradient of what U multiplies in place of h, on its way back: added to what the step left. */
  function projectedBack(formulas: Formulas, gradient: string): string {
    const written = linesOf(formulas, { ...memory, [gradient]: "d" });
    const already = new Set(backward.gives);
    return fn(
      "cellCandidateBackward(e: Element, d: vec4f) -> vec4f",
      carried.map(({ line }) => line),
      written.lines,
      gradients.flatMap(([place, name]) => {
        const value = written.of(name);
        return value ? [storeTo(place, already.has(name) ? `${readFrom(place)} + ${value}` : value)] : [];
      }),
      carried.flatMap(({ place, gradient }, index) => {
        const value = written.of(beside[index]?.gradientBefore ?? gradient);
        return value ? [`${place} += ${value};`] : [];
      }),
      `return ${written.of(h!.gradientBefore) ?? "vec4f()"};`,
    );
  }

  const readsCandidate = cell.reads.projections.length > 0;
  const bindings = (access: "read" | "read_write") => [
    // A uniform, as a sweep back has no room for one more storage buffer.
    ...(parameters.length > 0
      ? [`var<uniform> unitParameters: array<vec4f, ${times(parameters.length, "width")}>; // [P, H]`]
      : []),
    ...(apart || (projected && (access === "read_write" || readsCandidate))
      ? ["var<storage, read_write> candidate: array<Stored>; // [T, B, H]"]
      : []),
    ...(special && access === "read_write" ? ["var<storage, read> recurrentBias: array<vec4f>; // [H]"] : []),
  ];
  const source = [
    `// The cell "${name}", of its equations.`,
    wgslFunctions(functions, "vec4f", defined),
    ...(rests ? [] : [ownedText]),
    "#if forward",
    ...bindings("read_write"),
    ...forwardText,
    "#else",
    ...bindings("read"),
    ...backwardText,
    "#endif",
  ].join("\n");
  const passesBeside = [backward, projection?.backward].some((way) => way?.gives.includes(h!.gradientBefore));
  return {
    source: `${source}\n`,
    isLine: line !== undefined,
    passesBeside: passesBeside || projection !== undefined,
    readsCandidate,
    readsSums: cell.reads.gates.length > 0,
  };
}

/**
 * Where each kept value stands: in the place of a gate that the way back does not read, which its gradient takes later.
 * What the way back of a projection reads too stands where that way leaves a gradient itself.
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
      throw new TempogradError(
        "definition",
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
    if (/^\w+$/.test(text) || !/\[|\(e\b/.test(text)) return [output, text];
    const name = `${output}Now`;
    more.push(`let ${name} = ${text};`);
    return [output, name];
  });
  return { lines: [...lines, ...more], names: Object.fromEntries(known) as Record<string, string> };
}
