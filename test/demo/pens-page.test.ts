import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { closedStroke, type FigureName, figure, type Point, strokePoints } from "../../demo/pens/stroke";
import { visit, visitAlone } from "../visit";
import { crashGpu, press, textOf, until } from "./page";

const path = "pens/";
const circle = Array.from({ length: 41 }, (_, i): Point => [0.6 * Math.cos(i / 6.4), 0.6 * Math.sin(i / 6.4)]);

/** How far a place is from the nearest point of a stroke. */
function distance([x, y]: Point, stroke: Float32Array): number {
  const points = Array.from({ length: strokePoints }, (_, i) => i);
  return Math.min(...points.map((i) => Math.hypot(x - stroke[2 * i]!, y - stroke[2 * i + 1]!)));
}

/** Where the paper has the colour of the pens, from a picture of it. */
async function inked(page: Page): Promise<Point[]> {
  const paper = (await page.$("#paper"))!;
  const picture = await paper.screenshot({ encoding: "base64" });
  return page.evaluate(async (base64: string) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d")!;
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const ink = getComputedStyle(document.getElementById("paper")!).color.match(/\d+/g)!.map(Number);
    const places: [number, number][] = [];
    for (let at = 0; at < data.length; at += 4) {
      const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
      const like = ink.every((value, i) => Math.abs(value - data[at + i]!) < 40);
      if (like && x % 3 === 0 && y % 3 === 0) places.push([(2 * x) / width - 1, 1 - (2 * y) / height]);
    }
    return places;
  }, picture);
}

/** Draws on the paper with the mouse. */
async function draw(page: Page, line: readonly Point[]): Promise<void> {
  const box = (await (await page.$("#paper"))!.boundingBox())!;
  const at = ([x, y]: Point) => [box.x + ((x + 1) / 2) * box.width, box.y + ((1 - y) / 2) * box.height] as const;
  await page.mouse.move(...at(line[0]!));
  await page.mouse.down();
  for (const point of line) await page.mouse.move(...at(point));
  await page.mouse.up();
}

