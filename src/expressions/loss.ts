// A loss of one's own: a formula of one value, traced once and differentiated.

import { shown, TempogradError } from "../errors";
import { derivative } from "./derivative";
import { expectAnswer, expectNames, isZero, symbols, usedInputs } from "./equations";
import { type Expression, Trace } from "./expression";
import { type Formulas, formulas, type Given } from "./formulas";

/** The loss of one value that a network gives; a row's loss is the sum over its values. */
export interface LossEquation<Option extends string = never> {
  /** Letters, digits, - and _. */
  readonly name: string;
  /** Numbers that the formula takes, by name, with what they are where a user gives none. */
  readonly options?: Readonly<Record<Option, number>>;
  /** It is called once, with symbols. `o` is what the network gives, `y` the target. */
  value(
    values: Readonly<Record<"o" | "y", Expression>>,
    options: Readonly<Record<NoInfer<Option>, Expression>>,
  ): Expression;
}

/** `o`, `y` and options are taken by their names; `value` and `dO` are given. */
export interface TracedLoss {
  readonly name: string;
  readonly options: Readonly<Record<string, number>>;
  /** `value` */
  readonly value: Formulas;
  /** `dO`: the derivative with respect to o. */
  readonly derivative: Formulas;
  /** Both, with what they share computed once. */
  readonly both: Formulas;
}

/**
 * Calls `value` once with symbols, and differentiates what it answers.
 *
 * @throws where a name is none in WGSL or stands for two things; where `value` answers anything but an expression of its
 *   arguments; where an option is not used or is no finite number, or the value has no derivative with respect to `o`.
 */
export function traceLoss<const Option extends string = never>(equation: LossEquation<Option>): TracedLoss {
  const { name } = equation;
  const options: Readonly<Record<string, number>> = equation.options ?? {};
  const caller = `Loss ${shown(name)}`;
  if (typeof name !== "string" || !/^[a-zA-Z][\w-]*$/.test(name)) {
    throw new TempogradError(
      "definition",
      `${caller}: got this name, expected a letter, then letters, digits, - or _; rename it.`,
    );
  }
  if (typeof equation.value !== "function") {
    const got = shown(equation.value);
    throw new TempogradError("definition", `${caller}: value is ${got}, expected a function of o and y; give it one.`);
  }
  expectNames(caller, [
    ["o", "the output"],
    ["y", "the target"],
    ["value", "the loss"],
    ["dO", "the gradient of the output"],
    ...Object.keys(options).map((option) => [option, `the option "${option}"`] as const),
  ]);
  for (const [option, value] of Object.entries(options)) {
    if (Number.isFinite(value)) continue;
    throw new TempogradError(
      "definition",
      `${caller}: the option ${shown(option)} is ${shown(value)}, expected a finite number; give it one.`,
    );
  }

  const trace = new Trace();
  const o = trace.input("o");
  const y = trace.input("y");
  const optionInputs = Object.keys(options).map((option) => [option as Option, trace.input(option)] as const);
  const values = symbols(caller, "value", [["o", o] as const, ["y", y] as const]);
  const answer = equation.value(values, symbols(caller, "option", optionInputs));
  const value = expectAnswer(caller, "value", trace, answer);
  const dO = derivative({ value }, { value: 1 }, { o }).o;

  const inputs = optionInputs.map(([, input]) => input);
  const used = usedInputs([value], [o, ...inputs]);
  if (!used.has(o)) {
    throw new TempogradError(
      "definition",
      `${caller}: value is ${value}, which does not depend on o, expected it to; use o in it.`,
    );
  }
  if (isZero(dO)) {
    throw new TempogradError(
      "definition",
      `${caller}: value is ${value}, whose derivative by o is 0 everywhere, expected one; nothing learns.`,
    );
  }
  const idle = inputs.find((input) => !used.has(input));
  if (idle) {
    throw new TempogradError(
      "definition",
      `${caller}: the option "${idle}" is not in the formula, expected it there; use it or leave it out.`,
    );
  }

  const given = new Map<string, Given>(
    Object.entries({ o, y, ...Object.fromEntries(optionInputs) }).map(([key, input]) => [
      key,
      { value: input, variable: key },
    ]),
  );
  return {
    name,
    options,
    value: formulas(caller, { value }, given),
    derivative: formulas(caller, { dO }, given),
    both: formulas(caller, { value, dO }, given),
  };
}
