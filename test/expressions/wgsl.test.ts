import { describe, expect, test } from "vitest";
import { type Expression, Trace } from "../../src/expressions/expression";
import { abs, exp, relu, sigmoid, softplus, tanh } from "../../src/expressions/functions";
import { wgslLines } from "../../src/expressions/wgsl";
import { wgslFunctions } from "../../src/expressions/wgsl-functions";
import { cells, gruResetAfter, gruResetBefore, lstm, peepholeLstm } from "./cells";

const inputsOf = (...names: string[]) => {
  const trace = new Trace();
  return names.map((name) => trace.input(name)) as [Expression, Expression, Expression];
};
/** Lines of inputs that go by their own names. */
const linesOf = (outputs: Record<string, Expression>, inputs: readonly Expression[], more: object = {}) =>
  wgslLines(outputs, { type: "vec4f", given: new Map(inputs.map((input) => [input, `${input}`])), ...more });

describe("a cell of one's own reads as if a person had written it", () => {
  const gate = (index: number) =>
    index === 0 ? "gate[e.gate]" : `gate[e.gate + ${index === 1 ? "" : `${index}u * `}width]`;

  test("the LSTM, where its shader keeps things", () => {
    expect(lstm.kept).toEqual(["f", "i", "g", "o"]);
    const gates = Object.fromEntries(lstm.gates.map(({ name }, index) => [name, gate(index)]));
    expect(lstm.forward.lines({ texts: { ...gates, cBefore: "cellState[e.sweep]" } }).lines).toEqual([
      "let f = sigmoid(gate[e.gate + width]);",
      "let i = sigmoid(gate[e.gate]);",
      "let g = tanhOf(gate[e.gate + 2u * width]);",
      "let c = f * cellState[e.sweep] + i * g;",
      "let o = sigmoid(gate[e.gate + 3u * width]);",
      "let h = o * tanhOf(c);",
    ]);
    const kept = Object.fromEntries(lstm.kept.map((name, index) => [name, gate(index)]));
    const texts = { ...kept, cBefore: "cellState[e.sweep]", dc: "select(carry[dcAt], vec4f(), last)" };
    const { lines, names } = lstm.backward.lines({ texts });
    expect(lines).toEqual([
      "let cBefore = cellState[e.sweep];",
      "let f = gate[e.gate];",
      "let i = gate[e.gate + width];",
      "let g = gate[e.gate + 2u * width];",
      "let o = gate[e.gate + 3u * width];",
      "let tanhC = tanhOf(f * cBefore + i * g);",
      "let dc = select(carry[dcAt], vec4f(), last) + dh * o * dTanh(tanhC);",
      "let dO = dh * tanhC * dSigmoid(o);",
      "let dg = dc * i * dTanh(g);",
      "let di = dc * g * dSigmoid(i);",
      "let dCBefore = dc * f;",
      "let df = dc * cBefore * dSigmoid(f);",
    ]);
    expect(names).toEqual({ di: "di", df: "df", dg: "dg", dO: "dO", dCBefore: "dCBefore" });
  });

  test("the peephole LSTM, in variables", () => {
    expect(peepholeLstm.forward.lines().lines).toEqual([
      "let f = sigmoid(aF + pf * cBefore);",
      "let kept = f * cBefore;",
      "let i = sigmoid(aI + pi * cBefore);",
      "let g = tanhOf(aG);",
      "let c = kept + i * g;",
      "let o = sigmoid(aO + po * c);",
      "let h = o * tanhOf(c);",
    ]);
    expect(peepholeLstm.backward.lines().lines).toEqual([
      "let kept = f * cBefore;",
      "let c = kept + i * g;",
      "let tanhC = tanhOf(c);",
      "let dO = dh * tanhC * dSigmoid(o);",
      "let dPo = dO * c;",
      "let dc2 = dc + dh * o * dTanh(tanhC) + dO * po;",
      "let dg = dc2 * i * dTanh(g);",
      "let di = dc2 * g * dSigmoid(i);",
      "let dPi = di * cBefore;",
      "let df = dc2 * cBefore * dSigmoid(f);",
      "let dPf = df * cBefore;",
      "let dCBefore = di * pi + dc2 * f + df * pf;",
    ]);
  });

  test("both GRUs, in variables", () => {
    expect(gruResetAfter.backward.lines().lines).toEqual([
      "let dHBefore = dh * z;",
      "let dn = dh * (1.0 - z) * dTanh(n);",
      "let dq = dn * r;",
      "let dr = dn * q * dSigmoid(r);",
      "let dz = dh * (hBefore - n) * dSigmoid(z);",
    ]);
    const { forward, backward } = gruResetBefore.projection!;
    expect(forward.lines().lines).toEqual(["let hForN = sigmoid(aR) * hBefore;"]);
    expect(backward.lines().lines).toEqual(["let dHBefore = dHForN * r;", "let dr = dHForN * hBefore * dSigmoid(r);"]);
  });

  test.each(cells.map((cell) => [cell.name, cell] as const))("%s computes nothing twice", (_, cell) => {
    for (const formulas of [cell.forward, cell.backward]) {
      const { lines, functions } = formulas.lines();
      const rightSides = lines.map((line) => line.replace(/^let \w+ = /, ""));
      expect(new Set(rightSides).size).toBe(lines.length);
      const calls = [...functions].filter((name) => !["dTanh", "dSigmoid"].includes(name)); // cheaper than a line
      const called = rightSides.join("\n").matchAll(new RegExp(`\\b(${calls.join("|") || "none"})\\([^()]*\\)`, "g"));
      const texts = [...called].map(([text]) => text);
      expect(new Set(texts).size).toBe(texts.length);
    }
  });
});

