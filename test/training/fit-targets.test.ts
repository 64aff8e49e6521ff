// A fit of sequences that are to be said: what is learned and measured is each behind its source, one at a time in the reference.

import { expect, test } from "vitest";
import {
  batchesOnce,
  embedding,
  evaluate,
  everyStep,
  features,
  fit as fitted, // the linter takes a call of fit for a focused test
  gru,
  lstm,
  Network,
  type ReferenceParameters,
  referenceForward,
  sgd,
  shuffledBatches,
  splitItems,
  type TargetSequence,
  Trainer,
} from "../../src/index";
import { integers, numbers } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const start = 6;
const create = (input = embedding(5, 3)) =>
  Network.create(gpu(), {
    ...{ encoder: { input, layers: [lstm(7)] }, input: embedding(7, 4), layers: [lstm(7)], readout: everyStep(6) },
    seed: 3,
  });

/** Of sources of several lengths, of tokens or of two features a step. */
const sequences = (count: number, ofFeatures = false): TargetSequence[] =>
  Array.from({ length: count }, (_, i) => {
    const steps = 1 + ((3 * i) % 5);
    return {
      source: ofFeatures ? numbers(2 * steps, i + 1) : integers(steps, i + 1, 0, 4),
      prompt: [start],
      target: integers(1 + ((2 * i) % 4), i + 50, 0, 5),
    };
  });

const referenceOf = async (network: Network): Promise<ReferenceParameters> =>
  Object.fromEntries([...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]));

const weightsOf = async (network: Network) => [...(await network.read()).values()].map(({ data }) => [...data]);

test("it trains as a trainer does with the batches of those sequences, to the bit, and holds a share out", async () => {
  const all = sequences(30);
  const [one, other] = [await create(), await create()];
  const optimizer = sgd({ learningRate: 0.5 });
  const { history } = await fitted(one, all, { optimizer, epochs: 1, batch: 8, validation: 0.2, seed: 7 });
  const { training, heldOut } = splitItems(all, 0.2, 7);
  const size = { steps: 4, sourceSteps: 5, batch: 8 };
  const trainer = await Trainer.create(other, { ...size, optimizer });
  for await (const _ of trainer.train(shuffledBatches(training, { ...size, seed: 7 }), { steps: 3 }));
  expect(await weightsOf(one)).toEqual(await weightsOf(other));
  const measured = await evaluate(other, size, batchesOnce(heldOut, size));
  expect(history).toMatchObject([{ update: 3, validation: measured }]);
  trainer.destroy();
  for (const network of [one, other]) network.destroy();
});

test.each([
  ["tokens", false],
  ["features", true],
])("the loss of sources of %s is that of each alone", async (_, ofFeatures) => {
  const network = await create(ofFeatures ? features(2) : undefined);
  const all = sequences(11, ofFeatures);
  const parameters = await referenceOf(network);
  const { history } = await fitted(network, all, {
    ...{ optimizer: sgd({ learningRate: 0 }), epochs: 1, batch: 4, validation: all },
  });
  let [loss, count] = [0, 0];
  for (const { source = new Int32Array(), prompt, target } of all) {
    const inputs = Int32Array.of(prompt[0]!, ...target.subarray(0, -1));
    const steps = target.length;
    const sourceSteps = source.length / (ofFeatures ? 2 : 1);
    const alone = { steps, batch: 1, inputs, targets: target, source, sourceSteps };
    loss += steps * referenceForward(network.config, parameters, alone).loss;
    count += steps;
  }
  expect(history[0]!.validation).toMatchObject({ count });
  expect(history[0]!.validation!.loss).toBeCloseTo(loss / count, 5);
  expect(history[0]!.validation!.accuracy).toBeGreaterThanOrEqual(0);
  network.destroy();
});

test("without an encoder there is no source: each is learned behind its prompt alone", async () => {
  const network = await Network.create(gpu(), { input: embedding(7, 4), layers: [gru(3)], readout: everyStep(6) });
  const parameters = await referenceOf(network);
  const ask = { optimizer: sgd({ learningRate: 0 }), epochs: 1, batch: 4 };
  await expect(fitted(network, sequences(3), ask)).rejects.toThrow(
    "fit: data have a source, and the network has no encoder",
  );
  const all = sequences(5).map(({ target }, i) => ({ prompt: i % 2 ? [start] : [start, 2, 1], target }));
  const { history } = await fitted(network, all, { ...ask, validation: all });
  let [loss, count] = [0, 0];
  for (const { prompt, target } of all) {
    const inputs = Int32Array.of(...prompt, ...target.subarray(0, -1));
    const targets = Int32Array.of(...prompt.slice(1).fill(-1), ...target);
    const run = referenceForward(network.config, parameters, { steps: inputs.length, batch: 1, inputs, targets });
    loss += target.length * run.loss;
    count += target.length;
  }
  expect(history[0]!.validation!.loss).toBeCloseTo(loss / count, 5);
  network.destroy();
});

test("with an encoder there is a source", async () => {
  const network = await create();
  const all = sequences(3).map(({ prompt, target }) => ({ prompt, target }));
  const fitting = fitted(network, all, { optimizer: sgd({ learningRate: 0.1 }), epochs: 1 });
  await expect(fitting).rejects.toThrow("fit: data have no source, and the network has an encoder");
  network.destroy();
});
