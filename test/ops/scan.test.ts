// Any cell whose units do not meet: the kernels beside the twin, and how they are dispatched.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describe as planned } from "../../src/gpu/describe";
import { Plan } from "../../src/gpu/plan";
import { type DefinedCell, defineCell, type Expression, indrnn, minGru, Network, sigmoid, tanh } from "../../src/index";
import { scanForward } from "../../src/ops/scan";
import { worstError } from "../numbers";
import { useGpu } from "../workbench";
import { anyShape, bothSweeps, twinsOf } from "./sweeps";

const gpu = useGpu();

interface RandomCell {
  recurrent: "unit" | "none";
  gates: number;
  states: number;
  parameters: number;
  /** Which terms the equations are made of. */
  choices: number[];
}

const cells: fc.Arbitrary<RandomCell> = fc.record({
  recurrent: fc.constantFrom("unit" as const, "none" as const),
  gates: fc.integer({ min: 1, max: 4 }),
  states: fc.integer({ min: 1, max: 4 }),
  parameters: fc.integer({ min: 0, max: 3 }),
  choices: fc.array(fc.nat(1e6), { minLength: 40, maxLength: 40 }),
});

const named = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i}`);

/**
 * A cell in whose equations every gate, state and parameter stands once or more.
 * @returns undefined where the way back would have to keep more than there is room for.
 */
function defined({ recurrent, gates, states, parameters, choices }: RandomCell): DefinedCell | undefined {
  const stateNames = named("s", states);
  const parameterNames = named("p", parameters);
  let next = 0;
  const choose = (count: number) => choices[next++ % choices.length]! % count;
  const terms: ((a: Expression, b: Expression) => Expression)[] = [
    (a, b) => a.times(sigmoid(b)),
    (a, b) => tanh(a).times(b),
    (a, b) => a.plus(b.times(0.5)),
    (a, b) => sigmoid(a).times(tanh(b)),
  ];
  try {
    return defineCell({
      name: "random",
      gates: named("a", gates),
      states: stateNames,
      parameters: Object.fromEntries(parameterNames.map((name) => [name, "unit" as const])),
      recurrent,
      step(gatesBy, statesBy, parametersBy) {
        const leaves = [gatesBy, statesBy, parametersBy].flatMap((values) => Object.values<Expression>(values));
        const any = () => leaves[choose(leaves.length)]!;
        const term = (of: Expression) => terms[choose(terms.length)]!(of, any());
        const own = (values: Record<string, Expression>, s: number) =>
          Object.values(values).filter((_, i, all) => i % states === s || s % all.length === i);
        return Object.fromEntries(
          stateNames.map((name, s) => {
            const parts = [...own(gatesBy, s), ...own(parametersBy, s), statesBy[name]!].map(term);
            return [name, tanh(parts.reduce((sum, part) => sum.plus(part)))];
          }),
        );
      },
    });
  } catch (error) {
    if (/expected room for them in the places/.test(String(error))) return undefined;
    throw error;
  }
}

test("scans have the twin's states and gradients, for any cell, sizes, lengths and directions", async () => {
  const made = cells.map(defined).filter((cell) => cell !== undefined);
  await fc.assert(
    fc.asyncProperty(made, anyShape, async (cell, shape) => {
      const twins = twinsOf({ cell });
      const { hidden, got, cellStates, dInitialCells, expected, back } = await bothSweeps(gpu(), twins, "fused", shape);
      expect(worstError(hidden, expected.hidden)).toBeLessThan(2e-5);
      expect(worstError(cellStates.got, cellStates.expected)).toBeLessThan(2e-5);
      expect(worstError(got.dGate, back.preactivation)).toBeLessThan(5e-5);
      expect(worstError(got.dHidden, back.hidden)).toBeLessThan(5e-5);
      expect(worstError(dInitialCells.got, dInitialCells.expected)).toBeLessThan(5e-5);
      if (back.unitParameters.length > 0) expect(worstError(got.dUnits, back.unitParameters)).toBeLessThan(5e-5);
      if (back.recurrentWeight.length > 0) expect(worstError(got.dRecurrent, back.recurrentWeight)).toBeLessThan(5e-5);
    }),
    { numRuns: 40 },
  );
});

const options = { inputs: 3, hidden: 6, outputs: 2, input: "features", readout: "every-step" } as const;

describe("a network whose units do not meet", () => {
  test.each(["fused", "unrolled"] as const)(
    "has a dispatch a sweep and no product with its past, %s",
    async (schedule) => {
      const labelsOf = async (cell: DefinedCell, steps: number) => {
        const network = await Network.create(gpu(), { ...options, cell, layers: 2 });
        const pass = await network.pass({ steps, batch: 4, schedule, gradients: true });
        const labels = planned(pass.program.plan).lines.map(({ label }) => label);
        network.destroy();
        return labels;
      };
      const labels = await labelsOf(minGru, 3);
      expect(labels.filter((label) => /^mingru (forward|backward)$/.test(label))).toHaveLength(4);
      expect(labels.join()).not.toMatch(/dU|h_\{t−1\}/);
      expect(await labelsOf(minGru, 50)).toEqual(labels);
      expect((await labelsOf(indrnn, 3)).filter((label) => label.startsWith("du = "))).toHaveLength(2);
    },
  );

  test("has no place for a whole U, nor for what begins one", async () => {
    const shapes = async (cell: DefinedCell) => {
      const network = await Network.create(gpu(), { ...options, cell });
      const { recurrentWeight } = { recurrentWeight: network.parameters.tensors["layer0.recurrentWeight"] };
      network.destroy();
      return recurrentWeight?.shape;
    };
    expect(await shapes(indrnn)).toEqual([1, 6]);
    expect(await shapes(minGru)).toBeUndefined();
    for (const recurrentInitializer of ["orthogonal", "glorot"] as const) {
      await expect(Network.create(gpu(), { ...options, cell: indrnn, recurrentInitializer })).rejects.toThrow(
        `Network: recurrentInitializer is "${recurrentInitializer}" for cell "indrnn", expected "uniform"`,
      );
    }
  });

  test("refuses the wavefront, by name", async () => {
    const network = await Network.create(gpu(), { ...options, cell: minGru, layers: 2 });
    await expect(network.pass({ steps: 3, batch: 2, schedule: "wavefront" })).rejects.toThrow(
      'schedule is "wavefront" for 2 × mingru',
    );
    network.destroy();
  });
});

test("a scan is given u where the cell has one, and cells with a full U are not scanned", () => {
  const plan = new Plan("test", gpu().traits);
  const scan = (cell: Parameters<typeof twinsOf>[0], recurrentWeight?: boolean) => () =>
    scanForward(plan, {
      cell: twinsOf(cell).cell,
      reverse: false,
      part: 0,
      lengths: plan.tensor("lengths", [2], { type: "i32" }),
      gate: plan.tensor("gate", [3, 2, 4 * twinsOf(cell).cell.gates]),
      hidden: plan.tensor("hidden", [4, 2, 4]),
      recurrentWeight: recurrentWeight ? plan.tensor("u", [twinsOf(cell).cell.gates, 4]) : undefined,
    });
  expect(scan({ cell: indrnn }, true)).not.toThrow();
  expect(scan({ cell: indrnn })).toThrow('"indrnn" with the recurrent "unit" is given no recurrent weight');
  expect(scan({ cell: minGru }, true)).toThrow('"mingru" with the recurrent "none" is given a recurrent weight');
  expect(scan({ cell: "elman" }, true)).toThrow("other cells are swept by recurrence");
});
