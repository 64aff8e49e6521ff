// Tasks and cells on the training page, chosen as a visitor does: their defaults, their words, and what becomes of them.

import * as ort from "onnxruntime-web";
import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { readOurCheckpoint } from "../../demo/tasks/checkpoints";
import * as library from "../../src/index";
import { useGpu } from "../workbench";
import { linesOf, run } from "./elsewhere";
import { useTrainPage } from "./on-train-page";
import { bring, button, downloaded, enter, isSeen, numberOf, press, textOf, until } from "./page";

const heldBy = (page: Page, id: string) => page.$eval(`#${id}`, (control) => (control as HTMLInputElement).value);
const chosen = async (page: Page, id: string, word: string) => (await page.$(`#${id}`))!.select(word);

const gpu = useGpu();

describe("the training page", () => {
  const onPage = useTrainPage();

  test("brings a task with its defaults, keeps what was chosen, and says what there is to see", () =>
    onPage("hidden=24", async (page) => {
      await button(page, "run");
      expect(await isSeen(page, "task-hint")).toBe(false);
      await chosen(page, "task", "parity");
      expect([await heldBy(page, "steps"), await heldBy(page, "hidden")]).toEqual(["40", "24"]);
      expect(await textOf(page, "task-hint")).toContain("A nonlinear recurrence can count parity");
      expect(await textOf(page, "task-hint")).toContain("A gate that never changes sign cannot: a minGRU");
      await page.waitForFunction(`location.hash === "#task=parity&hidden=24"`);
      await chosen(page, "task", "adding");
      expect([await heldBy(page, "steps"), await heldBy(page, "hidden")]).toEqual(["100", "24"]);
      expect(await isSeen(page, "task-hint")).toBe(false);
    }));

  test("opens addresses from before tasks had one name, with the settings that they had", () =>
    onPage("data=adding&cell=lstm", async (page) => {
      await button(page, "run");
      expect(await heldBy(page, "task")).toBe("adding");
      expect([await heldBy(page, "steps"), await heldBy(page, "hidden")]).toEqual(["32", "128"]);
      expect(await isSeen(page, "failure")).toBe(false);
    }));

  test("learns parity by a cell of its equations, over five times as many steps, and opens its file again", () =>
    onPage("task=parity&cell=coupled-lstm&hidden=16&steps=6&learningRate=0.01&pauseAt=300&seed=2", async (page) => {
      await press(page, "run");
      await until(page, "status", /^Paused after 300 steps/, 90_000);
      expect(await textOf(page, "description")).toContain("held out over 30 steps");
      expect(await textOf(page, "baseline")).toBe("The dashed line, 50.0% right, is guessing.");
      expect(Number.parseFloat(await textOf(page, "accuracy"))).toBeGreaterThan(95);
      await until(page, "unrolled", /The loss/);
      await enter(page, { question: "+-−+" });
      await until(page, "answer", /likely; the product is \+\..*[34] of 4 steps are right/);
      const { name, bytes } = await downloaded(page, "save");
      const reached = { modules: { tempograd: { ...library, openGpu: async () => gpu() } } };
      const lines = await linesOf(page, "JavaScript");
      const [{ classes }] = (await run(lines, { ...reached, files: { [name]: new Uint8Array(bytes) } })) as [
        { classes: Int32Array },
      ];
      const signs = /Float32Array.of\((.*?)\)/.exec(lines)![1]!.split(", ").map(Number);
      const products = signs.map((_, t) => signs.slice(0, t + 1).reduce((product, sign) => product * sign));
      expect([...classes]).toEqual(products.map((product) => (product < 0 ? 1 : 0)));
      expect(await textOf(page, "snippets")).toContain("PyTorch has no module that computes this cell.");
      expect(name).toBe("tempograd-coupled-lstm-step-300.safetensors");
      await press(page, "reset-training");
      await bring(page, "open", name, bytes);
      await until(page, "status", /^Paused after 300 steps/);
      expect(await numberOf(page, "step")).toBe(300);
    }));

  test("forecasts a series: it is chosen, learned, saved, and opened again", () =>
    onPage("hidden=8&pauseAt=120&steps=24&future=4", async (page) => {
      await button(page, "run");
      await chosen(page, "task", "forecast");
      expect([await heldBy(page, "steps"), await heldBy(page, "future")]).toEqual(["24", "4"]);
      await press(page, "run");
      await until(page, "status", /^Paused after 120 steps/, 90_000);
      expect(await textOf(page, "description")).toMatch(
        /^[\d,]+ steps of load, warmth known ahead, the next 4 forecast from 24/,
      );
      expect(await textOf(page, "baseline")).toContain("repeating the last 24 steps");
      await until(page, "answer", /of 4 steps lie in the band/);
      const lines = () => page.$eval("#answer .middle", (line) => line.getAttribute("d"));
      const first = await lines();
      await press(page, "another");
      await page.waitForFunction(
        (first) => document.querySelector("#answer .middle")!.getAttribute("d") !== first,
        {},
        first,
      );
      const { name, bytes } = await downloaded(page, "save");
      expect(name).toMatch(/^tempograd-\w+-step-120\.safetensors$/);
      const { about } = await readOurCheckpoint(new Uint8Array(bytes));
      const losses = (about as { history: { curves: { loss: number[] } } }).history.curves.loss;
      const mean = (some: readonly number[]) => some.reduce((sum, loss) => sum + loss / some.length, 0);
      expect(mean(losses.slice(-20))).toBeLessThan(0.7 * mean(losses.slice(0, 5)));
      await press(page, "reset-training");
      await bring(page, "open", name, bytes);
      await until(page, "status", /^Paused after 120 steps/);
      expect([await numberOf(page, "step"), await heldBy(page, "task")]).toEqual([120, "forecast"]);
    }));

  test("writes dates by an encoder–decoder: they are chosen, learned, asked, saved, opened again and used elsewhere", () =>
    onPage("hidden=16&batch=8&pauseAt=25", async (page) => {
      await button(page, "run");
      await chosen(page, "task", "dates");
      await page.waitForFunction(`location.hash.startsWith("#task=dates&")`);
      for (const id of ["comparison", "steps", "bidirectional", "checkpointEvery"]) {
        expect(await isSeen(page, id), id).toBe(false);
      }
      expect(await textOf(page, "not-drawn")).toContain("An encoder–decoder goes through two sequences");
      await press(page, "run");
      await until(page, "status", /^Paused after 25 steps/, 90_000);
      expect(await textOf(page, "accuracy-caption")).toContain("Right is a date of which all ten symbols are.");
      expect(await textOf(page, "baseline")).toContain("knowing only how often each symbol is at its place");
      expect(await numberOf(page, "held-out-loss")).toBeLessThan(Math.log(11) - 0.2);
      await enter(page, { question: "3 März" });
      await until(page, "question-error", /has "ä", "z", expected only the \d+ characters/);
      await enter(page, { question: "Tuesday, 3rd of March ’98" });
      await until(page, "answer", /1998-03-03.*among those that it learns from/);
      expect(await page.$$eval("#answer .symbol", ({ length }) => length)).toBe(10);
      await page.$eval("#elsewhere", (details) => details.setAttribute("open", ""));
      const { name, bytes } = await downloaded(page, "save");
      const model = new Uint8Array((await downloaded(page, "save-onnx")).bytes);
      const InferenceSession = { create: () => ort.InferenceSession.create(model) };
      const reached = {
        modules: {
          tempograd: { ...library, openGpu: async () => gpu() },
          "onnxruntime-web": { ...ort, InferenceSession },
        },
        files: { [name]: new Uint8Array(bytes) },
      };
      const [byLibrary] = await run(await linesOf(page, "JavaScript"), reached);
      expect(byLibrary).toMatch(/^[-\d]{10}$/);
      expect(await run(await linesOf(page, "onnxruntime"), reached)).toEqual([byLibrary]);
      expect(await textOf(page, "snippets")).toContain("PyTorch has no module that is an encoder–decoder.");
      await press(page, "reset-training");
      await bring(page, "open", name, bytes);
      await until(page, "status", /^Paused after 25 steps/);
      expect([await numberOf(page, "step"), await heldBy(page, "task")]).toEqual([25, "dates"]);
      await until(page, "answered", /^After 25 steps/);
    }));
});
