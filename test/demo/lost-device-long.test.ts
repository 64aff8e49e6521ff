// What the training page says and does where its device is lost again, or behind a pause.

import type { Page } from "puppeteer";
import { expect, test } from "vitest";
import { visitAlone } from "../visit";
import { crashUnread, numberIn, readLate } from "./lose-device";
import { count, onPage, ready, untilStep } from "./on-train-page";
import { button, crashGpu, isSeen, numberOf, press, textOf, until } from "./page";

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
