// The pages in a browser without WebGPU: the processor computes, in small sizes, and what it does not take is refused in words.
import type { Page } from "puppeteer";
import { expect, test } from "vitest";
import { visit } from "../visit";
import { ownText, singleSteps } from "./on-train-page";
import { anotherGpu, bring, button, downloaded, enter, isSeen, numberOf, press, textOf, until } from "./page";

/** As `visit`, of a visitor whose browser has no WebGPU. */
const visitWithout = (path: string, work: (page: Page) => Promise<void>) =>
  visit(
    path,
    async (page) => {
      await button(page, "run");
      await work(page);
    },
    anotherGpu("undefined"),
  );

const said = /^This browser has no WebGPU\. This page computes on the processor instead/;
const entered = (page: Page, id: string) => page.$eval(`#${id}`, (control) => (control as HTMLInputElement).value);

test("the home page says so, learns, and makes up names", () =>
  visitWithout("", async (page) => {
    expect(await textOf(page, "processor")).toMatch(said);
    expect(await textOf(page, "status")).toMatch(/^Ready: .* processor\.$/);
    await press(page, "run");
    await until(page, "status", /^Training: step \d+, loss 2\.[0-6]\d nats/, 60_000); // of 3.3 by chance
    await page.waitForFunction(
      `[...document.querySelectorAll("#names li")].some(({ textContent }) => /^[A-Z][a-z]{2,}$/.test(textContent))`,
      { polling: 100, timeout: 60_000 },
    );
    await press(page, "run");
    await until(page, "status", /^Paused: step \d+, loss 2/);
    expect(await isSeen(page, "processor")).toBe(true);
  }));

test("the training page says so, trains, answers, draws, saves and goes on, and refuses in words what is too large", () =>
  visitWithout("train/#task=text&cell=lstm&hidden=16&steps=16&learningRate=0.02&pauseAt=24", async (page) => {
    expect(await textOf(page, "processor-text")).toMatch(said);
    expect(await Promise.all(["hidden", "batch", "steps"].map((id) => entered(page, id)))).toEqual(["16", "16", "16"]);
    expect(await page.$eval("#schedule", (control) => control.matches(":disabled"))).toBe(true);
    await enter(page, { text: ownText });
    const [first] = await singleSteps(page, 1);
    await press(page, "run");
    await until(page, "status", /^Paused after 24 steps/);
    expect(await numberOf(page, "training-loss")).toBeLessThan(first! - 0.5);
    await until(page, "answered", /^After 24 steps/);
    expect(await page.$$eval("#answer button", ({ length }) => length)).toBeGreaterThan(4);
    await page.waitForSelector("#unrolled svg, #unrolled canvas");
    expect(await textOf(page, "dispatches")).toBe("none");
    expect(await page.$$eval("#samples blockquote", ({ length }) => length)).toBeGreaterThan(0);

    const { name, bytes } = await downloaded(page, "save");
    await press(page, "reset-training");
    await until(page, "status", /^Ready/);
    await bring(page, "open", name, bytes);
    await until(page, "status", /^Paused after 24 steps/);
    await singleSteps(page, 1);
    expect(await numberOf(page, "training-loss")).toBeLessThan(first! - 0.5);

    await press(page, "reset-training");
    await until(page, "status", /^Ready/);
    await enter(page, { hidden: "2000" });
    await press(page, "run");
    await until(page, "failure", /^The network: has 2,000 hidden units, expected \d+ at most/);
  }));
