// Losses of one value: the library's, and one of one's own.
import { binaryCrossEntropy, defineLoss, huber, meanAbsoluteError, quantile, softplus } from "../../src/index";

/** ln cosh(o − y), without overflow. */
const logCosh = defineLoss({
  name: "log-cosh",
  value: ({ o, y }) => softplus(o.minus(y).times(-2)).plus(o).minus(y).minus(Math.LN2),
});

export const losses = [
  huber(),
  huber({ delta: 0.25 }),
  meanAbsoluteError(),
  binaryCrossEntropy(),
  logCosh(),
  quantile([0.05, 0.1, 0.5, 0.9, 0.95]),
];
