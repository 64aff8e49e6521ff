import { test } from "vitest";
import { rmsprop } from "../../src/ops/rmsprop";
import * as reference from "../../src/reference/rmsprop";
import { useGpu } from "../workbench";
import { expectUpdatesAgree } from "./updates";

const gpu = useGpu();

test.each([0, 0.1])("rmsprop is the reference's with weight decay %f", async (weightDecay) => {
  const options = { learningRate: 0.05, decay: 0.9, epsilon: 1e-4, weightDecay };
  await expectUpdatesAgree({
    gpu: gpu(),
    scalars: () => [0.05, weightDecay, 0.9, 1e-4],
    state: ["meanSquare"],
    add: (bench, tensors, [meanSquare]) => rmsprop(bench.plan, { ...tensors, meanSquare: meanSquare! }),
    reference: (parameter, gradient, _, [meanSquare]) => reference.rmsprop(parameter, gradient, options, meanSquare!),
  });
});
