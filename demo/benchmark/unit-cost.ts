// What one of many equal things takes, free of what a timing costs by itself.

/** Does `n` things and answers how long they took together, in milliseconds. */
export type Timed = (n: number) => Promise<number>;

/**
 * How long a timing must be at least, in milliseconds: well above the timer's steps and, where it is known, a wait for the
 * GPU, which some browsers look after ten times a second only.
 */
export const longEnough = (waitMs = 0): number => Math.max(20, Math.min(500, 6 * waitMs));

/**
 * Doubles `n` until a timing is long enough, takes the best of several, less the best of as many of one thing alone:
 * noise only ever adds.
 * @param most the largest `n`
 * @returns milliseconds for one
 */
export async function unitCost(timed: Timed, most = 1 << 16): Promise<number> {
  await timed(1); // warm
  let one = await timed(1);
  const least = longEnough(one);
  let n = 2;
  let many = await timed(n);
  while (n < most && many < least) {
    n *= 2;
    many = await timed(n);
  }
  const repetitions = many < 100 ? 3 : 1;
  for (let i = 0; i < repetitions; i++) {
    one = Math.min(one, await timed(1));
    many = Math.min(many, await timed(n));
  }
  return Math.max(many - one, many / (2 * n)) / (n - 1);
}
