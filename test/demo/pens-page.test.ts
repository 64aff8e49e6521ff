import { describe, expect, test } from "vitest";
import { closedStroke, type FigureName, figure, strokePoints } from "../../demo/pens/stroke";
import { usePage, visit } from "../visit";
import { circle, distance, draw, inked, path } from "./on-pens-page";
import { press, textOf } from "./page";

describe("the page of pens", () => {
  const onPage = usePage(path);

  test("leaves a finger to scroll, unless that is to draw", () =>
    onPage(async (page) => {
      await page.waitForSelector("#draw:enabled");
      const touch = () => page.$eval("#paper", (paper) => getComputedStyle(paper).touchAction);
      expect(await touch()).toBe("pan-y pinch-zoom");
      await page.$eval("#draw", (draw) => (draw as HTMLButtonElement).click());
      expect(await touch()).toBe("none");
      await page.$eval("#draw", (draw) => (draw as HTMLButtonElement).click());
      expect(await touch()).toBe("pan-y pinch-zoom");
    }));

  test(
    "learns a stroke that is drawn on it; then its pens follow it, with one submit a frame and no readback",
    () =>
      onPage(async (page) => {
        await page.setViewport({ width: 480, height: 1000 }); // small, as the processor paints it
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
        const learned = `document.getElementById("steps").textContent === "300 of 300"`;
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

  test("says so plainly where the browser has no WebGPU", () =>
    visit(
      path,
      async (page) => {
        await page.waitForSelector("#failure:not([hidden])");
        expect(await textOf(page, "failure")).toContain("This browser has no WebGPU");
        expect(await page.$("button:enabled")).toBeNull();
      },
      `Object.defineProperty(navigator, "gpu", { value: undefined })`,
    ));
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
