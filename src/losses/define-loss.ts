// A loss of one's own, of the formula of one value alone: its shader and its twin in float64 are derived from it.

import { expectOptions, shown, TempogradError } from "../errors";
import { type LossEquation, type TracedLoss, traceLoss } from "../expressions/loss";
import { wgslFunctions } from "../expressions/wgsl-functions";
import type { PlainLoss } from "./loss";

/** The formula of one value, and what its targets may be. */
export interface LossFormula<Option extends string = never> extends LossEquation<Option> {
  /** From the least to the most that a target may be. Any finite number unless given. */
  readonly targets?: readonly [least: number, most: number];
}

/** What is given for an option: a number for all outputs, or one for each, again and again. */
type Given = number | readonly number[];

/**
 * Defines a loss by its formula for one value, which is traced once and differentiated. The loss of a batch is the mean over
 * all values that count. Where an option is given as a list, output k takes its number k modulo the list's length, which the
 * outputs of a network have to be a multiple of.
 *
 * @returns a function of the formula's options that answers the loss. Where outputs are the logits of labels, add `labels: true`
 *   to that, as `binaryCrossEntropy` does.
 * @throws where a name is none or stands for two things, or `value` answers anything but an expression of its arguments that
 *   has a derivative by `o`; and that function, for options that are unknown, no finite numbers of float32, or lists that are
 *   empty or of different lengths.
 * @example
 * ```ts
 * import { defineLoss } from "tempograd";
 *
 * const squared = defineLoss({
 *   name: "scaled-square",
 *   options: { scale: 1 },
 *   value: ({ o, y }, { scale }) => scale.times(o.minus(y)).times(o.minus(y)),
 * });
 * console.log(squared({ scale: 2 }).reference(3, 1)); // value 8, derivative 8
 * ```
 */
export function defineLoss<const Option extends string = never>(
  formula: LossFormula<Option>,
): (options?: Partial<Record<Option, Given>>) => PlainLoss {
  expectOptions("defineLoss", formula, "formula");
  const traced = traceLoss(formula);
  const { name, targets: range } = formula;
  return (given = {}) => {
    expectOptions(name, given);
    const options: Record<string, Given> = { ...traced.options };
    for (const [option, value] of Object.entries<Given | undefined>(given)) {
      if (value === undefined) continue;
      if (!(option in options)) {
        const known = Object.keys(options).join(", ") || "none";
        throw new TempogradError(
          "option",
          `${name}: unknown option "${option}", expected one of ${known}; leave it out.`,
        );
      }
      const values = [value].flat() as readonly number[];
      const wrong = values.find((one) => typeof one !== "number" || !Number.isFinite(Math.fround(one)));
      if (values.includes(wrong!)) {
        throw new TempogradError(
          "option",
          `${name}: ${option} is ${shown(wrong)}, expected a finite number that float32 has.`,
        );
      }
      options[option] = typeof value === "number" ? value : values;
    }
    const lists = Object.values(options).filter((value) => typeof value !== "number");
    const period = lists[0]?.length ?? 1;
    if (lists.some(({ length }) => length === 0 || length !== period)) {
      const lengths = lists.map(({ length }) => length).join(" and ");
      throw new TempogradError(
        "option",
        `${name}: got lists of ${lengths} numbers, expected 1 or more, the same for all; give as many.`,
      );
    }
    const at = (value: Given, output: number) => (typeof value === "number" ? value : value[output % period]!);
    const said = Object.entries(options).map(([option, value]) => `${option} ${[value].flat().join(" ")}`);
    return {
      name,
      targets: "values",
      range,
      options: Object.fromEntries(Object.entries(options).filter(isNumber)),
      period,
      source: sourceOf(traced, options),
      reference(o, y, output = 0) {
        const inputs = traced.both.takes.map((input) =>
          input === "o" ? o : input === "y" ? y : at(options[input]!, output),
        );
        const [value = 0, derivative = 0] = traced.both.compute(inputs);
        return { value, derivative };
      },
      toJSON: () => [name, ...said].join(", "),
    };
  };
}

const isNumber = (entry: [string, Given]): entry is [string, number] => typeof entry[1] === "number";

/** Numbers for all outputs are read from a uniform; those that differ stand in the text, four outputs at a time. */
function sourceOf({ both }: TracedLoss, options: Readonly<Record<string, Given>>): string {
  const numbers: string[] = [];
  const constants: string[] = [];
  const texts: Record<string, string> = {};
  for (const [option, value] of Object.entries(options)) {
    if (typeof value === "number") {
      numbers.push(option);
      texts[option] = `vec4f(options.${option})`;
      continue;
    }
    const columns = value.length / (value.length % 4 === 0 ? 4 : value.length % 2 === 0 ? 2 : 1);
    const column = (at: number) => [0, 1, 2, 3].map((i) => value[(4 * at + i) % value.length]!).join(", ");
    const all = Array.from({ length: columns }, (_, at) => `vec4f(${column(at)})`);
    constants.push(`const ${option}ByOutput = array<vec4f, ${columns}>(${all.join(", ")});`);
    texts[option] = `${option}ByOutput[column % ${columns}u]`;
  }
  const { lines, names: of, functions } = both.lines({ texts, taken: ["options", "column"] });
  return [
    ...(numbers.length > 0
      ? [`struct Options { ${numbers.map((option) => `${option}: f32`).join(", ")} }`, "var<uniform> options: Options;"]
      : []),
    ...constants,
    "struct LossAt { value: vec4f, derivative: vec4f }",
    wgslFunctions(functions, "vec4f"),
    "fn lossAt(o: vec4f, y: vec4f, column: u32) -> LossAt {",
    ...lines.map((line) => `  ${line}`),
    `  return LossAt(${of.value}, ${of.dO});`,
    "}\n",
  ].join("\n");
}
