import { test } from "vitest";
import { adam } from "../../src/ops/adam";
import * as reference from "../../src/reference/adam";
import { adam as adamOptimizer, adamw } from "../../src/training/optimizers";
import { useGpu } from "../workbench";
import { expectUpdatesAgree } from "./updates";

const gpu = useGpu();

test.each([
  { decoupled: false, weightDecay: 0 },
  { decoupled: false, weightDecay: 0, beta1: 0.99999, beta2: 0.9999999 },
  { decoupled: false, weightDecay: 0, epsilon: 0 },
  { decoupled: false, weightDecay: 0, beta1: 0, beta2: 0 },
  { decoupled: false, weightDecay: 0.1 },
  { decoupled: true, weightDecay: 0.1 },
])("adam is the reference's with %o", async ({ decoupled, ...given }) => {
  const optimizer = (decoupled ? adamw : adamOptimizer)({ learningRate: 0.02, ...given });
  const options = { learningRate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...given, decoupled };
  await expectUpdatesAgree({
    gpu: gpu(),
    scalars: (step) => optimizer.scalars(0.02, step),
    state: ["mean", "meanSquare"],
    add: (bench, tensors, [mean, meanSquare]) =>
      adam(bench.plan, { ...tensors, mean: mean!, meanSquare: meanSquare! }, decoupled),
    reference: (parameter, gradient, step, [mean, meanSquare]) =>
      reference.adam(parameter, gradient, options, step, mean!, meanSquare!),
  });
});
