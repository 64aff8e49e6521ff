import { test } from "vitest";
import { rmsprop } from "../../src/ops/rmsprop";
import * as reference from "../../src/reference/rmsprop";
import { rmsprop as rmspropOptimizer } from "../../src/training/optimizers";
import { useGpu } from "../workbench";
import { expectUpdatesAgree } from "./updates";

const gpu = useGpu();

test.each([
  { weightDecay: 0 },
  { weightDecay: 0.1 },
  { weightDecay: 0, decay: 0.999999 },
  { weightDecay: 0, epsilon: 0 },
  { weightDecay: 0, decay: 0 },
])("rmsprop is the reference's with %o", async (given) => {
  const options = { learningRate: 0.05, decay: 0.9, epsilon: 1e-4, ...given };
  const optimizer = rmspropOptimizer(options);
  await expectUpdatesAgree({
    gpu: gpu(),
    scalars: (step) => optimizer.scalars(0.05, step),
    state: ["meanSquare"],
    add: (bench, tensors, [meanSquare]) => rmsprop(bench.plan, { ...tensors, meanSquare: meanSquare! }),
    reference: (parameter, gradient, _, [meanSquare]) => reference.rmsprop(parameter, gradient, options, meanSquare!),
  });
});
