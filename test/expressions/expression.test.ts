import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, evaluate } from "../../src/expressions/evaluate";
import { type Expression, Trace } from "../../src/expressions/expression";
import {
  abs,
  exp,
  log,
  log1p,
  logSigmoid,
  max,
  min,
  relu,
  select,
  sigmoid,
  sign,
  softplus,
  sqrt,
  tanh,
} from "../../src/expressions/functions";
import { worstError } from "../numbers";
import { expressionsOf, instructions, numbersOf, points } from "./random-expressions";

const inputsOf = (...names: string[]) => {
  const trace = new Trace();
  return names.map((name) => trace.input(name)) as [Expression, Expression, Expression];
};

describe("float64", () => {
  test("functions are what mathematics says, far out too", () => {
    const [a] = inputsOf("a");
    const functions = { exp, log, log1p, sqrt, abs, sign, sigmoid, logSigmoid, tanh, relu, softplus };
    const outputs = Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, f(a)]));
    const at = (value: number) => evaluate(outputs, { a: value });
    for (const value of [0.25, 1, 3, 30]) {
      const s = 1 / (1 + Math.exp(-value));
      const expected = {
        exp: Math.E ** value,
        log: Math.log2(value) * Math.LN2,
        log1p: Math.log(1 + value),
        sqrt: value ** 0.5,
        abs: value,
        sign: 1,
        sigmoid: s,
        logSigmoid: Math.log(s),
        tanh: (Math.exp(value) - Math.exp(-value)) / (Math.exp(value) + Math.exp(-value)),
        relu: value,
        softplus: Math.log(1 + Math.exp(value)),
      };
      expect(Object.keys(expected)).toEqual(Object.keys(outputs));
      expect(worstError(Object.values(at(value)), Object.values(expected))).toBeLessThan(1e-12);
    }
    expect(at(-1000)).toMatchObject({ exp: 0, sqrt: Number.NaN, abs: 1000, sign: -1, sigmoid: 0, tanh: -1, relu: 0 });
    expect(at(-1000)).toMatchObject({ softplus: 0, logSigmoid: -1000, log: Number.NaN });
    expect(at(1000)).toMatchObject({ exp: Number.POSITIVE_INFINITY, sigmoid: 1, tanh: 1, softplus: 1000 });
    expect(at(0)).toMatchObject({ log: Number.NEGATIVE_INFINITY, sign: 0, softplus: Math.LN2 });
    expect(Object.values(at(Number.NaN)).every(Number.isNaN)).toBe(true);
  });

  test("max, min and select take numbers too, and show what is not a number", () => {
    const [a, b] = inputsOf("a", "b");
    const outputs = { max: max(a, 1), min: min(1, a), select: select(a, 7, b), both: max(a, b) };
    expect(evaluate(outputs, { a: 2, b: 1 })).toEqual({ max: 2, min: 1, select: 2, both: 2 });
    expect(evaluate(outputs, { a: -2, b: 0 })).toEqual({ max: 1, min: -2, select: 7, both: 0 });
    expect(evaluate(outputs, { a: 3, b: Number.NaN })).toEqual({
      max: 3,
      min: 1,
      select: Number.NaN,
      both: Number.NaN,
    });
  });

  test("what was compiled runs again and again, from inner values too, and keeps apart what it answers", () => {
    const [a, b] = inputsOf("a", "b");
    const sum = a.plus(b);
    const run = compile({ square: sum.times(sum), a, three: a.trace.constant(3) }, [a, b]);
    const first = run([1, 2]);
    const into = new Float64Array(3);
    expect(run([2, 3], into)).toBe(into);
    expect([...first, ...into]).toEqual([9, 1, 3, 25, 2, 3]);
    expect([...compile({ square: sum.times(sum) }, [sum])([7])]).toEqual([49]);
  });

  test("what is missing is named", () => {
    const [a, b] = inputsOf("a", "b");
    expect(() => evaluate({ out: a.plus(b) }, { a: 1 })).toThrow("evaluate: the input b has no value");
    expect(() => compile({ out: a.plus(b) }, [a])).toThrow("the outputs need the input b, expected only a");
    expect(() => compile({ out: a }, [a])([1, 2])).toThrow("got 2 values, expected 1, for a");
  });
});

