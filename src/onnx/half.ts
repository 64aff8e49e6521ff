// Numbers of single precision rounded to half, and back (IEEE 754, binary16).

import { TempogradError } from "../errors";

const infinite = 0x7c00;

/**
 * Their bits: the nearest half each, to even where two are as near.
 * @throws where one is too large for half precision.
 */
export function toHalf(name: string, values: Float32Array): Uint16Array {
  const halves = Uint16Array.from(new Uint32Array(values.slice().buffer), halfOf);
  const large = halves.findIndex((bits) => (bits & infinite) === infinite);
  if (large < 0) return halves;
  const got = `"${name}" has ${values[large]} at ${large}`;
  throw new TempogradError(
    "option",
    `toOnnx: ${got}, expected magnitudes up to 65504, as half precision has; leave weights at "float32".`,
  );
}

/** Their numbers, of their bits. */
export const fromHalf = (halves: Uint16Array): Float32Array => Float32Array.from(halves, singleOf);

function singleOf(half: number): number {
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0x1f) return fraction > 0 ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * 2 ** (Math.max(exponent, 1) - 25) * (exponent > 0 ? fraction + 0x400 : fraction);
}

/** Of the bits of a number in single precision. */
function halfOf(single: number): number {
  const sign = (single >>> 16) & 0x8000;
  const size = single & 0x7fffffff;
  if (size >= 0x47800000) return sign | infinite; // 65536
  // Below 2⁻¹⁴ a half counts in 2⁻²⁴: the bits are shifted, and those that fall out are rounded.
  const exponent = size >>> 23;
  const shift = exponent < 113 ? Math.min(126 - exponent, 25) : 13;
  const mantissa = exponent < 113 ? (size & 0x7fffff) | 0x800000 : size - (112 << 23);
  const down = mantissa >>> shift;
  const left = mantissa & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (down + (left > middle || (left === middle && down & 1) ? 1 : 0));
}
