// Tells whether an engine computed the problem: its first losses beside those it should have.

import { isOk, lossCount, nameOf, problemKey, type Row } from "./report";

/** Float32 engines that sum in another order stay within half of it; a forgotten gradient does not. */
const tolerance = 5e-6;

const differ = (loss: number | undefined, expected: number) =>
  !(Math.abs((loss ?? Number.NaN) - expected) <= tolerance * Math.abs(expected));

/**
 * A row's status, once it is measured.
 * @param expected losses by the float64 reference: as many as tell what is computed, or as could be had.
 * @param others rows of the same run: those of the same problem that are ok say what the reference does not.
 */
export function judge(row: Row, expected: readonly number[], others: readonly Row[]): string {
  const digits = (loss: number | undefined) => loss?.toFixed(6) ?? "missing";
  for (const [i, loss] of expected.entries()) {
    if (differ(row.losses[i], loss)) {
      return `wrong: loss ${i + 1} is ${digits(row.losses[i])}, expected ${digits(loss)}`;
    }
  }
  const all = lossCount(row.work);
  if (expected.length === all) return "ok";
  const by = expected.length === 0 ? "no loss" : "loss 1";
  const other = others.find((one) => problemKey(one) === problemKey(row) && isOk(one));
  if (!other) return `ok as far as known: ${by} of ${all} compared with the reference`;
  for (const [i, loss] of other.losses.entries()) {
    if (differ(row.losses[i], loss)) {
      return `differs: loss ${i + 1} is ${digits(row.losses[i])}, ${nameOf(other)} has ${digits(loss)}`;
    }
  }
  return `ok: ${by} compared with the reference, all with ${nameOf(other)}`;
}
