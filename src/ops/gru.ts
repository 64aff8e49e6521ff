// The GRU cell: gates r z n, the reset gate after the recurrent product of n (as PyTorch has it) or before it.

import gruShader from "../../shaders/gru.wgsl?raw";
import type { Cell } from "./recurrence";

export type Reset = "after" | "before";

export const gru = (reset: Reset): Cell => ({
  name: "gru",
  source: gruShader,
  gates: 3,
  flags: {},
  candidate: reset === "after" ? "apart" : "second",
});
