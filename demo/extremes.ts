// The largest and the smallest of numbers, however many: Math.max takes an argument for each, and of a hundred thousand
// or so overflows the stack.

export const maximum = (values: Iterable<number>): number => folded(values, Number.NEGATIVE_INFINITY, Math.max);

export const minimum = (values: Iterable<number>): number => folded(values, Number.POSITIVE_INFINITY, Math.min);

function folded(values: Iterable<number>, start: number, choose: (a: number, b: number) => number): number {
  let chosen = start;
  for (const value of values) chosen = choose(chosen, value);
  return chosen;
}
