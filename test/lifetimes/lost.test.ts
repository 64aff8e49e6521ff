// On a device that is lost nothing is answered: every public operation.

import { describe, expect, test } from "vitest";
import { TempogradError } from "../../src/index";
import { expectRefused, needGpu, thrownBy } from "./operations";
import { world } from "./world";

describe("a device that is lost", () => {
  const lost =
    /^[A-Za-z]+(\.[a-zA-Z]+)?: the device was lost \(.+\); open the GPU again and go on from what was saved\.$/;

  test("is told by every operation, the first time and ever after", async () => {
    const all = await world();
    const told = all.gpu.lost;
    all.gpu.device.destroy();
    expect((await told).message).toMatch(lost);
    expect((await told).code).toBe("device-lost");
    await expectRefused(needGpu, all, "device-lost", lost);
    all.close();
  });

  // At the same moment no one knows yet; what waits for the device finds out, and what does not is found out next.
  const waiting = ["Network.read", "Network.create", "Network.prepare", "Network.pass", "Trainer", "Pass.readStates"];
  const more = [
    "Trainer.train",
    "Trainer.gradientNorm",
    "Trainer.snapshot",
    "Trainer.forward",
    "Trainer.backward",
    "saveNetwork",
    "saveCheckpoint",
    "evaluate",
  ];
  test.each([...waiting, ...more, "generate", "traceGradients", "readTensors"])(
    "is told by %s, called in the moment of the loss",
    async (name) => {
      const all = await world();
      const use = needGpu.find(([other]) => other === name)![1];
      all.gpu.device.destroy();
      const thrown = await thrownBy(use, all);
      expect(thrown).toBeInstanceOf(TempogradError);
      expect(thrown).toMatchObject({ code: "device-lost" });
      expect((thrown as Error).message).toMatch(lost);
      all.close();
    },
  );
});
