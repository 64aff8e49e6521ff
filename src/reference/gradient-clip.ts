// Clipping of gradients, by their common norm or by value.

/** g ← g · min(1, limit / (‖g‖ + 1e-6)), ‖g‖ over all gradients together. In place. */
export function clipNorm(gradients: readonly Float64Array[], limit: number): void {
  let squares = 0;
  for (const gradient of gradients) for (const g of gradient) squares += g * g;
  const scale = Math.min(1, limit / (Math.sqrt(squares) + 1e-6));
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) gradient[i]! *= scale;
}

/** g ← min(max(g, −limit), limit). In place. */
export function clipValue(gradients: readonly Float64Array[], limit: number): void {
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) gradient[i] = Math.min(Math.max(gradient[i]!, -limit), limit);
  }
}
