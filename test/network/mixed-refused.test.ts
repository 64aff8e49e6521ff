// Mixed precision on a device whose shaders have no half precision.

import { expect, test } from "vitest";
import { Network, sgd, TempogradError, Trainer } from "../../src/index";
import { options, shape } from "../training/small";
import { useGpu } from "../workbench";

const gpu = useGpu();

test("is refused by name, of passes, trainers and what they would need, and nothing is left behind", async () => {
  Object.assign(gpu(), { traits: { ...gpu().traits, f16: false } });
  const network = await Network.create(gpu(), options);
  const before = gpu().live;
  const training = { ...shape, optimizer: sgd({ learningRate: 0.1 }), precision: "mixed" } as const;
  for (const asked of [
    () => network.pass({ ...shape, precision: "mixed" }),
    () => network.memoryOf({ ...shape, precision: "mixed" }),
    () => Trainer.create(network, training),
    () => Trainer.memoryOf(network, training),
  ]) {
    const error = await asked().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TempogradError);
    expect((error as TempogradError).code).toBe("option");
    expect((error as TempogradError).message).toContain(
      'precision is "mixed" on a device without the feature "shader-f16"',
    );
  }
  expect(gpu().live).toEqual(before);
  (await Trainer.create(network, { ...training, precision: "single" })).destroy();
});
