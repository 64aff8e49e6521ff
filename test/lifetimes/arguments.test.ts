// What has to do with a device refuses what it cannot be given, in words of its own: a promise that was not awaited, nothing, a
// number in the place of options.
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  evaluate,
  fit as fitted, // the linter takes a call of fit for a focused test
  type GenerateOptions,
  generate,
  Network,
  openGpu,
  planTable,
  readTensors,
  saveCheckpoint,
  saveNetwork,
  sgd,
  TempogradError,
  Trainer,
  timePlan,
  traceGradients,
} from "../../src/index";
import { batch, options, shape, type World, world } from "./world";

let all: World;
beforeAll(async () => {
  all = await world();
});
afterAll(() => all.close());

const learning = { ...shape, optimizer: sgd({ learningRate: 0.1 }) };
const trained = async (trainer: Trainer, options: object) => {
  for await (const _ of trainer.train([batch, batch], options));
};

/** Each with arguments that are right. */
// biome-ignore lint/suspicious/noExplicitAny: what they are given is of any type.
type Operation = [says: string, call: (...given: any[]) => unknown, right: () => unknown[]];
const operations: Operation[] = [
  ["openGpu", openGpu, () => [{ device: all.gpu.device }]],
  ["planTable", planTable, () => [all.pass.program]],
  ["timePlan", (program) => timePlan(program, 1), () => [all.program]],
  ["readTensors", readTensors, () => [all.gpu, [all.network.parameters.tensors.outputBias]]],
  ["Network", Network.create, () => [all.gpu, options]],
  ["Network.pass|Network.create|Pass", (sizes) => all.network.pass(sizes), () => [shape]],
  ["Network.prepare", (sizes) => all.network.prepare(sizes), () => [shape]],
  ["Network.predictor", (sizes) => all.network.predictor(sizes), () => [shape]],
  ["Network.memoryOf|Pass", (sizes) => all.network.memoryOf(sizes), () => [shape]],
  ["Network.write", (values) => all.network.write(values), () => [all.saved.parameters]],
  ["Trainer.create|Trainer", Trainer.create, () => [all.network, learning]],
  ["Trainer.memoryOf|Trainer", Trainer.memoryOf, () => [all.network, learning]],
  ["Trainer.train", (how) => trained(all.trainer, how), () => [{ steps: 2 }]],
  ["Trainer.restore", (saved) => all.trainer.restore(saved), () => [all.saved]],
  ["saveCheckpoint", saveCheckpoint, () => [all.trainer]],
  ["saveNetwork", saveNetwork, () => [all.network]],
  ["evaluate|Pass", evaluate, () => [all.network, shape, [batch], {}]],
  ["traceGradients|Pass", traceGradients, () => [all.network, shape, batch, {}]],
  ["generate", generate, () => [all.network, { prompt: [1], length: 2 } satisfies GenerateOptions]],
  ["fit|Trainer", fitted, () => [all.network, [batch], { ...learning, updates: 1 }]],
];
const wrong: [string, () => unknown][] = [
  ["null", () => null],
  ["5", () => 5],
  ["a text", () => "text"],
  ["a list", () => [1]],
  ["another thing", () => all.predictor],
  ["what is not awaited", () => Promise.resolve({})],
];

test.each(operations)("%s", async (says, call, right) => {
  await call(...right());
  for (const at of right().keys()) {
    for (const [what, value] of wrong) {
      const given = right().map((one, i) => (i === at ? value() : one));
      if (says === "evaluate|Pass" && at === 2 && what === "a list") continue; // of batches: of what is in them
      const error = await Promise.resolve()
        .then(() => call(...given))
        .then(
          () => undefined,
          (thrown: Error) => thrown,
        );
      if (what === "what is not awaited" && !error) continue; // no option is given, and none is needed
      expect(error, `argument ${at}, ${what}: ${error?.stack}`).toBeInstanceOf(TempogradError);
      expect(error?.message).toMatch(new RegExp(`^(${says})\\b`));
    }
  }
});
