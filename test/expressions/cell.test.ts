import { describe, expect, test } from "vitest";
import { minGru } from "../../src/cells/mingru";
import { type TracedCell, traceCell } from "../../src/expressions/cell";
import { type Expression, Trace } from "../../src/expressions/expression";
import type { Formulas } from "../../src/expressions/formulas";
import { select, sigmoid, sign, tanh } from "../../src/expressions/functions";
import { worstError } from "../numbers";
import { cells, gradientsOf, gruResetAfter, gruResetBefore, inputsOf, lstm, pointOf, slstm } from "./cells";
import { differences, dot } from "./differences";

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const at = (point: Record<string, number>, names: readonly string[]) =>
  names.map((name) => {
    if (point[name] === undefined) throw new Error(`no value of ${name}`);
    return point[name];
  });
const run = (formulas: Formulas, point: Record<string, number>): Record<string, number> => {
  const results = formulas.compute(at(point, formulas.takes));
  return Object.fromEntries(formulas.gives.map((name, index) => [name, results[index]!]));
};
const gradientNames = (parts: readonly { gradient: string }[]) => parts.map(({ gradient }) => gradient);

describe.each(cells.map((cell) => [cell.name, cell] as const))("%s", (_, cell) => {
  test("its gradients are those of finite differences", () => {
    for (const seed of seeds) {
      const point = pointOf(cell, seed);
      const inputs = at(point, inputsOf(cell));
      const { twin, states, projections } = cell;
      for (const [way, parts] of [[twin, states] as const, [twin.projection, projections] as const]) {
        if (!way) continue;
        const dAfter = at(point, gradientNames(parts));
        const loss = (values: readonly number[]) => dot(way.forward(values), dAfter);
        expect(worstError(way.backward([...inputs, ...dAfter]), differences(loss, inputs))).toBeLessThan(1e-7);
      }
    }
  });

  test("what is kept and read is all that the way back needs, and what it leaves out is 0", () => {
    for (const seed of seeds) {
      const point = pointOf(cell, seed);
      const gates = cell.gates.map(({ name }) => name);
      const after = run(cell.forward, point);
      const projected = cell.projection ? run(cell.projection.forward, point) : {};
      const { kept, reads } = cell;
      expect(cell.forward.gives).toEqual([...cell.states.map(({ name }) => name), ...kept]);
      const known = {
        ...Object.fromEntries(
          Object.entries(point).filter(([name]) => !gates.includes(name) || reads.gates.includes(name)),
        ),
        ...Object.fromEntries([...kept, ...reads.after].map((name) => [name, after[name]!])),
        ...projected,
      };
      const inputs = at(point, inputsOf(cell));
      for (const [backward, twin, parts] of [
        [cell.backward, cell.twin.backward, cell.states] as const,
        [cell.projection?.backward, cell.twin.projection?.backward, cell.projections] as const,
      ]) {
        if (!backward || !twin) continue;
        const got = run(backward, known);
        const expected = [...twin([...inputs, ...at(point, gradientNames(parts))])];
        const gotAll = gradientsOf(cell).map((name) => got[name] ?? 0);
        expect(worstError(gotAll, expected)).toBeLessThan(1e-12);
      }
    }
  });

  test("backward reads of memory what it says, and nothing else", () => {
    const { kept, reads, parameters, backward, projection } = cell;
    const free = [...gradientNames([...cell.states, ...cell.projections]), ...parameters.map(({ name }) => name)];
    const takes = new Set(
      [...backward.takes, ...(projection?.backward.takes ?? [])].filter((name) => !free.includes(name)),
    );
    const before = reads.before.map((name) => `${name}Before`);
    expect([...takes].sort()).toEqual(
      [...kept, ...reads.gates, ...reads.apart, ...before, ...reads.after, ...reads.projections].sort(),
    );
  });

  test("has no more kept values than gates", () => {
    expect(cell.kept.length).toBeLessThanOrEqual(cell.gates.length);
  });
});

