import { describe, expect, test } from "vitest";
import { type Expression, Trace } from "../../src/expressions/expression";
import { sign } from "../../src/expressions/functions";
import { traceLoss } from "../../src/expressions/loss";
import { numbers, worstError } from "../numbers";
import { differences } from "./differences";
import { huber, losses } from "./losses";

test.each(losses.map((loss) => [loss.name, loss] as const))("%s: dO is the finite difference of value", (_, loss) => {
  const places = numbers(40, 5, 3);
  for (let i = 0; i < places.length; i += 2) {
    const [o, y] = [places[i]!, Math.abs(places[i + 1]!) / 3];
    const point: Record<string, number> = { o, y, ...loss.options };
    const of = (formulas: typeof loss.both, more: Record<string, number> = {}) =>
      formulas.compute(formulas.takes.map((name) => ({ ...point, ...more })[name]!));
    const [dO] = differences(([moved]) => of(loss.value, { o: moved! })[0]!, [o]);
    expect(worstError(of(loss.derivative), [dO!])).toBeLessThan(1e-7);
    expect([...of(loss.both)]).toEqual([...of(loss.value), ...of(loss.derivative)]);
  }
});

test("a formula is what it says", () => {
  const at = (o: number, y: number, delta: number) => {
    const point: Record<string, number> = { o, y, delta };
    return [...huber.both.compute(huber.both.takes.map((name) => point[name]!))];
  };
  expect(at(1.5, 1, 1)).toEqual([0.125, 0.5]);
  expect(at(-2, 1, 1)).toEqual([2.5, -1]);
  expect(at(4, 1, 2)).toEqual([4, 2]);
  expect(huber.options).toEqual({ delta: 1 });
});

test("its WGSL is what a person would write", () => {
  expect(huber.both.lines({ type: "f32" }).lines).toEqual([
    "let difference = o - y;",
    "let absO = abs(difference);",
    "let difference2 = absO - delta;",
    "let value = selectOf(delta * (absO - delta * 0.5), absO * absO * 0.5, difference2);",
    "let dO = selectOf(delta, absO, difference2) * signOf(difference);",
  ]);
});

describe("mistakes are told at once", () => {
  type Symbols = Record<"o" | "y", Expression>;
  const trace = (value: (values: Symbols, options: Record<string, Expression>) => unknown, more: object = {}) =>
    traceLoss({ name: "mine", value, ...more } as never);
  const squares = ({ o, y }: Symbols) => o.minus(y).times(o.minus(y));

  test("what value answers", () => {
    expect(() => trace(() => 3)).toThrow('Loss "mine": value got 3, expected an Expression');
    expect(() => trace(() => new Trace().input("o"))).toThrow("value got o, which is of other equations");
    expect(() => trace(({ y }) => y)).toThrow("value is y, which does not depend on o");
    expect(() => trace(({ o, y }) => sign(o.minus(y)))).toThrow("whose derivative by o is 0 everywhere");
  });

  test("options and names", () => {
    expect(() => trace(squares, { options: { k: 1 } })).toThrow('the option "k" is not in the formula');
    expect(() => trace(({ o }, { k }) => o.times(k!))).toThrow('ask for the option "k", expected none');
    expect(() => trace(squares, { options: { y: 1 } })).toThrow('"y" would be the target and the option "y"');
    expect(() => trace(squares, { options: { k: Number.NaN } })).toThrow(
      'the option "k" is NaN, expected a finite number',
    );
    expect(() => trace(squares, { name: "a b" })).toThrow('Loss "a b": got this name');
  });
});
