// As without-webgpu.test.ts, with more cells, optimizers and tasks.
import { useGpu } from "../workbench";
import { sameOnBoth } from "./on-both";

sameOnBoth(useGpu(), [
  { task: "text", cell: "gru", optimizer: "adam", labelSmoothing: 0.1, rateSchedule: "warm-up", scheduleSteps: 10 },
  {
    ...{ task: "classify-names", cell: "elman", optimizer: "nesterov", learningRate: 0.05 },
    ...{ bidirectional: true, balanced: true },
  },
  { task: "adding", cell: "peephole-lstm", optimizer: "adamw", clipValue: 0.1 },
  { task: "parity", cell: "mingru", optimizer: "sgd", learningRate: 0.5, weightDecay: 0.01 },
  { task: "forecast", cell: "gru", optimizer: "momentum", reset: "before" },
  { task: "text", cell: "slstm", optimizer: "adam", carryState: true },
  { task: "dates", cell: "lstm", optimizer: "adamw", layers: 2, dropout: 0.2, labelSmoothing: 0.1 },
  { task: "dates", cell: "gru", optimizer: "momentum", learningRate: 0.1 },
  { task: "dates", cell: "minlstm", optimizer: "adam" },
  { task: "dates", cell: "slstm", optimizer: "rmsprop", learningRate: 0.001 },
]);