describe("simplification", () => {
  test("changes no value", () => {
    fc.assert(
      fc.property(instructions(14), points(3), (list, places) => {
        const { last, inputs } = expressionsOf(list);
        const run = compile({ last }, inputs);
        for (const place of places) {
          const got = run(place)[0]! + 0; // zeros have one sign
          expect(got).toBe(numbersOf(list, place).at(-1)! + 0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("leaves nothing that a person would not write", () => {
    const [x, y, z] = inputsOf("x", "y", "z");
    const zero = x.trace.constant(0);
    const cases: [Expression, Expression | string][] = [
      [x.plus(0), x],
      [zero.plus(x), x],
      [x.minus(0), x],
      [x.minus(x), zero],
      [x.times(1), x],
      [x.times(0), zero],
      [tanh(x).times(0), zero],
      [x.over(1), x],
      [x.negated().negated(), x],
      [zero.minus(x), "-x"],
      [x.times(-1), "-x"],
      [x.plus(x), "x·2"],
      [x.minus(y.negated()), "x + y"],
      [x.plus(y.negated()), "x - y"],
      [x.negated().plus(y), "y - x"],
      [x.negated().plus(1), "1 - x"],
      [x.plus(-3), "x - 3"],
      [x.minus(-3), "x + 3"],
      [x.minus(y).negated(), "y - x"],
      [x.negated().times(y), "-x·y"],
      [x.times(y.negated()), "-x·y"],
      [x.negated().times(y.negated()), "x·y"],
      [x.negated().times(3), "x·-3"],
      [x.negated().over(y), "-x / y"],
      [x.over(y.negated()), "-x / y"],
      [abs(x.negated()), "abs(x)"],
      [abs(abs(x)), "abs(x)"],
      [relu(relu(x)), "relu(x)"],
      [max(x, x), x],
      [min(x, x), x],
      [select(x, x, z), x],
      [select(x, y, x.trace.constant(2)), x],
      [select(x, y, zero), y],
      [sigmoid(x.trace.constant(0)), "0.5"],
    ];
    for (const [got, expected] of cases) {
      if (typeof expected === "string") expect(String(got)).toBe(expected);
      else expect(got).toBe(expected);
    }
  });

  test("hides nothing that may be infinite or no number", () => {
    const [x, y] = inputsOf("x", "y");
    const outputs = {
      product: exp(x).times(0),
      difference: exp(x).minus(exp(x)),
      ratio: x.minus(1000).over(x.minus(1000)),
      select: select(y, y, log(x.negated())),
    };
    expect(evaluate(outputs, { x: 1000, y: 1 })).toEqual({
      product: Number.NaN,
      difference: Number.NaN,
      ratio: Number.NaN,
      select: Number.NaN,
    });
  });
});

describe("the graph", () => {
  test("has each value once, whichever way round it was written", () => {
    const [x, y] = inputsOf("x", "y");
    expect(x.plus(y)).toBe(y.plus(x));
    expect(max(x, y)).toBe(max(y, x));
    expect(tanh(x.times(y))).toBe(tanh(y.times(x)));
    expect(x.minus(y)).not.toBe(y.minus(x));
    expect(x.trace.input("x")).toBe(x);
  });

  test("does not grow with how often a part is used", () => {
    let [value] = inputsOf("x");
    for (let i = 0; i < 200; i++) value = value.times(value).plus(0.1);
    expect(value.id).toBeLessThan(500);
    expect(evaluate({ value }, { x: 0.5 }).value).toBeCloseTo((1 - Math.sqrt(0.6)) / 2, 10);
    expect(String(value).length).toBeLessThan(1000);
  });

  test("prints as an equation with the fewest parentheses, in words of its named parts", () => {
    const [x, y, z] = inputsOf("x", "y", "z");
    expect(String(x.plus(y).times(z))).toBe("(x + y)·z");
    expect(String(x.plus(y.times(z)))).toBe("x + y·z");
    expect(String(x.minus(y.minus(z)))).toBe("x - (y - z)");
    expect(String(x.minus(y).minus(z))).toBe("x - y - z");
    expect(String(x.over(y.times(z)))).toBe("x / (y·z)");
    expect(String(sigmoid(x.plus(y)).negated())).toBe("-sigmoid(x + y)");
    const kept = sigmoid(x).times(y).named("kept");
    expect([String(kept), String(kept.plus(z))]).toEqual(["sigmoid(x)·y", "kept + z"]);
  });

  test("a value keeps its first name, an input its own, and no two have one", () => {
    const [x, y] = inputsOf("x", "y");
    const sum = x.plus(y).named("sum").named("total");
    expect([sum.name, x.named("other").name, x.times(y).name]).toEqual(["sum", "x", undefined]);
    expect(() => x.times(y).named("sum")).toThrow('"sum" is already the name of x + y');
    expect(() => x.times(y).named("x")).toThrow('"x" is already the name of x');
    expect(() => x.trace.input("sum")).toThrow('"sum" is already the name of x + y');
    expect(() => x.times(y).named("a b")).toThrow('got the name "a b", expected a letter');
  });
});

describe("mistakes are told at once", () => {
  const [x, y] = inputsOf("x", "y");
  const [stranger] = inputsOf("stranger");
  const anything = (value: unknown) => value as Expression;

  test("numbers that float32 does not have", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e39, -1e39, 1e-50]) {
      expect(() => x.times(value)).toThrow(`got the constant ${value}, expected 0 or a magnitude from`);
    }
    expect(() => log(x.trace.constant(-1))).toThrow("log of -1 is NaN, expected a finite number");
    expect(() => x.trace.constant(1).over(0)).toThrow("over of 1, 0 is Infinity");
  });

  test("two traces", () => {
    expect(() => x.plus(stranger)).toThrow("plus got stranger, which is of another trace");
    expect(() => max(x, stranger)).toThrow("max got stranger, which is of another trace");
    expect(() => compile({ out: x }, [stranger])).toThrow('compile: "input 0" got stranger, which is of another trace');
  });

  test("what is no expression", () => {
    expect(() => x.plus(anything("3"))).toThrow('plus got "3", expected an Expression');
    expect(() => x.plus(anything(undefined))).toThrow("plus got undefined, expected an Expression");
    expect(() => sigmoid(anything(3))).toThrow("sigmoid got 3, expected an Expression");
    expect(() => max(1, 2)).toThrow("max got 1, 2, expected an Expression");
    expect(() => evaluate({ h: anything([x]) }, {})).toThrow('evaluate: "h" got an object of another kind');
    expect(() => evaluate({ h: anything(undefined) }, {})).toThrow(
      'evaluate: "h" got undefined, expected an Expression',
    );
  });

  test("operators of JavaScript", () => {
    const operators = [() => +anything(x), () => anything(x) > anything(y), () => Math.max(anything(x) as never, 0)];
    for (const operator of operators)
      expect(operator).toThrow("a JavaScript operator got x, expected numbers; use plus");
    expect(`${x}`).toBe("x");
  });
});
