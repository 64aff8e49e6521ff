// What the pages say and do where the browser's GPU process dies in mid-training: they go on, and name each step that is lost.

import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { readCheckpoint } from "../../src/index";
import { visitAlone } from "../visit";
import { count, onPage, ready, untilStep } from "./on-train-page";
import { button, crashGpu, downloaded, isSeen, numberOf, press, textOf, until } from "./page";

/** Has what a page's worker reads of its network come late, from the next training step on until the device is lost. */
async function readLate(page: Page): Promise<void> {
  const [worker] = page.workers();
  await worker!.evaluate(() => {
    const { mapAsync } = GPUBuffer.prototype;
    let trains = false;
    const lost = new Promise<void>((resolve) => {
      Object.assign(self, { readAgain: resolve });
    });
    GPUBuffer.prototype.mapAsync = async function (...given) {
      trains ||= this.label === "losses";
      const late = new Promise((resolve) => setTimeout(resolve, 2000));
      if (trains && this.label === "readback") await Promise.race([late, lost]);
      return mapAsync.apply(this, given);
    };
  });
}

/** As `crashGpu`, of a page that reads late. */
async function crashUnread(page: Page): Promise<void> {
  await crashGpu(page);
  const [worker] = page.workers();
  await worker!.evaluate("readAgain()");
}

const numberIn = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1]?.replaceAll(",", "") ?? Number.NaN);

/** Pauses, has the device lost before a checkpoint is read, and answers the step that was reached. */
async function lostAfterPause(page: Page): Promise<number> {
  await press(page, "run");
  await until(page, "status", /^Pausing/);
  await crashUnread(page);
  await until(page, "device", /^The graphics device was lost at step [1-9]/);
  const reached = numberIn(await textOf(page, "device"), /at step ([\d,]+)/);
  await until(page, "device", /is there again/);
  await button(page, "run");
  return reached;
}

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

  test("keeps its head where the device is lost again and again, and where it is paused meanwhile", () =>
    onTrainPage(async (page) => {
      await ready(page);
      await press(page, "run");
      await until(page, "saved", /^Kept in this browser at step [1-9]/);
      await crashGpu(page);
      await until(page, "device", /^The graphics device was lost at step/);
      await press(page, "run");
      await until(page, "status", /^Paused after/);
      await until(page, "device", /is there again/);
      const paused = await numberOf(page, "step");
      expect(await textOf(page, "device")).toContain(`as it was at the checkpoint at step ${count(paused)}`);
      await press(page, "single-step");
      await until(page, "status", new RegExp(`^Paused after ${count(paused + 1)} steps`));
      // Browsers may keep a page off the device after its second loss, until it is loaded again.
      await crashGpu(page);
      await until(
        page,
        "device",
        /is there again: the training is as it was|does not come back. Reload the page/,
        60_000,
      );
      expect(await isSeen(page, "failure")).toBe(false);
    }));

  test("says which steps went with a device that was lost behind a pause, where no checkpoint had been read", () =>
    onTrainPage(async (page) => {
      await ready(page);
      await readLate(page);
      await press(page, "run");
      await untilStep(page, 1);
      const reached = await lostAfterPause(page);
      const steps = `${count(reached)} ${reached === 1 ? "step" : "steps"}`;
      const [follow, were] = [`${steps} that followed`, reached === 1 ? "was" : "were"];
      expect(await textOf(page, "status")).toBe(`Back at the start: ${steps} ${were} lost with the graphics device.`);
      expect(await textOf(page, "device")).toBe(
        `The graphics device was lost and is there again: the training is as it was at its start, as no later checkpoint had been read; ${follow} ${were} lost.`,
      );
      expect(await numberOf(page, "step")).toBe(0);
      await press(page, "single-step");
      await until(page, "status", /^Paused after 1 step\.$/);
    }));

  test("says which steps went with it behind the latest checkpoint", () =>
    onTrainPage(async (page) => {
      await ready(page);
      await press(page, "run");
      await until(page, "saved", /^Kept in this browser at step [1-9]/);
      await readLate(page);
      const kept = numberIn(await textOf(page, "saved"), /at step ([\d,]+)/);
      await untilStep(page, kept + 20);
      const reached = await lostAfterPause(page);
      const at = await numberOf(page, "step");
      expect(at).toBeGreaterThanOrEqual(kept);
      expect(reached).toBeGreaterThan(at);
      const steps = count(reached - at);
      expect(await textOf(page, "status")).toMatch(
        new RegExp(`^Paused after ${count(at)} steps?. ${steps} steps? (was|were) lost with the graphics device.$`),
      );
      expect(await textOf(page, "device")).toMatch(
        new RegExp(`as it was at the checkpoint at step ${count(at)}; ${steps} steps? that followed (was|were) lost.$`),
      );
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
