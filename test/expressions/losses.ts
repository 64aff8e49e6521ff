// Losses as formulas.

import { abs, exp, log, select, sigmoid, softplus } from "../../src/expressions/functions";
import { traceLoss } from "../../src/expressions/loss";

export const huber = traceLoss({
  name: "huber",
  options: { delta: 1 },
  value({ o, y }, { delta }) {
    const error = abs(o.minus(y));
    return select(delta.times(error.minus(delta.times(0.5))), error.times(error).times(0.5), error.minus(delta));
  },
});

export const losses = [
  huber,
  traceLoss({ name: "squares", value: ({ o, y }) => o.minus(y).times(o.minus(y)) }),
  traceLoss({ name: "binary-cross-entropy", value: ({ o, y }) => softplus(o).minus(o.times(y)) }),
  traceLoss({ name: "log-cosh", value: ({ o, y }) => softplus(o.minus(y).times(-2)).plus(o).minus(y).minus(Math.LN2) }),
  traceLoss({
    name: "focal",
    options: { gamma: 2, alpha: 0.25 },
    value({ o, y }, { gamma, alpha }) {
      const p = sigmoid(o);
      const wrong = p.minus(y);
      const power = exp(gamma.times(log(abs(wrong))));
      return alpha.times(power).times(softplus(o).minus(o.times(y)));
    },
  }),
];
