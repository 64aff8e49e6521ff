// The Elman cell: h = f(a), f = tanh or relu.

import elmanShader from "../../shaders/elman.wgsl?raw";
import type { Cell } from "./recurrence";

export type Activation = "tanh" | "relu";

export const elman = (activation: Activation): Cell => ({
  name: "elman",
  source: elmanShader,
  gates: 1,
  flags: { relu: activation === "relu" },
});
