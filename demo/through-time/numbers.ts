// What the pictures take from an unrolled network: a common scale of decades, shares of blame, one norm for all layers.

import { maximum, minimum } from "../extremes";
import type { Unrolled } from "./unroll";

const leastDecades = 3;

/** A logarithmic scale over whole decades, from 10^bottom to 10^top. */
export class DecadeScale {
  readonly bottom: number;
  readonly top: number;

  /** Around all values that are not zero; with more decades than `most`, the smallest values lie at the bottom. */
  constructor(values: readonly number[], most = Number.POSITIVE_INFINITY) {
    const logarithms = values.filter((value) => value > 0 && value < Number.POSITIVE_INFINITY).map(Math.log10);
    this.top = logarithms.length > 0 ? Math.ceil(maximum(logarithms)) : 0;
    const least = Math.floor(Math.min(this.top - leastDecades, minimum(logarithms)));
    this.bottom = Math.max(this.top - most, least);
  }

  get decades(): number[] {
    return Array.from({ length: this.top - this.bottom + 1 }, (_, i) => this.bottom + i);
  }

  /** From 0 at the bottom to 1 at the top; what is no number is at the bottom. */
  at(value: number): number {
    return Math.min(1, Math.max(0, (Math.log10(value) - this.bottom) / (this.top - this.bottom) || 0));
  }
}

/** The largest absolute value; what is no finite number does not count. */
export const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => (Math.abs(value) > most && Number.isFinite(value) ? Math.abs(value) : most), 0);

/** Whether all of its gradients are numbers: none exploded. */
export const isWhole = ({ rows, inputGradient }: Unrolled): boolean =>
  [inputGradient, ...rows.map(({ gradient }) => gradient)].every((values) => values.every(Number.isFinite));

/** ‖dL/dh_t‖ [T + 1] over the states of all layers and directions. */
export const hiddenGradient = ({ rows }: Unrolled): number[] =>
  Array.from(rows[0]!.gradient, (_, t) => Math.hypot(...rows.map(({ gradient }) => gradient[t]!)));

/** Each step's share of Σ ‖dL/dx_t‖ [T]; zero where there is none, or where it exploded. */
export function blame({ inputGradient }: Unrolled): number[] {
  const sum = inputGradient.reduce((sum, value) => sum + value, 0);
  return Array.from(inputGradient, (value) => (sum > 0 && sum < Number.POSITIVE_INFINITY ? value / sum : 0));
}

/** The steps that are blamed most, in order, and their shares. */
export const mostBlamed = (unrolled: Unrolled) =>
  blame(unrolled)
    .map((share, step) => ({ share, step }))
    .filter(({ share }) => share >= 0.01)
    .sort((a, b) => b.share - a.share)
    .slice(0, 3);
