// What one of many equal things takes, free of what a timing costs by itself.

/** Does `n` things and answers how long they took together, in milliseconds. */
export type Timed = (n: number) => Promise<number>;

/** Long beside the timer's steps and a wait for the GPU. */
const leastMilliseconds = 20;
const repetitions = 5;

/**
 * Doubles `n` until a timing is long enough, takes the best of several, less the best of as many of one thing alone:
 * noise only ever adds.
 * @param most the largest `n`
 * @returns milliseconds for one
 */
export async function unitCost(timed: Timed, most = 1 << 14): Promise<number> {
  await timed(1); // warm
  let n = 2;
  while (n < most && (await timed(n)) < leastMilliseconds) n *= 2;
  let one = Number.POSITIVE_INFINITY;
  let many = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repetitions; i++) {
    one = Math.min(one, await timed(1));
    many = Math.min(many, await timed(n));
  }
  return Math.max(many - one, many / (2 * n)) / (n - 1);
}
