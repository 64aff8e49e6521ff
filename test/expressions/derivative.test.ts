import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { derivative } from "../../src/expressions/derivative";
import { compile, evaluate } from "../../src/expressions/evaluate";
import { type Expression, Trace } from "../../src/expressions/expression";
import { abs, log, max, min, relu, select, sqrt, tanh } from "../../src/expressions/functions";
import { definitionOf, type Operation, operations } from "../../src/expressions/operations";
import { numbers, worstError } from "../numbers";
import { differences } from "./differences";
import { expressionsOf, inputNames, instructions } from "./random-expressions";

const inputsOf = (...names: string[]) => {
  const trace = new Trace();
  return names.map((name) => trace.input(name)) as [Expression, Expression, Expression];
};

test.each(Object.keys(operations) as Operation[])("%s has the derivative of finite differences", (operation) => {
  const inputs = inputsOf("x", "y", "z");
  const positive = ["log", "log1p", "sqrt"].includes(operation);
  const output = inputs[0].trace.operate(operation, inputs.slice(0, definitionOf(operation).arity));
  const run = compile({ output }, inputs);
  const back = compile(derivative({ output }, { output: 2 }, { x: inputs[0], y: inputs[1], z: inputs[2] }), inputs);
  const values = numbers(60, 1, 3);
  for (let i = 0; i < values.length; i += 3) {
    const place = [...values.subarray(i, i + 3)].map((value) => (positive ? Math.abs(value) + 0.1 : value));
    const loss = (moved: readonly number[]) => 2 * run(moved)[0]!;
    expect(worstError(back(place), differences(loss, place))).toBeLessThan(1e-6);
  }
});

test("random expressions have the derivatives of finite differences, where those can tell", () => {
  let told = 0;
  let seen = 0;
  fc.assert(
    fc.property(instructions(10), fc.nat(), (list, seed) => {
      const { last, inputs } = expressionsOf(list);
      const run = compile({ last }, inputs);
      const gradients = derivative(
        { last },
        { last: 1 },
        Object.fromEntries(inputs.map((input) => [`${input}`, input])),
      );
      const back = compile(gradients, inputs);
      expect(Object.keys(gradients)).toEqual([...inputNames]);
      const coordinates = numbers(6, seed, 2); // no zeros: kinks are there
      for (const place of [[...coordinates.subarray(0, 3)], [...coordinates.subarray(3)]]) {
        seen++;
        const loss = (moved: readonly number[]) => run(moved)[0]!;
        const coarse = differences(loss, place, 2e-5);
        const fine = differences(loss, place, 1e-5);
        if (worstError(coarse, fine) > 1e-7) continue; // a kink, a jump, or too steep
        told++;
        expect(worstError(back(place), fine)).toBeLessThan(1e-5);
      }
    }),
    { numRuns: 1500, seed: 7 },
  );
  expect(told / seen).toBeGreaterThan(0.7);
});

test("kinks have the derivatives of torch", () => {
  const [x, y] = inputsOf("x", "y");
  const outputs = { abs: abs(x), relu: relu(x), max: max(x, y), min: min(x, y), select: select(x, y, x) };
  for (const [name, output] of Object.entries(outputs)) {
    const { dx, dy } = evaluate(derivative({ output }, { output: 1 }, { dx: x, dy: y }), { x: 0, y: 0 });
    expect([name, dx, dy]).toEqual([
      name,
      ...{ abs: [0, 0], relu: [0, 0], max: [0.5, 0.5], min: [0.5, 0.5], select: [0, 1] }[name]!,
    ]);
  }
});

test("what select does not take has no say, though it be infinite or no number", () => {
  const [x] = inputsOf("x");
  const output = select(log(x).plus(sqrt(x)), x.times(3), x).times(tanh(x).plus(2));
  const { dx } = derivative({ output }, { output: 1 }, { dx: x });
  for (const place of [-1, 0]) {
    const expected = 3 * (Math.tanh(place) + 2) + 3 * place * (1 - Math.tanh(place) ** 2);
    expect(evaluate({ dx }, { x: place }).dx).toBeCloseTo(expected, 12);
  }
});

test("a sum of products, a square and two choices read as a person writes them", () => {
  const [x, y, z] = inputsOf("x", "y", "z");
  const of = (output: Expression, d: Expression | number = 1) => String(derivative({ output }, { output: d }, { x }).x);
  expect(of(x.times(y).plus(x.times(z)))).toBe("z + y");
  expect(of(x.times(x))).toBe("2·x");
  expect(of(x.times(x).times(0.5))).toBe("x");
  expect(of(x.times(y), z)).toBe("z·y");
  expect(of(x.minus(y).times(y).minus(tanh(y)), z)).toBe("z·y");
  const size = abs(x);
  expect(of(select(y.times(size), size.times(size).times(0.5), size.minus(y)))).toBe(
    "select(y, abs(x), abs(x) - y)·sign(x)",
  );
});

describe("what is asked for", () => {
  test("adjoints come in from several outputs, as expressions and numbers, and go to inner values too", () => {
    const [x, y, d] = inputsOf("x", "y", "d");
    const inner = x.times(y).named("inner");
    const outputs = { square: inner.times(inner), sum: inner.plus(x), idle: y };
    const gradients = derivative(outputs, { square: d, sum: 3 }, { x, y, inner, d });
    // dInner = 2·inner·d + 3;  dx = dInner·y + 3;  dy = dInner·x
    expect(evaluate(gradients, { x: 2, y: 5, d: 7 })).toEqual({ inner: 143, x: 718, y: 286, d: 0 });
  });

  test("what nothing hangs on has none", () => {
    const [x, y] = inputsOf("x", "y");
    expect(derivative({ x }, { x: 1 }, { y }).y.value).toBe(0);
    expect(derivative({ x }, {}, { x }).x.value).toBe(0);
  });

  test("mistakes are told", () => {
    const [x] = inputsOf("x");
    const [stranger] = inputsOf("stranger");
    expect(() => derivative({ x }, { y: 1 } as never, { x })).toThrow('a seed is of "y", expected one of x');
    expect(() => derivative({ x }, { x: 1 }, { stranger })).toThrow(
      '"input stranger" got stranger, which is of another',
    );
    expect(() => derivative({ x }, { x: stranger }, { x })).toThrow('"seed x" got stranger, which is of another trace');
  });
});

test("the derivative of a deep graph with shared parts is no larger than a few times the graph", () => {
  let [value] = inputsOf("x");
  const x = value;
  for (let i = 0; i < 200; i++) value = tanh(value.times(value).plus(0.1));
  const before = value.id;
  const { dx } = derivative({ value }, { value: 1 }, { dx: x });
  expect(dx.id).toBeLessThan(5 * before);
});
