// The benchmark's page: how it measures, what it shows, and what it refuses.

import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { toHash } from "../../demo/benchmark/share";
import { visit } from "../visit";
import { fullReport, report } from "./benchmark-report";
import { button, press, textOf } from "./page";

describe("the benchmark's page", () => {
  const path = "benchmark/";
  const hide = (page: Page, state: string) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, value });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  const until = (page: Page, text: string) =>
    page.waitForFunction(
      (start) => document.getElementById("status")!.textContent.startsWith(start),
      { timeout: 90_000 },
      text,
    );
  const speeds = (page: Page) => page.$$eval("#bars .speed", (found) => found.map(({ textContent }) => textContent));

  test("shows rows and limits, gives a link to them, and refuses to run in a hidden tab", () =>
    visit(path, async (page) => {
      await button(page, "run");
      const offered = () => page.$$eval("#peers input:enabled", (inputs) => inputs.map(({ value }) => value));
      const trainers = await offered();
      await page.click("input[value=predict]");
      expect((await offered()).filter((name) => trainers.includes(name))).toEqual([]);
      expect(await offered()).toContain("onnxruntime-web/wasm");
      await page.click("input[value=train]");
      await page.click("input[value=M]");
      await page.click("input[value='tempograd/webgpu/unrolled']");
      await press(page, "run");
      expect(await textOf(page, "selection-error")).toBe("Choose one of the shapes at least.");
      await page.locator("#own-shape").fill("2×6×8");
      await press(page, "run");
      expect(await textOf(page, "own-shape-error")).toContain("Enter four whole numbers");
      await page.locator("#own-shape").fill("2×6×8×16");
      await press(page, "run");
      await until(page, "Done: 1 rows.");
      expect(await speeds(page)).toEqual([expect.stringMatching(/^[\d.,]+ ms$/)]);
      expect(await textOf(page, "limits")).toContain("Gflop/s");
      await hide(page, "hidden");
      await press(page, "run");
      await until(page, "Stopped.");
      expect(await textOf(page, "failure")).toContain("the tab is hidden");
      await hide(page, "visible");
      await press(page, "run");
      await until(page, "Running tempograd");
      await hide(page, "hidden");
      await until(page, "Stopped.");
      expect(await speeds(page)).toEqual(["hidden tab"]);
      await hide(page, "visible");
    }));

  test("shows a report that an address carries, as measured elsewhere", () =>
    visit(path, async (page) => {
      const hash = await toHash(report);
      await page.evaluate((value) => {
        location.hash = value;
      }, hash);
      await page.waitForSelector("#shared:not([hidden])");
      expect(await textOf(page, "shared-text")).toContain("Measured elsewhere: on <b>some</b> adapter, in Chrome 1");
      expect(await speeds(page)).toEqual(["2 ms"]);
      await press(page, "discard");
      expect(await page.evaluate(() => location.hash)).toBe("");
      expect(await speeds(page)).toEqual([]);
    }));

  test("shows at a glance how long a step takes each engine, and honestly on a software adapter", () =>
    visit(path, async (page) => {
      const hash = await toHash(fullReport);
      await page.evaluate((value) => {
        location.hash = value;
      }, hash);
      await page.waitForSelector("#bars .bar");
      expect(await textOf(page, "measured-on")).toContain("a software adapter: they say nothing of a GPU");
      expect(await speeds(page)).toEqual([
        ...["36.3 ms", "39.3 ms, 1.1× slower", "62.3 ms, 1.7× slower", "1,102 ms, 30× slower", "timed out after 60 s"],
        ...["98 ms, 1.2× faster", "117 ms"],
      ]);
    }));
});