describe("a line", () => {
  test("has the fewest parentheses that keep its order", () => {
    const [x, y, z] = inputsOf("x", "y", "z");
    const of = (output: Expression) => linesOf({ output }, [x, y, z]).lines;
    expect(of(x.minus(y.minus(z)))).toEqual(["let output = x - (y - z);"]);
    expect(of(x.over(y.times(z)))).toEqual(["let output = x / (y * z);"]);
    expect(of(x.plus(y).times(z).negated())).toEqual(["let output = -(x + y) * z;"]);
    expect(of(x.times(y).negated().plus(1))).toEqual(["let output = 1.0 - x * y;"]);
    expect(of(x.plus(y).negated())).toEqual(["let output = -(x + y);"]);
    expect(of(sigmoid(x.plus(y.times(z))))).toEqual(["let output = sigmoid(x + y * z);"]);
  });

  test("is one of its own for what is used twice, has a name, or is a function of a formula", () => {
    const [x, y] = inputsOf("x", "y");
    const sum = x.plus(y);
    expect(linesOf({ output: sum.times(sum.plus(1)) }, [x, y]).lines).toEqual([
      "let sum = x + y;",
      "let output = sum * (sum + 1.0);",
    ]);
    expect(linesOf({ output: tanh(x.minus(y)).times(x) }, [x, y]).lines).toEqual([
      "let tanhX = tanhOf(x - y);",
      "let output = tanhX * x;",
    ]);
    const both = x.times(y).named("both");
    expect(linesOf({ output: both.plus(1), both }, [x, y]).lines).toEqual([
      "let both = x * y;",
      "let output = both + 1.0;",
    ]);
  });

  test("gives one value two names, and constants and inputs one, where outputs are these", () => {
    const [x] = inputsOf("x");
    const outputs = { a: x.plus(1), b: x.plus(1), x2: x, three: x.trace.constant(3) };
    expect(linesOf(outputs, [x]).lines).toEqual([
      "let x2 = x;",
      "let a = x2 + 1.0;",
      "let three = vec4f(3.0);",
      "let b = a;",
    ]);
  });

  test("is short: a long formula is cut where it is longest", () => {
    const names = Array.from({ length: 24 }, (_, index) => `aRatherLongName${index}`);
    const trace = new Trace();
    const inputs = names.map((name) => trace.input(name));
    const output = inputs.reduce((sum, input) => sum.times(0.5).plus(input));
    const { lines } = linesOf({ output }, inputs);
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect(line.length).toBeLessThan(130);
  });

  test("writes the shortest literal of a float32, typed where a function takes it", () => {
    const [x] = inputsOf("x");
    const of = (value: number, type = "vec4f") => linesOf({ output: x.times(value) }, [x], { type }).lines[0];
    expect(of(0.1)).toBe("let output = x * 0.1;");
    expect(of(3)).toBe("let output = x * 3.0;");
    expect(of(-2.5)).toBe("let output = x * -2.5;");
    expect(of(1 / 3)).toBe("let output = x * 0.33333334;");
    expect(of(1e-20)).toBe("let output = x * 1e-20;");
    expect(of(3.4028234663852886e38)).toBe("let output = x * 3.4028235e+38;");
    const larger = x.trace.operate("max", [x, 0.1]);
    expect(linesOf({ larger }, [x]).lines).toEqual(["let larger = maxOf(x, vec4f(0.1));"]);
    expect(linesOf({ larger }, [x], { type: "f32" }).lines).toEqual(["let larger = maxOf(x, 0.1);"]);
  });
});

