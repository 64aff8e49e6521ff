// The training page's picture through time and what speaks for an answer, while it trains, and for who cannot see them.

import { expect, test } from "vitest";
import { onPage, ready, untilStep } from "./on-train-page";
import { barriers, enter, numberOf, press, textOf, until } from "./page";

test("what speaks for the next character is shown as one types, and training goes on meanwhile", () =>
  onPage(async (page) => {
    await ready(page);
    await press(page, "run");
    await untilStep(page, 10);
    await page.focus("#question");
    for (const typed of ["The", " sea", " was"]) {
      const before = await page.$eval("#question", (question) => (question as HTMLTextAreaElement).value);
      await page.keyboard.type(typed);
      await until(page, "saliency-text", new RegExp(`^${before}${typed}$`), 60_000);
      expect(await textOf(page, "saliency-words")).toMatch(/^What speaks for .* Most of all .* input × gradient/);
      await untilStep(page, (await numberOf(page, "step")) + 2);
    }
    expect(await textOf(page, "status")).toBe("Training.");
    await press(page, "run");
    await until(page, "status", /^Paused/, 60_000);
    await page.focus(".unit-controls select");
    await page.keyboard.type("update");
    await page.waitForSelector(`canvas[aria-label$="layer 2: update gate z of 16 units over 24 steps"]`);
    for (const scheme of ["light", "dark"] as const) expect(await barriers(page, scheme)).toEqual([]);
    // A cell without gates has none to choose, and h stays.
    await press(page, "reset-training");
    await enter(page, { cell: "elman", pauseAt: "5" });
    await press(page, "run");
    await until(page, "status", /^Paused after 5 steps/, 60_000);
    await page.waitForSelector(`canvas[aria-label$=": hidden state h of 16 units over 24 steps"]`);
    const choices = await page.$$eval(".unit-controls select:first-of-type option", (all) =>
      all.map(({ text }) => text),
    );
    expect(choices.filter((text) => /gate|state/.test(text))).toEqual(["hidden state h"]);
  }, "data=own-text&cell=gru&layers=2&hidden=16&batch=4&steps=24"));
