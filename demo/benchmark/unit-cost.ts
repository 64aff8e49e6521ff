// What one of many equal things takes, free of what a timing costs by itself.

/** Does `n` things and answers how long they took together, in milliseconds. */
export type Timed = (n: number) => Promise<number>;

/**
 * How long a timing must be at least, in milliseconds: well above the timer's steps and, where it is known, a wait for the
 * GPU, which some browsers look after ten times a second only.
 */
export const longEnough = (waitMs = 0): number => Math.max(20, Math.min(1000, 8 * waitMs));

/**
 * Takes more and more until the best of several timings is long enough, less the best of as many of one thing alone:
 * noise only ever adds.
 * @param most the largest `n`
 * @returns milliseconds for one
 * @throws where even the most take no time: a timer of long steps tells nothing.
 */
export async function unitCost(timed: Timed, most = 1 << 16): Promise<number> {
  await timed(1); // warm
  let one = await timed(1);
  const least = longEnough(one);
  const repetitions = one < 30 ? 3 : 1;
  let n = 2;
  while (true) {
    let many = await timed(n);
    for (let i = 0; i < repetitions && many >= least; i++) {
      one = Math.min(one, await timed(1));
      many = Math.min(many, await timed(n));
    }
    if (many >= least || (n >= most && many > 0)) return Math.max(many - one, many / (2 * n)) / (n - 1);
    if (n >= most) throw new Error(`the timer stands still while ${n} are done: nothing can be measured here`);
    const missing = least / Math.max(many - one, 0);
    n = Math.min(most, Math.ceil(n * Math.min(8, Math.max(1.5, missing))));
  }
}
