// A cell of one's own, of its equations alone: its shader and its twin in float64 are derived from them.

import { expectOptions, TempogradError } from "../errors";
import { traceCell } from "../expressions/cell";
import type { AnyCellEquations, CellEquations } from "../expressions/cell-equations";
import type { Cell, CellDefinition, ReferenceCell } from "./cell";
import { tracedReference } from "./traced-reference";
import { tracedShader } from "./traced-shader";

/** What `defineCell` makes: for the option `cell` of a network. */
export interface DefinedCell extends CellDefinition {
  readonly name: string;
  /** What it was defined by. */
  readonly equations: AnyCellEquations;
  /** As the sweeps on the GPU need it. */
  gpu(): Cell;
  /** Its twin in float64. */
  reference(): ReferenceCell;
  /** Files hold its name; `readCheckpoint` is given the cell again. */
  toJSON(): string;
}

/**
 * Defines a cell by the equations of one unit at one step, which are traced once and differentiated. A network computes it
 * in its sweeps through time, as it does the library's own.
 *
 * @param equations gates, which are the blocks of a = x·W + h₋₁·U + b, [batch, hidden] each, or as `recurrent` has it;
 *   states, of which the first is h; parameters, a number a unit each; and `step`, which answers the states after the step.
 *   A gate of `apart` or `projects` is the last one, and has a recurrent bias of its own.
 * @throws where names are none or stand for two things, `step` answers anything but the states, or the equations are not
 *   of those that the sweeps take.
 * @example
 * ```ts
 * import { defineCell, everyStep, layer, Network, relu, sigmoid, tokens } from "tempograd";
 *
 * const leaky = defineCell({
 *   name: "leaky",
 *   gates: ["g", "z"],
 *   states: ["h"],
 *   step({ g, z }, { h }) {
 *     const kept = sigmoid(z);
 *     return { h: kept.times(h).plus(kept.negated().plus(1).times(relu(g))) };
 *   },
 * });
 * const model = await Network.create(gpu, { input: tokens(4), layers: [layer(leaky, 8)], readout: everyStep(4) });
 * model.destroy();
 * ```
 */
export function defineCell<
  const Gate extends string,
  const State extends string,
  const Parameter extends string = never,
  const Apart extends string = never,
>(equations: CellEquations<Gate, State, Parameter, Apart>): DefinedCell {
  expectOptions("defineCell", equations, "equations");
  const own = equations as AnyCellEquations;
  const traced = traceCell(own);
  const { name, gates, states, parameters, apart, projections, recurrent } = traced;
  const at = `defineCell: "${name}"`;
  const special = [...apart, ...projections];
  if (special.length > 1 || (special[0] && special[0].gate !== gates.at(-1)?.name)) {
    const got = special.map(({ gate }) => `"${gate}"`).join(", ");
    throw new TempogradError(
      "definition",
      `${at} has a recurrent product of its own for ${got}, expected it for the last gate alone, "${gates.at(-1)?.name}"; change the order of the gates.`,
    );
  }
  if (special[0] && gates.length < 2) {
    throw new TempogradError(
      "definition",
      `${at} has one gate, with a recurrent product of its own, expected two or more gates; add one.`,
    );
  }
  if (states.length > 1 && (apart.length > 0 || traced.reads.projections.length > 0)) {
    const got = apart.length > 0 ? "a recurrent product apart" : "a way back that reads what it projects";
    throw new TempogradError(
      "definition",
      `${at} has ${got} and states beside h, expected one of them; a sweep back can bind no more: leave one out.`,
    );
  }
  const candidate = apart.length > 0 ? "apart" : projections.length > 0 ? "second" : undefined;
  const cell: Cell = {
    name,
    ...tracedShader(at, traced),
    gates: gates.length,
    flags: {},
    states: states.length - 1,
    unitParameters: parameters.map(({ name }) => name),
    recurrent,
    ...(candidate && { candidate }),
  };
  const reference = tracedReference(traced);
  return { name, equations: own, choices: {}, gpu: () => cell, reference: () => reference, toJSON: () => name };
}
