import { expect, test } from "vitest";
import { adam, evaluate, Network, Trainer, traceGradients } from "../../src/index";
import { integers, rowWeightsOf } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

test("whatever takes a batch's size takes all of it: weights of rows count the same everywhere", async () => {
  const [steps, batch] = [5, 3];
  const shape = { steps, batch, weights: true };
  const data = {
    inputs: integers(steps * batch, 1, 0, 6),
    targets: integers(steps * batch, 2, 0, 6),
    weights: rowWeightsOf(steps * batch, 3),
  };
  const network = await Network.create(gpu(), {
    ...{ cell: "gru", inputs: 7, hidden: 6, outputs: 7, input: "tokens", readout: "every-step" },
  });
  const { loss } = await evaluate(network, shape, [data]);
  expect((await traceGradients(network, shape, data)).loss).toBeCloseTo(loss, 6);
  const trainer = await Trainer.create(network, { ...shape, optimizer: adam({ learningRate: 0.01 }) });
  const { value } = await trainer.train([data]).next();
  expect(value!.loss).toBeCloseTo(loss, 6);
  const { weights: _, ...unweighted } = data;
  expect(Math.abs((await evaluate(network, shape, [unweighted])).loss - loss)).toBeGreaterThan(1e-4);
  trainer.destroy();
  network.destroy();
});