describe("the values are those of the literature", () => {
  const s = (a: number) => 1 / (1 + Math.exp(-a));

  test.each(seeds)("at point %i", (seed) => {
    const states = (cell: TracedCell) => {
      const point = pointOf(cell, seed);
      return { point, after: [...cell.twin.forward(at(point, inputsOf(cell)))] };
    };
    const { point: p, after } = states(lstm);
    const c = s(p.f!) * p.cBefore! + s(p.i!) * Math.tanh(p.g!);
    expect(worstError(after, [s(p.o!) * Math.tanh(c), c])).toBeLessThan(1e-14);

    const { point: g, after: gru } = states(gruResetAfter);
    const n = Math.tanh(g.n! + s(g.r!) * g.q!);
    expect(worstError(gru, [(1 - s(g.z!)) * n + s(g.z!) * g.hBefore!])).toBeLessThan(1e-14);

    const { point: b, after: before } = states(gruResetBefore);
    expect(worstError(before, [(1 - s(b.z!)) * Math.tanh(b.n!) + s(b.z!) * b.hBefore!])).toBeLessThan(1e-14);
    const projected = gruResetBefore.twin.projection!.forward(at(b, inputsOf(gruResetBefore)));
    expect(worstError(projected, [s(b.r!) * b.hBefore!])).toBeLessThan(1e-14);

    const { point: x, after: xlstm } = states(slstm);
    const m = Math.max(Math.log(s(x.f!)) + x.mBefore!, x.i!);
    const [input, forget] = [Math.exp(x.i! - m), s(x.f!) * Math.exp(x.mBefore! - m)];
    const cell = forget * x.cBefore! + input * Math.tanh(x.z!);
    const normaliser = forget * x.nBefore! + input;
    expect(worstError(xlstm, [(s(x.o!) * cell) / normaliser, cell, normaliser, m])).toBeLessThan(1e-14);
  });

  test("the stabiliser keeps an exponential gate in range, forward and back", () => {
    const point = { ...pointOf(slstm, 3), i: 2000, f: -2000 };
    const inputs = at(point, inputsOf(slstm));
    const dAfter = at(point, gradientNames(slstm.states));
    expect([...slstm.twin.forward(inputs)].every(Number.isFinite)).toBe(true);
    expect([...slstm.twin.backward([...inputs, ...dAfter])].every(Number.isFinite)).toBe(true);
  });
});

test("a cell that meets its past with nothing keeps nothing that its gates' products have left in memory", () => {
  const { kept, reads, recurrent } = traceCell(minGru.equations);
  expect([kept, reads.gates, recurrent]).toEqual([[], ["z", "candidate"], "none"]);
});

test("TypeScript knows the names", () => {
  const calls = [
    // @ts-expect-error a state is missing
    () => traceCell({ name: "x", gates: ["a"], states: ["h", "c"], step: ({ a }) => ({ h: tanh(a) }) }),
    // @ts-expect-error there is no such gate
    () => traceCell({ name: "x", gates: ["a"], states: ["h"], step: ({ b }) => ({ h: tanh(b) }) }),
    // @ts-expect-error there is no such state
    () => traceCell({ name: "x", gates: ["a"], states: ["h"], step: ({ a }, { c }) => ({ h: tanh(a.plus(c)) }) }),
    // @ts-expect-error there is no such parameter
    () => traceCell({ name: "x", gates: ["a"], states: ["h"], step: ({ a }, _, { p }) => ({ h: tanh(a.times(p)) }) }),
  ];
  for (const call of calls) expect(call).toThrow('Cell "x"');
});

