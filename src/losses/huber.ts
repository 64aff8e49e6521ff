// The Huber loss: a square near the target, a line far from it.

import { abs, select } from "../expressions/functions";
import { defineLoss } from "./define-loss";

/** (o − y)² / 2 where |o − y| < δ, else δ·(|o − y| − δ/2), as torch.nn.HuberLoss has it. Options: `delta`, default 1. */
export const huber = defineLoss({
  name: "huber",
  options: { delta: 1 },
  value({ o, y }, { delta }) {
    const error = abs(o.minus(y));
    const line = delta.times(error.minus(delta.times(0.5)));
    return select(line, error.times(error).times(0.5), error.minus(delta));
  },
});
