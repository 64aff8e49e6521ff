// A visitor's way through each of the pages in Firefox, whose WebGPU is another than Chromium's; `npm run test:firefox` runs all
// tests of the pages there.

import { describe, expect, test } from "vitest";
import { toHash } from "../../demo/benchmark/share";
import { hasFirefox, visit } from "../visit";
import { fullReport } from "./benchmark-report";
import { onPage, ready, singleSteps, untilStep } from "./on-train-page";
import { bring, button, downloaded, enter, isSeen, numberOf, press, textOf, until } from "./page";

describe.skipIf(!hasFirefox())("where Firefox is installed", () => {
  test("Home trains, makes up names, and pauses", () =>
    visit("", async (page) => {
      await press(page, "run");
      await until(page, "status", /step [1-9]\d+, loss [\d.]+/);
      await until(page, "names", /[A-Z][a-z]{2}/);
      await press(page, "run");
      await until(page, "status", /^Paused/);
    }));

  test("Train trains on a text, answers what is asked, shows it through time, saves it, and opens the file again", () =>
    onPage(async (page) => {
      await ready(page);
      const [first] = await singleSteps(page, 1);
      await press(page, "run");
      await untilStep(page, 60);
      await press(page, "run");
      await until(page, "status", /^Paused after/);
      const step = await numberOf(page, "step");
      expect(await numberOf(page, "training-loss")).toBeLessThan(first! - 0.3);
      await enter(page, { question: "The captai" });
      await until(page, "answered", /^After [\d,]+ steps/);
      expect(await page.$$eval("#answer button", ({ length }) => length)).toBeGreaterThan(4);
      await until(page, "unrolled", /The loss/);
      const { name, bytes } = await downloaded(page, "save");
      expect(name).toBe(`tempograd-elman-step-${step}.safetensors`);
      await press(page, "reset-training");
      await until(page, "status", /^Ready/);
      await bring(page, "open", name, bytes);
      await until(page, "status", /^Paused after/);
      expect(await numberOf(page, "step")).toBe(step);
      expect(await isSeen(page, "failure")).toBe(false);
    }));

  test("Walkthrough goes forward and back, and its round agrees with the reference", () =>
    visit("walkthrough/", async (page) => {
      await button(page, "round");
      await press(page, "next");
      expect(await textOf(page, "status")).toMatch(/^Stage 2 of 15/);
      await page.keyboard.press("ArrowRight");
      await press(page, "back");
      expect(await textOf(page, "status")).toMatch(/^Stage 2 of 15/);
      const loss = await numberOf(page, "loss");
      await press(page, "round");
      await until(page, "rounds", /^1$/);
      expect(await numberOf(page, "loss")).toBeLessThan(loss);
      expect(await textOf(page, "agreement")).toMatch(/^✓ All \d+ numbers of this round agree with the float64/);
    }));

  test("Why it shrinks follows its sliders, from vanishing to exploding, and agrees with the reference", () =>
    visit("gradients/#size=0.595&steps=16&input=0", async (page) => {
      await until(page, "elman-verdict", /^The gradient vanishes\.$/);
      await page.focus("#size");
      await page.keyboard.press("End");
      await until(page, "elman-verdict", /^The gradient explodes\.$/);
      await until(page, "checked", /^✓/);
    }));

  test("Pens learns a stroke, and pauses", () =>
    visit("pens/", async (page) => {
      await press(page, "run");
      await until(page, "steps", /^[1-9]\d* of/);
      await press(page, "run");
      await until(page, "status", /^Paused/);
      expect(Number.parseFloat(await textOf(page, "loss"))).toBeGreaterThan(0);
    }));

  test("Benchmark asks for a shape, and shows what was measured elsewhere", () =>
    visit("benchmark/", async (page) => {
      await button(page, "run");
      await page.click("input[value=M]");
      await press(page, "run");
      expect(await textOf(page, "selection-error")).toBe("Choose one of the shapes at least.");
      await page.evaluate(`location.hash = "${await toHash(fullReport)}"`);
      await page.waitForSelector("#bars .bar");
      expect(await textOf(page, "bars")).toContain("36.3 ms");
    }));
});