describe("mistakes are told at once", () => {
  const trace = (changes: object) =>
    traceCell({
      name: "mine",
      gates: ["a", "b"],
      states: ["h", "c"],
      step: ({ a, b }: Record<string, Expression>, { c }: Record<string, Expression>) => ({
        h: tanh(a!),
        c: sigmoid(b!).times(c!),
      }),
      ...changes,
    } as never);
  type Symbols = Record<string, Expression>;
  const stepping = (step: (gates: Symbols, states: Symbols, parameters: Symbols) => unknown, more: object = {}) =>
    trace({ step, ...more });
  const c = ({ b }: Symbols, before: Symbols) => sigmoid(b!).times(before.c!);
  const message = (call: () => unknown) => {
    try {
      call();
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing was thrown";
  };

  test("as it stands, it is a cell", () => {
    expect(trace({}).states.map(({ name }) => name)).toEqual(["h", "c"]);
  });

  test("what step answers", () => {
    expect(() => stepping(({ a }) => ({ h: tanh(a!) }))).toThrow('step does not answer the state "c", expected h, c');
    expect(() => stepping((g, s) => ({ h: tanh(g.a!), c: c(g, s), d: g.a! }))).toThrow(
      'step answers "d", expected h, c',
    );
    expect(() => stepping(() => undefined)).toThrow("step answers undefined, expected an object of h, c");
    expect(() => stepping((g, s) => ({ h: 3, c: c(g, s) }))).toThrow(
      'Cell "mine": the state "h" got 3, expected an Expression',
    );
    const stranger = new Trace().input("a");
    expect(() => stepping((g, s) => ({ h: tanh(stranger), c: c(g, s) }))).toThrow(
      'the state "h" got tanh(a), which is of other equations',
    );
    expect(() => stepping((g, s) => ({ h: tanh(g.a!).plus(stranger), c: c(g, s) }))).toThrow("is of another trace");
  });

  test("what equations ask for", () => {
    expect(() => stepping(({ k }) => ({ h: tanh(k!) }))).toThrow('the equations ask for the gate "k", expected a, b');
    expect(() => stepping(({ a }, { x }) => ({ h: a!.plus(x!) }))).toThrow(
      'the equations ask for the state "x", expected h, c',
    );
    expect(() => stepping(({ a }, _, { p }) => ({ h: a!.plus(p!) }))).toThrow(
      'the equations ask for the parameter "p", expected none',
    );
    expect(() => trace({ projects: { a: ({ a }: Symbols) => a } })).toThrow(
      'the equations ask for the gate of a projection "a", expected b',
    );
    expect(() => trace({ projects: { a: () => 1 } })).toThrow('the projection of "a" got 1, expected an Expression');
  });

  test("what is for nothing", () => {
    expect(() => stepping((g, s) => ({ h: tanh(g.b!), c: c(g, s) }))).toThrow('the gate "a" is in no equation');
    expect(() => trace({ parameters: { p: "unit" } })).toThrow('the parameter "p" is in no equation');
    expect(() => trace({ apart: { q: "a" } })).toThrow('the value apart "q" is in no equation');
    for (const dead of [sign, (a: Expression) => select(1, 2, a)]) {
      const dying = () => stepping((g, s) => ({ h: tanh(g.b!).times(dead(g.a!)), c: c(g, s) }));
      expect(dying).toThrow('the gate "a" has no derivative in any equation');
    }
    const counting = () => stepping((g, s) => ({ h: tanh(g.a!.plus(g.b!)), c: s.c!.plus(1) }));
    expect(counting).toThrow('the state "c" is cBefore + 1, which depends on no gate');
    const later = stepping((g, s) => ({ h: tanh(g.a!.plus(g.b!)), c: s.h!.plus(s.c!) }));
    expect(later.forward.gives).toContain("c");
  });

  test("names", () => {
    const named = (gates: string[], more: object = {}) => message(() => trace({ gates, ...more }));
    expect(named(["a", "loop"])).toContain('the gate "loop" has a name that WGSL has for something else');
    expect(named(["a", "sigmoid"])).toContain('the gate "sigmoid" has a name that WGSL');
    expect(named(["a", "tanhOf"])).toContain('the gate "tanhOf" has a name that WGSL');
    expect(named(["a", "b c"])).toContain('the gate "b c" is no name for WGSL');
    expect(named(["a", "_b"])).toContain('the gate "_b" is no name for WGSL');
    expect(named(["a", "ä"])).toContain('the gate "ä" is no name for WGSL');
    expect(named(["a", "a"])).toContain('"a" would be the gate "a" and the gate "a"');
    expect(named(["a", "h"])).toContain('"h" would be the gate "h" and the state "h"');
    expect(named(["a", "dh"])).toContain('"dh" would be the gate "dh" and the gradient of the state "h"');
    expect(named(["a", "cBefore"])).toContain(
      '"cBefore" would be the gate "cBefore" and the state "c" before the step',
    );
    expect(named(["a", "aA"])).toContain('"aA" would be the gate "aA" and the sum of the gate "a"');
    expect(named(["a", "b"], { parameters: { c: "unit" } })).toContain(
      '"c" would be the state "c" and the parameter "c"',
    );
    const inside = () => stepping((g, s) => ({ h: tanh(g.a!).times(2).named("dc"), c: c(g, s) }));
    expect(inside).toThrow('"dc" is already the name of dc');
  });

  test("lists and options", () => {
    expect(() => trace({ name: "" })).toThrow('Cell "": got this name, expected a letter');
    expect(() => trace({ gates: [] })).toThrow("got no gates, expected one or more");
    expect(() => trace({ states: undefined })).toThrow("got no states, expected one or more");
    expect(() => trace({ recurrent: "some" })).toThrow('got the recurrent "some", expected "full", "unit" or "none"');
    expect(() => trace({ parameters: { p: "full" } })).toThrow('got "full" of the parameter "p", expected "unit"');
    expect(() => trace({ apart: { q: "k" } })).toThrow('apart names the gate "k", expected a, b');
    expect(() => trace({ apart: { q: "a", p: "a" } })).toThrow('got two recurrent products of the gate "a"');
    const both = { apart: { q: "a" }, projects: { a: ({ b }: Symbols) => b } };
    expect(() => trace(both)).toThrow('got two recurrent products of the gate "a"');
    expect(() => trace({ recurrent: "none", apart: { q: "a" } })).toThrow('got apart with the recurrent "none"');
  });
});
