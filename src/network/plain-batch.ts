// The check of batches of tokens and classes, and of lengths. What is wrong with one `checkBatch` tells, which is loaded where
// something is, and for other batches.

import { TempogradError } from "../errors";
import { architectureOf } from "../parts/architecture";
import type { AnyBatch, BatchShape } from "./batch";
import type { Counted } from "./check-batch";
import type { NetworkConfig } from "./config";

/** Whether a pass takes no other batches. */
export function takesPlain(config: NetworkConfig, { weights, initialState, carryState }: BatchShape): boolean {
  const { input, encoder, loss } = architectureOf(config);
  const counts = loss.targets === "classes" && !loss.classWeights;
  return input.tokens !== undefined && !encoder && counts && !weights && !initialState && !carryState;
}

/** As `checkBatch` of such batches, but for what it says. @throws where one is not as it should be. */
export function checkPlain(operation: string, config: NetworkConfig, shape: BatchShape, batch: AnyBatch): Counted {
  const { steps, batch: rows } = shape;
  const { input, readout } = architectureOf(config);
  const { inputs, targets, lengths, ...more }: Partial<AnyBatch> = Object(batch);
  const { weights, source, sourceLengths, initialState, initialCellState, reset, ...unknown } = more;
  const everyStep = readout.kind === "every-step";
  const given = [weights, source, sourceLengths, initialState, initialCellState, reset];
  if (
    !areIntegers(inputs, steps * rows, 0, input.tokens! - 1) ||
    !areIntegers(targets, everyStep ? steps * rows : rows, -1, readout.outputs - 1) ||
    !(!lengths || areIntegers(lengths, rows, 1, steps)) ||
    given.some(Boolean) ||
    Object.keys(unknown).length > 0
  ) {
    throw new TempogradError(
      "batch",
      `${operation}: batch is none of ${steps} steps of ${rows} sequences, expected tokens, targets and lengths in Int32Arrays, each in its range; mend it.`,
    );
  }
  let count = 0;
  eachLiveRow(config, shape, lengths, (row) => {
    if (targets[row]! >= 0) count++;
  });
  return { count, weight: count };
}

/** Calls `use` with the number of each row of the targets that is not past its sequence's end. */
export function eachLiveRow(
  config: NetworkConfig,
  { steps, batch }: BatchShape,
  lengths: Int32Array | undefined,
  use: (row: number) => void,
): void {
  const everyStep = architectureOf(config).readout.kind === "every-step";
  for (let row = 0; row < (everyStep ? steps * batch : batch); row++) {
    if (!everyStep || !lengths || Math.floor(row / batch) < lengths[row % batch]!) use(row);
  }
}

const areIntegers = (data: unknown, length: number, least: number, most: number): data is Int32Array =>
  Object.prototype.toString.call(data) === "[object Int32Array]" && // holds for arrays of other frames too
  (data as Int32Array).length === length &&
  (data as Int32Array).every((value) => value >= least && value <= most);
