// Formulas: named values computed of named values, as lines of WGSL and in float64.

import { TempogradError } from "../errors";
import { type Compiled, compile } from "./evaluate";
import type { Expression } from "./expression";
import { type Expressions, nodesBelow } from "./graph";
import { type WgslLines, wgslLines } from "./wgsl";
import type { WgslType } from "./wgsl-functions";

/** What lines of WGSL are to be like. */
export interface LineOptions {
  /** Default "vec4f": four units. */
  readonly type?: WgslType;
  /** The WGSL of what is taken, by name: texts without side effects. Without one, a variable of its `variables`. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Names that mean something else where the lines will stand. */
  readonly taken?: Iterable<string>;
}

export interface Formulas {
  /** The names of what they read, in the order of `compute`. */
  readonly takes: readonly string[];
  /** The variable that holds each of `takes` in lines where no other text is given. */
  readonly variables: Readonly<Record<string, string>>;
  /** The names of what they give, in the order of `compute`. */
  readonly gives: readonly string[];
  /**
   * As WGSL.
   * @throws where `texts` names what is not taken.
   */
  lines(options?: LineOptions): WgslLines;
  /** In float64. */
  readonly compute: Compiled;
}

/** A value that formulas may take, and the variable that it is in unless one says otherwise. */
export interface Given {
  readonly value: Expression;
  readonly variable: string;
}

/**
 * Formulas for `outputs`, of those of `given` that they need.
 * @throws where they need any other input.
 */
export function formulas(caller: string, outputs: Expressions, given: ReadonlyMap<string, Given>): Formulas {
  const ends = new Set([...given.values()].map(({ value }) => value));
  const needed = new Set(nodesBelow(Object.values(outputs), ends));
  const taken = [...given].filter(([, { value }]) => needed.has(value));
  const variables = Object.fromEntries(taken.map(([name, { variable }]) => [name, variable]));
  const compute = compile(
    outputs,
    taken.map(([, { value }]) => value),
  );
  return {
    takes: Object.keys(variables),
    variables,
    gives: Object.keys(outputs),
    lines({ type = "vec4f", texts = {}, taken: others = [] } = {}) {
      const stranger = Object.keys(texts).find((name) => !(name in variables));
      if (stranger !== undefined) {
        const known = Object.keys(variables).join(", ") || "nothing";
        throw new TempogradError(
          "definition",
          `${caller}: got the text of "${stranger}", expected ${known}; see what these formulas take.`,
        );
      }
      const written = taken.map(([name, { value, variable }]) => [value, texts[name] ?? variable] as const);
      return wgslLines(outputs, { type, given: new Map(written), taken: others });
    },
    compute,
  };
}
