import { expect, test } from "vitest";
import { sgd } from "../../src/ops/sgd";
import * as reference from "../../src/reference/sgd";
import { useGpu, Workbench } from "../workbench";
import { expectUpdatesAgree } from "./updates";

const gpu = useGpu();

test.each([
  { momentum: 0, nesterov: false, weightDecay: 0 },
  { momentum: 0, nesterov: false, weightDecay: 0.1 },
  { momentum: 0.9, nesterov: false, weightDecay: 0.1 },
  { momentum: 0.9, nesterov: true, weightDecay: 0 },
])("sgd is the reference's with %o", async ({ momentum, nesterov, weightDecay }) => {
  await expectUpdatesAgree({
    gpu: gpu(),
    scalars: () => ({ learningRate: 0.25, weightDecay, momentum }),
    state: momentum > 0 ? ["velocity"] : [],
    add: (bench, tensors, [velocity]) => sgd(bench.plan, { ...tensors, velocity, nesterov }),
    reference: (parameter, gradient, _, [velocity]) =>
      reference.sgd(parameter, gradient, { learningRate: 0.25, momentum, nesterov, weightDecay }, velocity),
  });
});

test("A gradient of another shape is refused by name", () => {
  const bench = new Workbench(gpu());
  const update = bench.tensor("update", [8]);
  const add = () =>
    sgd(bench.plan, { update, gradient: bench.tensor("g", [2, 3]), parameter: bench.tensor("p", [3, 2]) });
  expect(add).toThrow('sgd: "g" has shape [2, 3], expected the parameter\'s shape = [3, 2]');
  bench.destroy();
});
