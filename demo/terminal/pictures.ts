// `npm run pictures -- FOLDER [NAMES]`: pictures of the pages at work, light and dark, wide and narrow.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "puppeteer";
import { pagePackages, withPage } from "./in-browser";

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

/** What a page is asked to do before its picture is taken, and which part of it is the picture. */
interface Subject {
  path: string;
  work: ((page: Page) => Promise<unknown>)[];
  part?: string;
}

const subjects: Record<string, Subject> = {
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
  "through-time": {
    path: "/demo/train/index.html#task=adding&hidden=16&batch=8&steps=22",
    work: [pressed("compare"), until(`document.getElementById("beside").value !== ""`)],
    part: ".time",
  },
  walkthrough: { path: "/demo/walkthrough/index.html", work: Array.from({ length: 9 }, () => pressed("next")) },
  gradients: {
    path: "/demo/gradients/index.html",
    work: [pressed("train"), until(`/learned|guessing/.test(document.getElementById("train-words").textContent)`)],
  },
  benchmark: {
    path: "/demo/benchmark/index.html",
    work: [
      pressed("run"),
      until(`document.getElementById("run").textContent === "Stop"`),
      until(`document.getElementById("run").textContent === "Run"`),
    ],
  },
  pens: { path: "/demo/pens/index.html", work: [pressed("run"), stepped("steps", 300)] },
};

export async function main([folder = "pictures", ...names]: string[]): Promise<number> {
  await mkdir(folder, { recursive: true });
  for (const name of names.length > 0 ? names : Object.keys(subjects)) {
    const { path, work, part } = subjects[name]!;
    const take = async (page: Page) => {
      await page.setViewport(sizes.wide);
      for (const piece of work) await piece(page);
      for (const [size, viewport] of Object.entries(sizes)) {
        await page.setViewport(viewport);
        for (const value of schemes) {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
          await new Promise((resolve) => setTimeout(resolve, 500)); // charts are drawn anew
          const path = join(folder, `${name}-${size}-${value}.webp`) as `${string}.webp`;
          if (part) await (await page.$(part))!.screenshot({ path });
          else await page.screenshot({ path, fullPage: size === "narrow" });
        }
      }
    };
    await withPage(take, path, pagePackages);
    console.log(`${name}: done`);
  }
  return 0;
}
