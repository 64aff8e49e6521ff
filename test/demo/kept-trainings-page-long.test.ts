// The training page: what it keeps of two tabs, and what an earlier version of it kept.

import { expect, inject, test } from "vitest";
import { leaveAndReturn, onPage, ownText, ready, singleSteps } from "./on-train-page";
import { downloaded, isSeen, textOf, until } from "./page";

test("keeps the trainings of two tabs, each with its own text, and offers both on return", () =>
  onPage(async (page) => {
    await ready(page);
    const other = await page.browserContext().newPage();
    await other.goto(page.url());
    const texts = [ownText, ownText.replaceAll("sea", "sky")];
    for (const [i, tab] of [page, other].entries()) {
      await tab.bringToFront();
      await ready(tab, texts[i]);
      await singleSteps(tab, i + 1);
      await until(tab, "saved", /^Kept in this browser/);
    }
    await other.close();
    await page.bringToFront();
    await leaveAndReturn(page);
    await page.waitForSelector("#kept:not([hidden])");
    const offered = await page.$$eval("#kept-list li", (items) => items.map(({ textContent }) => textContent));
    expect(offered).toEqual([expect.stringContaining("after 2 steps"), expect.stringContaining("after 1 step,")]);
    await page.click("#kept-list li:last-child button");
    await until(page, "status", /^Paused after 1 step/);
    const given = await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value);
    expect(given).toBe(texts[0]);
    await singleSteps(page, 3);
    await until(page, "saved", /^Kept in this browser at step 4/);
    await leaveAndReturn(page);
    await page.waitForSelector("#kept:not([hidden])");
    const again = await page.$$eval("#kept-list li", (items) => items.map(({ textContent }) => textContent));
    expect(again).toEqual([expect.stringContaining("after 4 steps"), expect.stringContaining("after 2 steps")]);
    await page.click("#kept-list li:last-child button:last-of-type");
    await page.waitForFunction(`document.querySelectorAll("#kept-list li").length === 1`);
    expect(await isSeen(page, "kept")).toBe(true);
  }));

test("offers what an earlier version of the page kept, with its text where that is its own", () =>
  onPage(async (page) => {
    await ready(page);
    await singleSteps(page, 2);
    const { bytes } = await downloaded(page, "save");
    const address = page.url();
    const library = JSON.stringify(new URL("src/index.ts", inject("sources")));
    // As text: a compiled import() would not be the browser's own.
    const keep = (own: string) =>
      page.evaluate(`import(${library}).then(async ({ openCheckpointStore }) => {
        const store = await openCheckpointStore();
        for (const name of await store.list()) await store.delete(name);
        await store.save("training", Uint8Array.of(${[...bytes]}));
        const own = ${JSON.stringify(JSON.stringify({ name: "your text", text: own }))};
        await store.save("training-data", new TextEncoder().encode(own));
      })`);
    const text = () => page.$eval("#text", (area) => (area as HTMLTextAreaElement).value);
    for (const [own, first] of [
      ["of another tab, which wrote over it", /^This was trained on your text/],
      [ownText, undefined],
    ] as const) {
      await page.goto(new URL("service-worker.js", inject("pages")).href); // has no policy: what keeps is from elsewhere
      await keep(own);
      await page.goto(address);
      await page.waitForSelector("#kept:not([hidden])");
      expect(await textOf(page, "kept-list")).toContain("ELMAN on your text, after 2 steps");
      await page.click("#kept-list button");
      if (first) await until(page, "failure", first);
    }
    await until(page, "status", /^Paused after 2 steps/);
    expect(await text()).toBe(ownText);
    await singleSteps(page, 1);
    await until(page, "saved", /^Kept in this browser at step 3/);
    await page.reload();
    await page.waitForSelector("#kept:not([hidden])");
    expect(await page.$$eval("#kept-list li", (items) => items.map(({ textContent }) => textContent))).toEqual([
      expect.stringContaining("after 3 steps"),
    ]);
  }));
