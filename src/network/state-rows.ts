// States of sequences side by side, and of each alone.

import type { BatchInputs } from "./batch";
import type { NetworkConfig } from "./config";
import { expectNumbers } from "./expect";
import type { States } from "./read-states";
import { type StateKind, stateSpecs } from "./state-specs";

/** The widths of all states of a kind, in their order. */
const widthsOf = (config: NetworkConfig, kind: StateKind): number[] =>
  Object.values(stateSpecs(config, 1)).flatMap((spec) => (spec.kind === kind ? [spec.shape[1]!] : []));

const total = (widths: readonly number[]): number => widths.reduce((sum, width) => sum + width, 0);

/** Room for the states of so many sequences. */
export function emptyStates(config: NetworkConfig, batch: number): States {
  const [hidden, cell] = [total(widthsOf(config, "hidden")), total(widthsOf(config, "cell"))];
  return {
    finalState: new Float32Array(batch * hidden),
    ...(cell > 0 && { finalCellState: new Float32Array(batch * cell) }),
  };
}

/** Each state of a kind as a part of what holds them all: [batch, width] each. */
function* partsOf(config: NetworkConfig, kind: StateKind, all: Float32Array, batch: number) {
  let start = 0;
  for (const width of widthsOf(config, kind)) {
    yield all.subarray(start, start + batch * width);
    start += batch * width;
  }
}

/** Of states, each as a part of what holds them all, in the order of `stateSpecs`. */
export const partsOfStates = (
  config: NetworkConfig,
  { finalState, finalCellState }: States,
  batch: number,
): Float32Array[] => [
  ...partsOf(config, "hidden", finalState, batch),
  ...(finalCellState ? partsOf(config, "cell", finalCellState, batch) : []),
];

/** Copies a row of some states to a row of others. */
function copyRow(
  config: NetworkConfig,
  kind: StateKind,
  from: { all: Float32Array; batch: number; row: number },
  to: { all: Float32Array; batch: number; row: number },
): void {
  const targets = partsOf(config, kind, to.all, to.batch);
  for (const source of partsOf(config, kind, from.all, from.batch)) {
    const target = targets.next().value!;
    const width = source.length / from.batch;
    target.set(source.subarray(from.row * width, (from.row + 1) * width), to.row * width);
  }
}

/** The states of one of several sequences. */
export function rowOfStates(config: NetworkConfig, states: States, batch: number, row: number): States {
  const one = emptyStates(config, 1);
  for (const [kind, name] of kinds) {
    const [all, into] = [states[name], one[name]];
    if (all && into) copyRow(config, kind, { all, batch, row }, { all: into, batch: 1, row: 0 });
  }
  return one;
}

/** What a batch begins with whose rows begin with these; zero beyond them. */
export function initialStates(
  config: NetworkConfig,
  rows: readonly States[],
  batch: number,
): Pick<BatchInputs, "initialState" | "initialCellState"> {
  const { finalState: initialState, finalCellState: initialCellState } = emptyStates(config, batch);
  for (const [row, states] of rows.entries()) {
    for (const [kind, name] of kinds) {
      const [all, into] = [states[name], kind === "hidden" ? initialState : initialCellState];
      if (all && into) copyRow(config, kind, { all, batch: 1, row: 0 }, { all: into, batch, row });
    }
  }
  return { initialState, ...(initialCellState && { initialCellState }) };
}

const kinds = [
  ["hidden", "finalState"],
  ["cell", "finalCellState"],
] as const;

/** @throws unless these are states of one sequence of the network, all of them finite. */
export function expectStates(operation: string, name: string, config: NetworkConfig, states: States): void {
  const expected = emptyStates(config, 1);
  for (const [, part] of kinds) {
    const given = states?.[part];
    if (expected[part] ?? given) expectNumbers(operation, `${name}.${part}`, given, [expected[part]?.length ?? 0]);
  }
}
