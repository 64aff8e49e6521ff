// Checks the options that the makers of batches share, and turns them into what they stand for.

/** How many of `count` things a held-out fraction keeps back. Throws unless both parts get at least one. */
export function heldOutCount(operation: string, things: string, count: number, fraction: number): number {
  if (!(fraction > 0 && fraction < 1)) {
    throw new Error(
      `${operation}: option "heldOutFraction" is ${fraction}, expected a number between 0 and 1; use 0.1 for a tenth.`,
    );
  }
  const heldOut = Math.round(count * fraction);
  if (heldOut === 0 || heldOut === count) {
    throw new Error(
      `${operation}: got ${count} ${things}, expected enough that a fraction of ${fraction} leaves both parts ` +
        `one or more; give more ${things} or another heldOutFraction.`,
    );
  }
  return heldOut;
}
