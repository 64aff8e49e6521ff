// Derivatives by central differences.

/** By each of `values`: the derivative of `loss`, which reads them. */
export function differences(
  loss: (values: readonly number[]) => number,
  values: readonly number[],
  step = 1e-5,
): number[] {
  const moved = (index: number, by: number) => loss(values.map((value, i) => (i === index ? value + by : value)));
  return values.map((_, index) => (moved(index, step) - moved(index, -step)) / (2 * step));
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, index) => sum + value * b[index]!, 0);
