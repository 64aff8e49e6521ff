// The mean absolute error: l = |o − y|.

import { abs } from "../expressions/functions";
import { defineLoss } from "./define-loss";

/** |o − y|, as torch.nn.L1Loss has it. Its derivative at o = y is 0. */
export const meanAbsoluteError = defineLoss({
  name: "mean-absolute-error",
  value: ({ o, y }) => abs(o.minus(y)),
});
