// What inverted dropout multiplies with.

import { philox } from "./philox";

export interface DropoutMask {
  rows: number;
  /** Directions side by side, each `width` wide. */
  parts: number;
  width: number;
  /** p, from 0 to below 1 */
  rate: number;
  seed: number;
  layer: number;
  /** The training step */
  step: number;
}

/**
 * m [rows, parts · width]: 0 with probability p, else 1 / (1 − p) in float32. The element in place i of memory, where
 * each part's width is rounded up to a multiple of four, takes word i mod 4 of the counter i / 4.
 */
export function dropoutMask({ rows, parts, width, rate, seed, layer, step }: DropoutMask): Float64Array {
  const stored = Math.ceil(width / 4) * 4;
  const threshold = Math.floor(rate * 2 ** 32);
  const scale = Math.fround(1 / (1 - rate));
  const mask = new Float64Array(rows * parts * width);
  for (let part = 0; part < rows * parts; part++) {
    for (let column = 0; column < width; column += 4) {
      const words = philox([(part * stored + column) / 4, step, layer, 0], [seed, 1]);
      for (let lane = 0; lane < Math.min(4, width - column); lane++) {
        mask[part * width + column + lane] = words[lane]! >= threshold ? scale : 0;
      }
    }
  }
  return mask;
}
