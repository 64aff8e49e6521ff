import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { withPage } from "../../demo/terminal/in-browser";
import { LossHistory } from "../../demo/train/loss-history";
import { button, press, textOf } from "./page";

const path = "/demo/train/index.html";
const ownText = "The sea was calm, and the ship sailed on; the captain slept. ".repeat(40);

const numberOf = async (page: Page, id: string) => Number((await textOf(page, id)).replaceAll(",", ""));
const seen = (page: Page, id: string) => page.$eval(`#${id}`, (found) => found.checkVisibility());

async function enter(page: Page, values: Record<string, string>): Promise<void> {
  for (const [id, value] of Object.entries(values)) await page.locator(`#${id}`).fill(value);
}

/** Chooses small sizes and a text of our own. */
async function chooseSmall(page: Page, text = ownText): Promise<void> {
  await button(page, "run");
  await page.click("input[value=own]");
  await enter(page, { text, hidden: "16", batch: "4", steps: "8" });
}

async function untilStep(page: Page, step: number): Promise<void> {
  const reached = `Number(document.getElementById("step").textContent.replaceAll(",", "")) >= ${step}`;
  await page.waitForFunction(reached, { polling: 50, timeout: 30_000 });
}

async function singleSteps(page: Page, count: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) {
    await press(page, "single-step");
    await button(page, "single-step");
    losses.push(await numberOf(page, "training-loss"));
  }
  return losses;
}

describe("the training page", () => {
  test("learns a text until its loss is below the text's unigram entropy, and shows what it writes", () =>
    withPage(async (page) => {
      await chooseSmall(page);
      const [first] = await singleSteps(page, 1);
      await press(page, "run");
      await untilStep(page, 300);
      await page.waitForFunction(`document.getElementById("tokens-per-second").textContent !== "–"`, { polling: 50 });
      await press(page, "run");
      await button(page, "single-step");
      const entropy = await numberOf(page, "unigram-entropy");
      expect(first).toBeGreaterThan(entropy);
      expect(await numberOf(page, "training-loss")).toBeLessThan(entropy - 0.5);
      expect(await numberOf(page, "tokens-per-second")).toBeGreaterThan(0);
      expect(await textOf(page, "plan")).toContain("recurrence");
      expect(await page.$eval(".sample blockquote", (quote) => quote.textContent?.length)).toBe(232);
    }, path));

  test("steps once, goes on where it paused, and repeats its losses after a reset", () =>
    withPage(async (page) => {
      await chooseSmall(page);
      const losses = await singleSteps(page, 3);
      expect(await numberOf(page, "step")).toBe(3);
      await press(page, "run");
      await untilStep(page, 20);
      await press(page, "run");
      await button(page, "single-step");
      const paused = await numberOf(page, "step");
      expect(await textOf(page, "status")).toBe(`Paused after ${paused} steps.`);
      await singleSteps(page, 1);
      expect(await numberOf(page, "step")).toBe(paused + 1);
      expect(await textOf(page, "run")).toBe("Go on");
      await press(page, "run");
      await untilStep(page, paused + 20);
      await press(page, "reset");
      await button(page, "run");
      expect(await numberOf(page, "step")).toBe(0);
      expect(await singleSteps(page, 3)).toEqual(losses);
    }, path));

  test("handles clicks within a tenth of a second while it trains", () =>
    withPage(async (page) => {
      await chooseSmall(page);
      await enter(page, { hidden: "64", batch: "16", steps: "32" });
      await press(page, "run");
      await untilStep(page, 5);
      await page.evaluate(() => {
        const delays: number[] = [];
        Object.assign(window, { delays });
        const delay = ({ timeStamp }: Event) => delays.push(performance.now() - timeStamp);
        document.querySelector("summary")!.addEventListener("click", delay);
      });
      for (let i = 0; i < 10; i++) await page.click("summary");
      const delays = (await page.evaluate("delays")) as number[];
      expect(delays).toHaveLength(10);
      expect(delays.sort((a, b) => a - b)[7]).toBeLessThan(100);
      expect(await textOf(page, "status")).toBe("Training.");
    }, path));

  test("takes a new learning rate while it trains, and says what needs a reset", () =>
    withPage(async (page) => {
      await chooseSmall(page);
      await enter(page, { "learning-rate": "0" });
      await singleSteps(page, 1);
      expect(await seen(page, "pending")).toBe(false);
      await enter(page, { hidden: "20" });
      expect(await seen(page, "pending")).toBe(true);
      await enter(page, { "learning-rate": "1e30", hidden: "16" });
      expect(await seen(page, "learning-rate-error")).toBe(true);
      await enter(page, { "learning-rate": "100" });
      expect(await seen(page, "learning-rate-error")).toBe(false);
      const before = await numberOf(page, "training-loss");
      const after = await singleSteps(page, 4);
      expect(after.at(-1)).toBeGreaterThan(before + 1);
    }, path));

  test("says beside the control what is wrong, and keeps what was entered", () =>
    withPage(async (page) => {
      await chooseSmall(page, "Too short. <b>Really</b>");
      await enter(page, { steps: "64", hidden: "0" });
      await press(page, "run");
      expect(await textOf(page, "text-error")).toMatch(/^The text has 24 characters; 74 or more are needed/);
      expect(await textOf(page, "hidden-error")).toBe("Enter a whole number from 1 to 2048.");
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("hidden");
      await enter(page, { steps: "8", hidden: "16" });
      expect(await seen(page, "text-error")).toBe(false);
      expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toContain("<b>Really</b>");
      await singleSteps(page, 1);
      expect(await numberOf(page, "step")).toBe(1);
    }, path));

  test("says so plainly where the browser has no WebGPU, or no adapter", () =>
    withPage(async (page) => {
      for (const [gpu, reason] of [
        ["undefined", "This browser has no WebGPU"],
        ["{ requestAdapter: async () => null }", "found no graphics adapter"],
      ]) {
        const override = `Object.defineProperty(navigator, "gpu", { configurable: true, value: ${gpu} })`;
        await page.evaluateOnNewDocument(override);
        await page.reload();
        await page.waitForSelector("#no-webgpu:not([hidden])");
        expect(await textOf(page, "no-webgpu-reason")).toContain(reason);
        expect(await seen(page, "run")).toBe(false);
      }
    }, path));
});

describe("LossHistory", () => {
  test("keeps a long run in bounded room, with means over neighbouring steps and the latest held-out loss", () => {
    const history = new LossHistory();
    history.addHeldOut(0, 4);
    for (let step = 1; step <= 5000; step++) history.add(step, step);
    history.addHeldOut(5000, 2);
    expect(history.steps.length).toBeLessThanOrEqual(1024);
    const [start, next] = history.steps.slice(300, 302);
    expect(history.losses[300]).toBeCloseTo((start! + next! - 1) / 2);
    expect(history.heldOut[0]).toBe(4);
    expect(history.heldOut.at(-1)).toBe(2);
    expect(history.latest).toBeCloseTo(5000 - 9); // the moving average of a ramp lags by 0.9 / 0.1 steps
  });
});
