import fc from "fast-check";
import { expect, test } from "vitest";
import { derivative } from "../../src/expressions/derivative";
import { type Expression, Trace } from "../../src/expressions/expression";
import { tanh } from "../../src/expressions/functions";
import { nodesBelow } from "../../src/expressions/graph";
import { keptValues } from "../../src/expressions/kept";
import { definitionOf, isOperation } from "../../src/expressions/operations";
import { expressionsOf, instructions } from "./random-expressions";

type Expressions = Record<string, Expression>;
/** Reads and writes, then the number of kept values, then arithmetic. */
type Cost = readonly [memory: number, kept: number, work: number];

const most = 13; // nodes of a graph whose subsets are all tried
const isLess = (a: Cost, b: Cost) => {
  const index = a.findIndex((value, i) => value !== b[i]);
  return index >= 0 && a[index]! < b[index]!;
};
const workOf = ({ operation }: Expression) => (isOperation(operation) ? definitionOf(operation).work : 0);

/** What every choice of values to have costs; undefined where the way back lacks something. */
function problem(forward: Expressions, backward: Expressions, available: ReadonlyMap<Expression, number>) {
  const results = Object.values(backward);
  const nodes = nodesBelow(results).filter(({ operation }) => operation !== "constant");
  const forwardNodes = new Set(nodesBelow(Object.values(forward)));
  const isOfForward = (node: Expression): boolean =>
    node.operation === "constant" ||
    (node.operation === "input" ? forwardNodes.has(node) : node.operands.every(isOfForward));
  const having = (node: Expression): Cost | undefined => {
    const keep: Cost | undefined = isOfForward(node) ? [2, 1, forwardNodes.has(node) ? 0 : workOf(node)] : undefined;
    const reads = available.get(node);
    const read: Cost | undefined = reads === undefined ? undefined : [reads, 0, 0];
    return keep && read ? (isLess(keep, read) ? keep : read) : (keep ?? read);
  };
  const costOf = (had: ReadonlySet<Expression>): Cost | undefined => {
    const below = nodesBelow(results, had).filter(({ operation }) => operation !== "constant");
    const costs = below.map((node): Cost | undefined => {
      if (had.has(node)) return having(node);
      return node.operation === "input" ? undefined : [0, 0, workOf(node)];
    });
    let sum: Cost = [0, 0, 0];
    for (const cost of costs) {
      if (!cost) return;
      sum = [sum[0] + cost[0], sum[1] + cost[1], sum[2] + cost[2]];
    }
    return sum;
  };
  return { candidates: nodes.filter((node) => having(node)), costOf };
}

function leastCost({ candidates, costOf }: ReturnType<typeof problem>): Cost | undefined {
  let least: Cost | undefined;
  for (let bits = 0; bits < 2 ** candidates.length; bits++) {
    const cost = costOf(new Set(candidates.filter((_, index) => (bits >> index) & 1)));
    if (cost && (!least || isLess(cost, least))) least = cost;
  }
  return least;
}

test("no other choice of what to keep, read and compute again costs less", () => {
  const costs = fc.array(fc.constantFrom(undefined, undefined, 0, 0.25, 1, 2, 3), { minLength: 7, maxLength: 7 });
  let tried = 0;
  let keeping = 0;
  fc.assert(
    fc.property(instructions(5), costs, (list, reads) => {
      const { trace, inputs, values } = expressionsOf(list);
      const forward = { out: values.at(-1)!, other: values.at(-2) ?? inputs[0]! };
      const seed = trace.input("dOut");
      const named = Object.fromEntries(inputs.map((input) => [`d${input}`, input]));
      const backward = derivative(forward, { out: seed, other: 1 }, named);
      const places = [...inputs, forward.out, forward.other, ...values.slice(0, 2)];
      const priced = places.flatMap((node, index) =>
        reads[index] === undefined ? [] : [[node, reads[index]] as const],
      );
      const available = new Map<Expression, number>(priced);
      available.set(seed, 1);
      const all = problem(forward, backward, available);
      if (all.candidates.length > most) return;
      tried++;
      const { kept, read, cost } = keptValues(forward, backward, available);
      if (kept.length > 0) keeping++;
      const got = all.costOf(new Set([...kept.map(({ value }) => value), ...read]));
      expect(got).toEqual(leastCost(all));
      expect([cost, kept.length]).toEqual(got!.slice(0, 2));
    }),
    { numRuns: 400, seed: 11 },
  );
  expect(tried).toBeGreaterThan(200);
  expect(keeping).toBeGreaterThan(50);
});

test("names of kept values are free for what both ways give and what is read, and are no words of WGSL", () => {
  const trace = new Trace();
  const [f, q, x, dh] = ["f", "q", "x", "dh"].map((name) => trace.input(name)) as [Expression, ...Expression[]];
  const namesOf = (h: Expression) => {
    const backward = derivative({ h }, { h: dh! }, { df: f, dq: q!, dx: x! });
    return keptValues({ h }, backward, new Map([q!, x!, dh!].map((input) => [input, 1]))).kept.map(({ name }) => name);
  };
  expect(namesOf(tanh(f.plus(q!)).times(x!))).toEqual(["f"]);
  expect(namesOf(tanh(q!.minus(f)).times(x!))).toEqual(["q2"]);
  expect(namesOf(tanh(q!.minus(f)).named("loop").times(x!))).toEqual(["loop2"]);
});

test("mistakes are told", () => {
  const trace = new Trace();
  const [x, dh] = [trace.input("x"), trace.input("dh")];
  const backward = { dx: dh.times(x) };
  expect(() => keptValues({ h: x }, backward, new Map())).toThrow("needs dh, which forward does not have");
  expect(() => keptValues({ h: x }, backward, new Map([[dh, -1]]))).toThrow("reading dh costs -1, expected 0 or more");
  expect(keptValues({ h: x }, backward, new Map([[dh, 9]]))).toMatchObject({
    kept: [{ name: "h", value: x }],
    read: [dh],
    cost: 11,
  });
});
