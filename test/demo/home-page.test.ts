import { describe, expect, test } from "vitest";
import { names } from "../../demo/data/names";
import { visit } from "../visit";
import { button, isSeen, press, textOf, until } from "./page";

describe("the home page", () => {
  test("trains within a second of the first click, and makes up names that are not on the list", () =>
    visit("", async (page) => {
      await button(page, "run");
      expect(await textOf(page, "status")).toMatch(/^Ready/);
      await page.evaluate(() => {
        const clicked = { at: 0, trained: 0 };
        Object.assign(window, { clicked });
        document.getElementById("run")!.addEventListener("click", () => (clicked.at ||= performance.now()), true);
        new MutationObserver(() => {
          const [, step] = /step ([\d,]+)/.exec(document.getElementById("status")!.textContent!) ?? [];
          if (step && step !== "0") clicked.trained ||= performance.now();
        }).observe(document.getElementById("status")!, { childList: true });
      });
      await press(page, "run");
      await until(page, "status", /step [\d,]+, loss [\d.]+/);
      const waited = Number(await page.evaluate("clicked.trained - clicked.at"));
      expect(waited).toBeGreaterThan(0);
      expect(waited).toBeLessThan(1000);
      await until(page, "status", /step (?:[1-9]\d\d|\d,\d+), loss/, 60_000);
      await page.waitForFunction(
        `[...document.querySelectorAll("#names li")].some(({ textContent }) => /^[A-Z][a-z]{2,}$/.test(textContent))`,
        { polling: 100, timeout: 60_000 },
      );
      const known = new Set((await names()).items.map(({ text }) => text));
      const shown = await page.$$eval("#names li", (items) => items.map(({ textContent }) => textContent ?? ""));
      expect(shown.filter((name) => known.has(name))).toEqual([]);
      await press(page, "run");
      await until(page, "status", /^Paused/);
      expect(await textOf(page, "run")).toBe("Go on");
      expect(await isSeen(page, "next")).toBe(true);
      const links = await page.$$eval("a", (all) => all.map((link) => link.getAttribute("href")));
      expect(links).toEqual(expect.arrayContaining(["./docs/", "./docs/documents/Gallery.html", "./train/#task=text"]));
      expect(await page.$eval(".install", (code) => code.textContent)).toBe("npm i tempograd");
    }));
});
