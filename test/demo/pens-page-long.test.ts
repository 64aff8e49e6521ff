// The page of pens: a lesson from its stroke to its end, what comes between, and a device that is lost.
import { expect, test, vi } from "vitest";
import { closedStroke } from "../../demo/pens/stroke";
import { testInChromium, visit, visitAlone } from "../visit";
import { circle, distance, draw, inked, path } from "./on-pens-page";
import { crashGpu, press, textOf, until } from "./page";

test(
  "learns a stroke that is drawn on it; then its pens follow it, with one submit a frame and no readback",
  () =>
    visit(path, async (page) => {
      await page.setViewport({ width: 480, height: 1000 }); // small, as the processor paints it
      await vi.waitFor(async () => expect(await inked(page)).not.toEqual([]), 60_000); // pens that know nothing draw too
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

test(
  "takes another stroke, a pause and forgetting in the middle of a lesson",
  () =>
    visit(path, async (page) => {
      await page.setViewport({ width: 1000, height: 1400 });
      const untilStep = (step: number) =>
        page.waitForFunction(`parseInt(document.getElementById("steps").textContent) >= ${step}`, {
          polling: 20,
          timeout: 120_000,
        });
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
    }),
  240_000,
);

testInChromium("goes on with what it had learned where the device is lost", () =>
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
