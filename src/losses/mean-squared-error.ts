// The squared error, written by hand, as networks have it by name.

import type { PlainLoss } from "./loss";

/** (o − y)², as torch.nn.MSELoss has it. */
export const meanSquaredError = (): PlainLoss => ({
  name: "mean-squared-error",
  targets: "values",
  options: {},
  period: 1,
  source: `struct LossAt { value: vec4f, derivative: vec4f }
fn lossAt(o: vec4f, y: vec4f, column: u32) -> LossAt {
  let difference = o - y;
  return LossAt(difference * difference, 2.0 * difference);
}
`,
  reference(o, y) {
    const difference = o - y;
    return { value: difference * difference, derivative: 2 * difference };
  },
  toJSON: () => "mean-squared-error",
});
