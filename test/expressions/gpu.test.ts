// The WGSL of expressions gives what float64 gives, as far as float32 goes.

import fc from "fast-check";
import { expect, test } from "vitest";
import { derivative } from "../../src/expressions/derivative";
import { type Expression, Trace } from "../../src/expressions/expression";
import type { Formulas } from "../../src/expressions/formulas";
import { definitionOf, isArithmetic, type Operation, operations } from "../../src/expressions/operations";
import { wgslLines } from "../../src/expressions/wgsl";
import { numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";
import { cells, pointOf } from "./cells";
import { losses } from "./losses";
import { onGpu } from "./on-gpu";
import { expressionsOf, inputNames, instructions } from "./random-expressions";
import { roundedValues } from "./rounded";

const gpu = useGpu();

const written = (outputs: Record<string, Expression>, inputs: readonly Expression[]) =>
  wgslLines(outputs, { type: "vec4f", given: new Map(inputs.map((input) => [input, `${input}`])) });

test("random expressions and their derivatives, in the variables that they share", async () => {
  const points = 64;
  const columns = inputNames.map((_, index) => numbers(points, index + 1, 2));
  const expressions = fc.sample(instructions(10), { numRuns: 120, seed: 5 }).map((list) => {
    const { last, inputs } = expressionsOf(list);
    const { x, y, z } = derivative({ last }, { last: 1 }, { x: inputs[0]!, y: inputs[1]!, z: inputs[2]! });
    return { outputs: { last, dx: x, dy: y, dz: z }, inputs };
  });
  let [told, steep] = [0, 0];
  for (let start = 0; start < expressions.length; start += 30) {
    const some = expressions.slice(start, start + 30);
    const lines = some.map(({ outputs, inputs }) => ({ variables: inputNames, written: written(outputs, inputs) }));
    const got = await onGpu(
      gpu(),
      lines,
      some.map(() => columns),
    );
    some.forEach(({ outputs, inputs }, index) => {
      for (let point = 0; point < points; point++) {
        const known = new Map(inputs.map((input, column) => [input, columns[column]![point]!]));
        roundedValues(outputs, known).forEach(({ value, spread }, output) => {
          const result = got[index]![output]![point]!;
          if (!(spread <= 1e-3 * (1 + Math.abs(value)))) {
            steep++; // rounding alone changes it: a jump, a cancellation, or beyond the range of float32
            return;
          }
          told++;
          const error = Math.abs(result - value);
          const message = `${Object.keys(outputs)[output]} of ${outputs.last} at ${[...known.values()]}: ${result}, not ${value}`;
          if (!(error <= 4 * spread + 2e-6 * (1 + Math.abs(value)))) expect.fail(message);
        });
      }
    });
  }
  expect(told).toBeGreaterThan(20 * steep);
});

const extremes = [0, 1e-30, 0.1, 1, 9.5, 30, 88, 90, 104, 1000, 1e10, 3e38, Number.POSITIVE_INFINITY];
const special = [...extremes, ...extremes.map((value) => -value), Number.NaN, 0.2499, -0.2499, -0.999, 2.5, -7];

test.each((Object.keys(operations) as Operation[]).filter((name) => !isArithmetic(name)))(
  "%s of the largest, the least, and what is no number",
  async (operation) => {
    const { arity, float64 } = definitionOf(operation);
    const trace = new Trace();
    const inputs = ["x", "y", "z"].slice(0, arity).map((name) => trace.input(name));
    const output = trace.operate(operation, inputs);
    const second = arity > 1 ? special : [0];
    const pairs = special.flatMap((a) =>
      second.flatMap((b) => (arity > 2 ? [-1, 0, 1, Number.NaN] : [0]).map((c) => [a, b, c])),
    );
    while (pairs.length % 4 > 0) pairs.push([0, 0, 0]);
    const columns = inputs.map((_, index) => pairs.map((pair) => Math.fround(pair[index]!)));
    const [got] = await onGpu(
      gpu(),
      [{ variables: inputs.map(String), written: written({ output }, inputs) }],
      [columns],
    );
    pairs.forEach((_, index) => {
      const [a, b = 0, c = 0] = columns.map((column) => column[index]!);
      const expected = Math.fround(float64(a!, b, c));
      const result = got![0]![index]!;
      const close = Object.is(result + 0, expected + 0) || worstError([result], [expected]) < 4e-6;
      if (!close && !(Math.abs(expected) < 2 ** -126 && Math.abs(result) < 2 ** -126)) {
        expect.fail(`${operation}(${[a, b, c].slice(0, arity)}) is ${result}, not ${expected}`);
      }
    });
  },
);

test.each(cells.map((cell) => [cell.name, cell] as const))("%s, forward and back", async (_, cell) => {
  const count = 64;
  const points = Array.from({ length: count }, (_, seed) => pointOf(cell, seed + 1, seed % 2 ? 2 : 12));
  const worst = async (formulas: Formulas, known: readonly Record<string, number>[]) => {
    const variables = formulas.takes.map((name) => formulas.variables[name]!);
    const columns = formulas.takes.map((name) => known.map((point) => Math.fround(point[name]!)));
    const [got] = await onGpu(gpu(), [{ variables, written: formulas.lines() }], [columns]);
    const expected = known.map((_, index) => [...formulas.compute(columns.map((column) => column[index]!))]);
    const errors = formulas.gives.map((_, output) =>
      worstError(
        got![output]!,
        expected.map((values) => values[output]!),
      ),
    );
    known.forEach((point, index) => {
      formulas.gives.forEach((name, output) => {
        point[name] = got![output]![index]!;
      });
    });
    return Math.max(...errors);
  };
  const known = points.map((point) => ({ ...point }));
  // What one pass gives the next one reads: gates may not go by the names of what is kept until forward is done.
  for (const formulas of [cell.projection?.forward, cell.forward, cell.backward, cell.projection?.backward]) {
    if (formulas) expect(await worst(formulas, known)).toBeLessThan(2e-5);
  }
});

test.each(losses.map((loss) => [loss.name, loss] as const))("%s, one value at a time", async (_, { both, options }) => {
  const places = numbers(200, 3, 4);
  const columns = both.takes.map((name) =>
    name === "o" || name === "y"
      ? places.subarray(name === "o" ? 0 : 100).slice(0, 100)
      : numbers(100, 1).fill(options[name]!),
  );
  const lines = { variables: both.takes, written: both.lines({ type: "f32" }) };
  const [got] = await onGpu(gpu(), [lines], [columns], "f32");
  for (let point = 0; point < 100; point++) {
    const expected = both.compute(columns.map((column) => column[point]!));
    expect(
      worstError(
        got!.map((values) => values[point]!),
        expected,
      ),
    ).toBeLessThan(2e-5);
  }
});
