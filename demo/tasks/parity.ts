// Parity, the smallest state to track: of a stream of ±1, the product so far, at every step.

import type { ReadTask, TaskDescription } from "./task";

export const parity: TaskDescription = {
  label: "Parity: odd or even many −1s",
  help:
    "parity: of a stream of ±1, the product so far, at every step; held out are streams five times as long. A nonlinear " +
    "recurrence learns it; a gate that never changes sign stays at 50%",
  about:
    "One bit to remember, which each −1 turns over. What is held out is five times as long as what it learns from. A " +
    "nonlinear recurrence can count parity: Elman, GRU and LSTM compute the next state from h·U. A gate that never " +
    "changes sign cannot: a minGRU multiplies its state by a number from 0 to 1, which forgets but never turns over, " +
    "and stays at 50% (Merrill et al. 2024; Grazzi et al. 2025).",
  answer: "parity",
  own: false,
  // Orthogonal matrices keep what is long past as loud as the state: some seeds never get to count then.
  usual: { hidden: 64, batch: 64, steps: 40, learningRate: 0.005, recurrentInitializer: "glorot" },
  oneRate: true,
  updates: 1500,
};

export const readSigns: ReadTask = async () => (await import("./parity-problem")).parityProblem;
