// The training page: what it keeps, saves and goes on with.

import { expect, test } from "vitest";
import type { HistoryData } from "../../demo/workshop/history";
import { readCheckpoint, readSafetensors, writeSafetensors } from "../../src/index";
import { visit } from "../visit";
import { count, leaveAndReturn, onPage, ownText, plain, ready, singleSteps, small, untilStep } from "./on-train-page";
import { bring, button, downloaded, enter, inWorkers, numberOf, press, textOf, until } from "./page";

test("trains, saves, is left, goes on where it was left, and exports what came of it", () =>
  onPage(async (page) => {
    const exported = async () => JSON.parse(String((await downloaded(page, "export-json")).bytes)).runs.at(-1);
    /** In long runs, neighbouring steps share a point. */
    const normOf = (step: number, { stride, curves }: HistoryData) => curves.gradientNorm![Math.floor(step / stride)];
    await ready(page);
    await press(page, "run");
    await untilStep(page, 200);
    await press(page, "run");
    await until(page, "status", /^Paused after/);
    await until(page, "saved", /^Kept in this browser at step/);
    const step = await numberOf(page, "step");
    const entropy = Number(/dashed line, ([\d.]+) \(nats\)/.exec(await textOf(page, "baseline"))![1]);
    expect(await numberOf(page, "training-loss")).toBeLessThan(entropy - 0.5);
    expect(await numberOf(page, "held-out-loss")).toBeLessThan(entropy);
    expect(await numberOf(page, "tokens-per-second")).toBeGreaterThan(0);
    expect(await textOf(page, "plan")).toContain("recurrence");
    expect(await page.$eval(".sample blockquote", (quote) => quote.textContent?.length)).toBe(232);
    const measured = normOf(step, (await exported()).history);
    expect(measured).toBeGreaterThan(0);

    await page.evaluate(() => scrollTo(0, 1000));
    await page.reload();
    await page.waitForSelector("#kept:not([hidden])");
    expect(await page.$eval("#kept", (kept) => kept.getBoundingClientRect().top)).toBeGreaterThan(0);
    expect(await textOf(page, "kept-list")).toContain(`ELMAN on your text, after ${count(step)} steps`);
    await page.click("#kept-list button");
    await until(page, "status", new RegExp(`^Paused after ${count(step)} steps`));
    expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toBe(ownText);
    await press(page, "run");
    await untilStep(page, step + 20);
    await press(page, "run");
    await until(page, "status", /^Paused after/);
    const end = await numberOf(page, "step");

    const { name, bytes } = await downloaded(page, "save");
    expect(name).toBe(`tempograd-elman-step-${end}.safetensors`);
    const checkpoint = await readCheckpoint(new Uint8Array(bytes));
    expect(checkpoint.trainer!.step).toBe(end);
    expect(checkpoint.network).toMatchObject({ hidden: 16 });

    const csv = String((await downloaded(page, "export-csv")).bytes)
      .trim()
      .split("\n");
    expect(csv[0]).toBe("run,step,stride,loss,smoothed,heldOut,accuracy,perplexity,gradientNorm,tokensPerSecond");
    const [run, last, stepsOfPoint] = csv.at(-1)!.split(",");
    expect(run).toBe('"Elman 16 · SGD 0.5"');
    const { settings, history } = await exported();
    const { stride, steps, curves } = history;
    expect(Number(last)).toBe(end - (end % stride));
    expect(Number(stepsOfPoint)).toBe(stride);
    expect(settings.hidden).toBe(16);
    expect(curves.loss).toHaveLength(steps.length);
    expect(normOf(step, history)).toBe(measured); // looked at again where nothing was trained yet
    expect(normOf(end, history)).toBeGreaterThan(0);
    const png = (await downloaded(page, "export-png")).bytes;
    expect([...png.subarray(1, 4)]).toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));

    // The file opens again, at the same step, in a page that knows only the text.
    await leaveAndReturn(page);
    await ready(page);
    await bring(page, "open", name, bytes);
    await until(page, "status", new RegExp(`^Paused after ${count(end)} steps`));

    // One whose settings are not its training's is refused before anything of their size is made.
    const { metadata, tensors } = readSafetensors(bytes);
    const about = metadata.about!.replace("hidden=16", "hidden=2048");
    const started = performance.now();
    await bring(page, "open", name, writeSafetensors(tensors, { ...metadata, about }));
    await until(page, "failure", /settings say hidden 2048, and its training has 16/);
    expect(performance.now() - started).toBeLessThan(8000);
    expect(await textOf(page, "status")).toContain(`Paused after ${count(end)} steps`);
  }));

test("keeps a training with the text it was trained on, and none with another", () =>
  onPage(async (page) => {
    await ready(page);
    await press(page, "run");
    await untilStep(page, 10);
    await press(page, "run");
    await until(page, "saved", /^Kept in this browser at step [1-9]/);
    const step = await numberOf(page, "step");
    const { name, bytes } = await downloaded(page, "save");
    const other = ownText.replaceAll("sea", "sky");
    await enter(page, { text: other });
    expect(await textOf(page, "pending")).toBe("One change needs a reset, and a new start.");
    await press(page, "reset-training");
    await button(page, "run");
    await bring(page, "open", name, bytes);
    await until(page, "failure", /This was trained on your text, 2,440 characters, which the file leaves out/);
    await singleSteps(page, 1);
    await leaveAndReturn(page);
    await page.waitForSelector("#kept:not([hidden])");
    expect(await page.$eval("#kept-list li", (latest) => latest.textContent)).toContain("after 1 step,");
    await page.click("#kept-list button");
    await until(page, "status", /^Paused after 1 step/);
    expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toBe(other);
    expect(step).toBeGreaterThan(1);
  }));

test("keeps and offers trainings where the browser refuses it files of its own", () =>
  onPage(
    async (page) => {
      await ready(page);
      await singleSteps(page, 1);
      await until(page, "saved", /^Kept in this browser at step 1/);
      await page.reload();
      await page.waitForSelector("#kept:not([hidden])");
      expect(await textOf(page, "kept-list")).toContain("after 1 step,");
    },
    `${small}&${plain}`,
    (path, work) =>
      visit(
        path,
        work,
        inWorkers(`StorageManager.prototype.getDirectory = async () => {
          throw new DOMException("Security error when calling GetDirectory", "SecurityError");
        };`),
      ),
  ));
