// A loss of one's own, of the formula of one value alone: its shader and its twin in float64 are derived from it.

import { type LossEquation, type TracedLoss, traceLoss } from "../expressions/loss";
import { wgslFunctions } from "../expressions/wgsl-functions";
import type { PlainLoss } from "./loss";

/** The formula of one value, and what its targets may be. */
export interface LossFormula<Option extends string = never> extends LossEquation<Option> {
  /** From the least to the most that a target may be. Any finite number unless given. */
  readonly targets?: readonly [least: number, most: number];
}

/**
 * Defines a loss by its formula for one value, which is traced once and differentiated. The loss of a batch is the mean over
 * all values that count.
 *
 * @returns a function of the formula's options that answers the loss. Where outputs are the logits of labels, add `labels: true`
 *   to that, as `binaryCrossEntropy` does.
 * @throws where a name is none or stands for two things, or `value` answers anything but an expression of its arguments that
 *   has a derivative by `o`; and that function, for options that are unknown or no finite numbers of float32.
 */
export function defineLoss<const Option extends string = never>(
  formula: LossFormula<Option>,
): (options?: Partial<Record<Option, number>>) => PlainLoss {
  const traced = traceLoss(formula);
  const source = sourceOf(traced);
  const { name, targets: range } = formula;
  return (given = {}) => {
    const options = { ...traced.options };
    for (const [option, value] of Object.entries<number | undefined>(given)) {
      if (value === undefined) continue;
      if (!(option in options)) {
        const known = Object.keys(options).join(", ") || "none";
        throw new Error(`${name}: unknown option "${option}", expected one of ${known}; leave it out.`);
      }
      if (!Number.isFinite(Math.fround(value))) {
        throw new Error(`${name}: ${option} is ${value}, expected a finite number that float32 has.`);
      }
      options[option] = value;
    }
    const inputs = (o: number, y: number) =>
      traced.both.takes.map((input) => (input === "o" ? o : input === "y" ? y : options[input]!));
    const said = Object.entries(options).map(([option, value]) => `${option} ${value}`);
    return {
      name,
      targets: "values",
      range,
      options,
      source,
      reference(o, y) {
        const [value = 0, derivative = 0] = traced.both.compute(inputs(o, y));
        return { value, derivative };
      },
      toJSON: () => [name, ...said].join(", "),
    };
  };
}

function sourceOf({ options, both }: TracedLoss): string {
  const names = Object.keys(options);
  const texts = Object.fromEntries(names.map((option) => [option, `vec4f(options.${option})`]));
  const { lines, names: of, functions } = both.lines({ texts, taken: ["options"] });
  return [
    ...(names.length > 0
      ? [`struct Options { ${names.map((option) => `${option}: f32`).join(", ")} }`, "var<uniform> options: Options;"]
      : []),
    "struct LossAt { value: vec4f, derivative: vec4f }",
    wgslFunctions(functions, "vec4f"),
    "fn lossAt(o: vec4f, y: vec4f) -> LossAt {",
    ...lines.map((line) => `  ${line}`),
    `  return LossAt(${of.value}, ${of.dO});`,
    "}\n",
  ].join("\n");
}
