// Cells of any equations: several states, parameters of their own, any way to meet the past, and what is nothing at zero or not.

import fc from "fast-check";
import { expect, test } from "vitest";
import { defineCell, type Expression, sigmoid, softplus, tanh } from "../../src/index";
import { integers, numbers, worstError } from "../numbers";
import { bothSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";

const gpu = useGpu();

const cases = fc.record({
  recurrent: fc.constantFrom("full" as const, "unit" as const, "none" as const),
  gates: fc.integer({ min: 1, max: 4 }),
  states: fc.integer({ min: 1, max: 4 }),
  parameters: fc.integer({ min: 0, max: 3 }),
  seed: fc.nat(1e6),
  schedule: fc.constantFrom("fused" as const, "unrolled" as const),
  shape: fc.record({
    steps: fc.integer({ min: 1, max: 7 }),
    batch: fc.integer({ min: 1, max: 9 }),
    hidden: fc.integer({ min: 1, max: 40 }),
    seed: fc.nat(1e6),
    directions: fc.constant<1 | 2>(2),
    reverse: fc.boolean(),
    lastStep: fc.boolean(),
  }),
});

const functions = [tanh, sigmoid, (x: Expression) => softplus(x).times(0.5), (x: Expression) => tanh(x.times(x))];

type Equations = Omit<typeof cases extends fc.Arbitrary<infer T> ? T : never, "schedule" | "shape">;

/** Each state is a sum of products of functions of anything that is there; gates and parameters are all in h. */
function randomCell({ recurrent, gates, states, parameters, seed }: Equations) {
  const named = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i}`);
  const gateNames = named("g", gates);
  const stateNames = ["h", ...named("s", states - 1)];
  const parameterNames = named("p", parameters);
  const choices = integers(400, seed, 0, 1e6);
  const factors = numbers(400, seed + 1);
  let at = 0;
  const pick = <T>(list: readonly T[]): T => list[choices[at++]! % list.length]!;
  type Values = Readonly<Record<string, Expression>>;
  return defineCell({
    name: "random",
    gates: gateNames,
    states: stateNames,
    recurrent,
    parameters: Object.fromEntries(parameterNames.map((name) => [name, "unit" as const])),
    step(gateValues: Values, before: Values, own: Values) {
      const learned = [...Object.values(gateValues), ...Object.values(own)];
      const pool = [...learned, ...Object.values(before)];
      const after: Record<string, Expression> = {};
      for (const name of [...stateNames].reverse()) {
        const first = name === "h" ? learned : [pick(Object.values(gateValues))];
        const terms = [...first, pick(pool)].map((value) =>
          pick(functions)(value)
            .times(tanh(pick(pool)))
            .plus(pick(functions)(value).times(factors[at++]!)),
        );
        after[name] = terms.reduce((sum, term) => sum.plus(term)).times(0.5);
        pool.push(after[name]);
      }
      return after;
    },
  });
}

test("sweeps of any cell have the twin's states and gradients, those of parameters too", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, schedule, ...equations }) => {
      const twins = twinsOf({ cell: randomCell(equations) });
      const swept = await bothSweeps(gpu(), twins, schedule, shape);
      const { hidden, got, cellStates, dInitialCells, expected, back } = swept;
      expect(worstError(hidden, expected.hidden)).toBeLessThan(5e-5);
      expect(worstError(cellStates.got, cellStates.expected)).toBeLessThan(5e-5);
      expect(worstError(got.dGate, back.preactivation)).toBeLessThan(5e-5);
      expect(worstError(got.dHidden, back.hidden)).toBeLessThan(5e-5);
      expect(worstError(dInitialCells.got, dInitialCells.expected)).toBeLessThan(5e-5);
      if (equations.recurrent !== "full") {
        expect(worstError(got.dRecurrent, back.recurrentWeight)).toBeLessThan(5e-5);
      }
      if (equations.parameters > 0) expect(worstError(got.dUnits, back.unitParameters)).toBeLessThan(5e-5);
    }),
    { numRuns: 16 },
  );
});
