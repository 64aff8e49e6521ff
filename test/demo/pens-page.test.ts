import { describe, expect, test } from "vitest";
import { closedStroke, type FigureName, figure, strokePoints } from "../../demo/pens/stroke";
import { usePage, visit } from "../visit";
import { path } from "./on-pens-page";
import { textOf } from "./page";

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
