// The loss's scale.

import type { Numbers } from "./matmul";

/** The gradients without the scale. */
export const takeScaleBack = (gradient: Numbers, scale: number): Float64Array =>
  Float64Array.from(gradient, (value) => value / scale);

export interface LossScaling {
  scale: number;
  /** Since it last changed. */
  steps: number;
}

/** What a training step ended with. */
interface Ended {
  step: number;
  loss: number;
  /** The step that is not finite, else 0. */
  notFinite: number;
}

/** The scale after a step, and what is then noted of it. */
export function adaptScale(
  { scale, steps }: LossScaling,
  { step, loss, notFinite }: Ended,
  { interval, least, most }: { interval: number; least: number; most: number },
): LossScaling & { notFinite: number; overflowed: number } {
  if (notFinite === 0) {
    const doubles = steps + 1 >= interval;
    return {
      scale: doubles ? Math.min(2 * scale, most) : scale,
      ...{ steps: doubles ? 0 : steps + 1, notFinite, overflowed: 0 },
    };
  }
  const forScale = notFinite === step && Number.isFinite(loss) && scale > least;
  return forScale
    ? { scale: scale / 2, steps: 0, notFinite: 0, overflowed: step }
    : { scale, steps, notFinite, overflowed: 0 };
}
