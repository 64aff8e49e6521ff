// Losses of one value: the library's, and one of one's own.
import { binaryCrossEntropy, defineLoss, huber, meanAbsoluteError, softplus } from "../../src/index";

/** ln cosh(o − y), without overflow. */
const logCosh = defineLoss({
  name: "log-cosh",
  value: ({ o, y }) => softplus(o.minus(y).times(-2)).plus(o).minus(y).minus(Math.LN2),
});

export const losses = [huber(), huber({ delta: 0.25 }), meanAbsoluteError(), binaryCrossEntropy(), logCosh()];
