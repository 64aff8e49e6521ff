// The independently recurrent network (Li, Li, Cook, Zhu and Gao 2018, "Independently Recurrent Neural Network", eq. 2).

import { relu } from "../expressions/functions";
import { type DefinedCell, defineCell } from "./define-cell";

/** h = relu(x·W + u ⊙ h₋₁ + b): each unit meets its own past alone, by one number. */
export const indrnn: DefinedCell = /* @__PURE__ */ defineCell({
  name: "indrnn",
  gates: ["a"],
  states: ["h"],
  recurrent: "unit",
  step: ({ a }) => ({ h: relu(a) }),
});
