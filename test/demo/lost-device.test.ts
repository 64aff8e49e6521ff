// What the pages say and do where the browser's GPU process dies in mid-training: they go on, and name each step that is lost.
// Pauses meanwhile, and losses one after another: lost-device-long.test.ts.

import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { readCheckpoint } from "../../src/index";
import { visitAlone } from "../visit";
import { crashUnread, readLate } from "./lose-device";
import { onPage, ready, untilStep } from "./on-train-page";
import { crashGpu, downloaded, isSeen, press, textOf, until } from "./page";

const onTrainPage = (work: (page: Page) => Promise<void>) => onPage(work, undefined, visitAlone);

describe("the training page", () => {
  test("goes on from its latest checkpoint where the device is lost in mid-training, says so, and saves it where it is lost again", () =>
    onTrainPage(async (page) => {
      await ready(page);
      await press(page, "run");
      await until(page, "saved", /^Kept in this browser at step [1-9]/);
      const kept = Number(/step ([\d,]+)/.exec(await textOf(page, "saved"))![1]!.replaceAll(",", ""));
      await crashGpu(page);
      await until(page, "device", /^The graphics device was lost at step/);
      await until(page, "device", /is there again: going on from the checkpoint at step/);
      const from = Number(/checkpoint at step ([\d,]+)/.exec(await textOf(page, "device"))![1]!.replaceAll(",", ""));
      expect(from).toBeGreaterThanOrEqual(kept);
      await untilStep(page, from + 50);
      expect(await textOf(page, "status")).toBe("Training.");
      expect(await isSeen(page, "failure")).toBe(false);
      await crashGpu(page);
      const { name, bytes } = await downloaded(page, "save");
      const { trainer } = await readCheckpoint(new Uint8Array(bytes));
      expect(trainer!.step).toBeGreaterThanOrEqual(from);
      expect(name).toBe(`tempograd-elman-step-${trainer!.step}.safetensors`);
    }));
});

test("the home page says which steps went with a device that was lost", () =>
  visitAlone("", async (page) => {
    await press(page, "run");
    await until(page, "status", /step [1-9]/);
    await readLate(page);
    await until(page, "status", /step [1-9]\d/);
    await crashUnread(page);
    await until(page, "status", /^The graphics device was lost; waiting for it…$/);
    await until(
      page,
      "status",
      /^Training: step [\d,]+, loss .* The graphics device was lost meanwhile, and [1-9][\d,]* steps? with it\.$/,
    );
    await press(page, "run");
    await until(page, "status", /^Paused: .* and [1-9][\d,]* steps? with it\.$/);
  }));
