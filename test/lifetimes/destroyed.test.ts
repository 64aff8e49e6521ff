// What is destroyed, or lives on what is, answers nothing: every public operation.

import { describe, expect, test } from "vitest";
import { Network, openGpu } from "../../src/index";
import {
  destroyed,
  expectRefused,
  needGpu,
  needNetwork,
  ofLibrary,
  ofPass,
  ofPredictor,
  ofProgram,
  ofTrainer,
  thrownBy,
  usesOf,
} from "./operations";
import { destroy, options, world } from "./world";

test("every operation answers while all it needs is there", async () => {
  const all = await world();
  for (const [name, use] of needGpu) expect([name, await thrownBy(use, all)]).toEqual([name, undefined]);
  all.close();
});

describe("what is destroyed refuses, by name,", () => {
  test("each operation that needs a network that was destroyed", async () => {
    const all = await world();
    destroy(all, "network");
    await expectRefused(needNetwork, all, "destroyed", destroyed("network"));
    all.close();
  });

  test("each operation of a pass and its program", async () => {
    const all = await world();
    destroy(all, "pass");
    const uses = [...usesOf(ofPass, "Pass."), ...usesOf(ofProgram, "Program.")];
    await expectRefused(uses, all, "destroyed", destroyed("pass"));
    all.close();
  });

  test("each operation of a predictor", async () => {
    const all = await world();
    all.predictor.destroy();
    await expectRefused(usesOf(ofPredictor, "Predictor."), all, "destroyed", destroyed("predictor"));
    all.close();
  });

  test("each operation of a trainer, and of its pass", async () => {
    const all = await world();
    destroy(all, "trainer");
    const uses = usesOf(ofTrainer, "Trainer.");
    uses.push(["saveCheckpoint", ofLibrary.saveCheckpoint as never], ["its pass", ({ trainer }) => trainer.pass.run()]);
    await expectRefused(uses, all, "destroyed", destroyed("trainer"));
    all.close();
  });

  test.each([true, false])("each operation on a GPU that was destroyed, its device its own: %s", async (owned) => {
    const all = await world();
    const { gpu } = all;
    if (owned) gpu.destroy();
    else {
      const shared = await openGpu({ device: gpu.device });
      const network = await Network.create(shared, options);
      const before = gpu.device.lost;
      shared.destroy();
      expect(shared.live).toEqual({ buffers: 0, bytes: 0 });
      await expect(network.read()).rejects.toThrow("Network.read: the GPU was destroyed; open another.");
      expect((await shared.lost).message).toBe("Gpu: the GPU was destroyed; open another.");
      expect((await all.network.read()).size).toBe(5); // the device goes on
      expect(before).toBe(gpu.device.lost);
      all.close();
      return;
    }
    await expectRefused(needGpu, all, "destroyed", destroyed("GPU"));
    expect((await gpu.lost).code).toBe("destroyed");
    all.close();
  });
});