describe("the page of pens", () => {
  test(
    "learns a stroke that is drawn on it; then its pens follow it, with one submit a frame and no readback",
    () =>
      visit(path, async (page) => {
        await page.setViewport({ width: 1000, height: 1400 });
        await page.waitForSelector("#run:enabled");
        await draw(page, [
          [0, 0],
          [0.01, 0],
        ]); // a slip
        expect(await page.$eval("#figure", (select) => (select as HTMLSelectElement).value)).toBe("figure-eight");
        await draw(page, circle);
        expect(await page.$eval("#figure", (select) => (select as HTMLSelectElement).value)).toBe("own");
        const stroke = closedStroke(circle)!;
        const before = await inked(page);
        expect(before.filter((place) => distance(place, stroke) < 0.12).length).toBeLessThan(before.length / 2);

        await press(page, "run");
        const learned = `document.getElementById("steps").textContent === "600 of 600"`;
        await page.waitForFunction(learned, { polling: 100, timeout: 180_000 });
        expect(await textOf(page, "status")).toBe("It has learned the stroke; the pens follow it.");
        const calls = await page.evaluate(async () => {
          const count = { frames: 0, submits: 0, readbacks: 0 };
          const { submit } = GPUQueue.prototype;
          GPUQueue.prototype.submit = function (buffers) {
            count.submits++;
            return submit.call(this, buffers);
          };
          const { mapAsync } = GPUBuffer.prototype;
          GPUBuffer.prototype.mapAsync = function (...mapped) {
            count.readbacks++;
            return mapAsync.apply(this, mapped);
          };
          for (; count.frames < 120; count.frames++) await new Promise(requestAnimationFrame);
          return count;
        });
        expect(calls.readbacks).toBe(0);
        expect(Math.abs(calls.submits - calls.frames)).toBeLessThan(2);

        const after = await inked(page);
        expect(after.filter((place) => distance(place, stroke) < 0.12).length).toBeGreaterThan(0.8 * after.length); // one may be on its way yet
        await press(page, "run");
        expect(await textOf(page, "status")).toBe("Paused.");
      }),
    240_000,
  );

  test("leaves a finger to scroll, unless that is to draw", () =>
    visit(path, async (page) => {
      await page.waitForSelector("#draw:enabled");
      const touch = () => page.$eval("#paper", (paper) => getComputedStyle(paper).touchAction);
      expect(await touch()).toBe("pan-y pinch-zoom");
      await page.$eval("#draw", (draw) => (draw as HTMLButtonElement).click());
      expect(await touch()).toBe("none");
      await page.$eval("#draw", (draw) => (draw as HTMLButtonElement).click());
      expect(await touch()).toBe("pan-y pinch-zoom");
    }));

  test("takes another stroke, a pause and forgetting in the middle of a lesson", () =>
    visit(path, async (page) => {
      await page.setViewport({ width: 1000, height: 1400 });
      const untilStep = (step: number) =>
        page.waitForFunction(`parseInt(document.getElementById("steps").textContent) >= ${step}`, { polling: 20 });
      await page.waitForSelector("#run:enabled");
      await page.evaluate(() => {
        const shown: string[] = [];
        Object.assign(window, { shown });
        const place = document.getElementById("loss")!;
        new MutationObserver(() => shown.push(place.textContent ?? "")).observe(place, { childList: true });
      });
      /** The first loss since the page last showed none, and the latest. */
      const losses = async () => {
        const shown = (await page.evaluate("shown")) as string[];
        return [shown[shown.lastIndexOf("–") + 1], shown.at(-1)].map(Number) as [number, number];
      };
      await press(page, "run");
      await untilStep(100);
      const [untrained] = await losses();
      await page.select("#figure", "heart");
      await untilStep(5);
      await draw(page, circle);
      await untilStep(20);
      await press(page, "run");
      expect(await textOf(page, "status")).toBe("Paused.");
      await press(page, "run");
      await untilStep(100);
      const [, trained] = await losses();
      await press(page, "forget");
      await untilStep(30);
      const [anew] = await losses();
      expect(untrained).toBeGreaterThan(3 * trained);
      expect(anew).toBeGreaterThan(3 * trained);
      expect(await page.$("#failure:not([hidden])")).toBeNull();
    }));

  test("goes on with what it had learned where the device is lost", { timeout: 240_000 }, () =>
    visitAlone(path, async (page) => {
      await page.setViewport({ width: 1000, height: 1400 });
      const steps = async () => Number.parseInt(await textOf(page, "steps"), 10);
      await press(page, "run");
      await until(page, "steps", /^(1[3-9]|[2-5]\d)\d of/, 60_000); // what it knew after 120 is kept
      const untrained = 0.02;
      await page.evaluate(() => {
        const shown: string[] = [];
        Object.assign(window, { shown });
        new MutationObserver(() => shown.push(document.getElementById("status")!.textContent!)).observe(
          document.getElementById("status")!,
          { childList: true },
        );
      });
      await crashGpu(page);
      await page.waitForFunction(`shown.some((text) => text.startsWith("The graphics device was lost"))`);
      await until(page, "status", /^It learns/);
      const from = await steps();
      expect(from).toBeGreaterThanOrEqual(120);
      await page.waitForFunction(
        (from: number) => parseInt(document.getElementById("steps")!.textContent!, 10) >= from + 20,
        { polling: 50 },
        from,
      );
      expect(Number(await textOf(page, "loss"))).toBeLessThan(untrained);
      expect((await inked(page)).length).toBeGreaterThan(20);
      expect(await page.$("#failure:not([hidden])")).toBeNull();
      await press(page, "run");
      await until(page, "status", /^Paused/);
    }),
  );

  test("says so plainly where the browser has no WebGPU", () =>
    visit(path, async (page) => {
      await page.evaluateOnNewDocument(`Object.defineProperty(navigator, "gpu", { value: undefined })`);
      await page.reload();
      await page.waitForSelector("#failure:not([hidden])");
      expect(await textOf(page, "failure")).toContain("This browser has no WebGPU");
      expect(await page.$("button:enabled")).toBeNull();
    }));
});

describe("a stroke", () => {
  test.each(["figure-eight", "heart", "clover"] satisfies FigureName[])(
    "%s is closed, on the paper, in even steps",
    (name) => {
      const points = figure(name);
      const steps = Array.from({ length: strokePoints }, (_, i) => {
        const next = (i + 1) % strokePoints;
        return Math.hypot(points[2 * i]! - points[2 * next]!, points[2 * i + 1]! - points[2 * next + 1]!);
      });
      expect(Math.max(...points.map(Math.abs))).toBeLessThan(1);
      expect(Math.max(...steps)).toBeLessThan(0.13);
      expect(Math.min(...steps)).toBeGreaterThan(0.7 * Math.max(...steps));
    },
  );

  test("is none where the line is too short", () => {
    expect(closedStroke([])).toBeNull();
    expect(
      closedStroke([
        [0, 0],
        [0.1, 0],
      ]),
    ).toBeNull();
  });
});