describe("names", () => {
  test("keep clear of words of WGSL, of what is called, of given texts and of what is taken", () => {
    const [x, y] = inputsOf("x", "y");
    const given = new Map([
      [x, "gate[e.gate]"],
      [y, "h"],
    ]);
    const outputs = { gate: x.plus(y), let: x.minus(y), h: x.times(y), sigmoid: x.over(y), mine: x };
    const { lines, names } = wgslLines(outputs, { type: "vec4f", given, taken: ["mine"] });
    expect(names).toEqual({ gate: "gate2", let: "let2", h: "h2", sigmoid: "sigmoid2", mine: "mine2" });
    expect(lines).toContain("let mine2 = gate[e.gate];");
    expect(lines).toContain("let sigmoid2 = mine2 / h;");
  });

  test("given texts are taken as they are, in parentheses where they must be", () => {
    const [x, y] = inputsOf("x", "y");
    const given = (text: string) =>
      wgslLines(
        { output: x.times(y) },
        {
          type: "vec4f",
          given: new Map([
            [x, text],
            [y, "y"],
          ]),
        },
      ).lines;
    expect(given("a + b")).toEqual(["let output = (a + b) * y;"]);
    expect(given("f(a + b)[i + 1u]")).toEqual(["let output = f(a + b)[i + 1u] * y;"]);
    expect(given("-a")).toEqual(["let output = (-a) * y;"]);
  });

  test("mistakes are told", () => {
    const [x, y] = inputsOf("x", "y");
    expect(() => linesOf({ output: x.plus(y) }, [x])).toThrow(
      "the outputs need the input y, expected its WGSL in given",
    );
    expect(() => linesOf({ "a b": x }, [x])).toThrow('got the name "a b", expected a letter');
    expect(() => lstm.forward.lines({ texts: { k: "k" } })).toThrow(
      'Cell "lstm": got the text of "k", expected i, f, g, o, cBefore',
    );
  });
});

describe("functions", () => {
  test("come with those that they call, in an order, and without those that are there", () => {
    const [x] = inputsOf("x");
    const { functions } = linesOf({ output: softplus(relu(x)), other: abs(exp(x)) }, [x]);
    expect([...functions].sort()).toEqual(["expOf", "reluOf", "softplusOf"]);
    const defined = (text: string) => [...text.matchAll(/^fn (\w+)/gm)].map(([, name]) => name);
    const all = ["isNan", "ofBits", "infinity", "nan", "expOf", "logOf", "log1pOf", "reluOf", "softplusOf"];
    expect(defined(wgslFunctions(functions, "vec4f"))).toEqual(all);
    expect(defined(wgslFunctions(functions, "vec4f", ["isNan", "softplusOf"]))).toEqual([
      ...["ofBits", "infinity", "expOf", "reluOf"],
    ]);
    expect(wgslFunctions(functions, "f32")).not.toContain("vec4");
    expect(() => wgslFunctions(["other"], "f32")).toThrow('got "other", expected one of isNan');
  });
});
