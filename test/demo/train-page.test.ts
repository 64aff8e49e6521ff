// The training page: how it trains, and what it says.

import { mkdtemp, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-web";
import { describe, expect, test } from "vitest";
import * as library from "../../src/index";
import { readCheckpoint } from "../../src/index";
import { worstError } from "../numbers";
import { visit } from "../visit";
import { useGpu } from "../workbench";
import { linesOf, run } from "./elsewhere";
import { count, ownText, plain, ready, singleSteps, small, untilStep, useTrainPage } from "./on-train-page";
import { anotherGpu, bring, button, choose, downloaded, enter, isSeen, numberOf, press, textOf, until } from "./page";

const gpu = useGpu();

test("says so plainly where the browser has no adapter, and computes on the processor", () =>
  visit(
    "train/",
    async (page) => {
      await page.waitForSelector("#processor:not([hidden])");
      expect(await textOf(page, "processor-text")).toMatch(/found no graphics adapter.*on the processor instead/);
      await button(page, "run");
    },
    anotherGpu("{ requestAdapter: async () => null }"),
  ));

describe("on one page, the training page", () => {
  const onSharedPage = useTrainPage();
  const address = `${small}&${plain}`;

  test("steps once, goes on where it paused, and repeats its losses after a reset", () =>
    onSharedPage(address, async (page) => {
      await ready(page);
      const losses = await singleSteps(page, 3);
      expect(await numberOf(page, "step")).toBe(3);
      await press(page, "run");
      await untilStep(page, 20);
      await press(page, "run");
      await until(page, "status", /^Paused after/);
      const paused = await numberOf(page, "step");
      await singleSteps(page, 1);
      expect(await numberOf(page, "step")).toBe(paused + 1);
      expect(await textOf(page, "run")).toBe("Go on");
      await press(page, "run");
      await untilStep(page, paused + 20);
      await press(page, "reset-training");
      await button(page, "single-step");
      expect(await numberOf(page, "step")).toBe(0);
      expect(await singleSteps(page, 3)).toEqual(losses);
      const names = await page.$$eval("#runs input[type=text]", (inputs) => inputs.map(({ value }) => value));
      expect(names).toEqual(["Elman 16 · SGD 0.5 (2)", "Elman 16 · SGD 0.5"]);
    }));

  test("refuses a text or a file that is too large at once, by name, and keeps what was there", () =>
    onSharedPage(address, async (page) => {
      await ready(page);
      const refused = await page.$eval("#text", (area) => {
        const data = "The sea was calm. ".repeat(1.2e6);
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", data);
        const copied = { clipboardData, data, dataType: "text/plain", cancelable: true }; // Firefox reads the latter two
        const pasted = new ClipboardEvent("paste", copied);
        const dropped = new InputEvent("beforeinput", { data, inputType: "insertFromDrop", cancelable: true });
        return [pasted, dropped].map((event) => !area.dispatchEvent(event));
      });
      expect(refused).toEqual([true, true]);
      await until(page, "text-error", /^That is 21,600,000 characters. Take 20 million at most/, 10_000);
      expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toBe(ownText);
      const path = join(await mkdtemp(join(tmpdir(), "tempograd-file-")), "huge.txt");
      await writeFile(path, "");
      await truncate(path, 600e6);
      await choose(page, "file", path);
      await until(page, "text-error", /^huge.txt: has 600 MB, expected 100 MB at most; take a part of it/, 10_000);
      expect(await textOf(page, "own-name")).toBe("your text, 2,440 characters");
    }));

  test("changes a training by the live settings alone, not by a preset, a link or a place in the page", () =>
    onSharedPage(address, async (page) => {
      await ready(page);
      const losses = await singleSteps(page, 3);
      await press(page, "reset-training");
      const again = await singleSteps(page, 2);
      await (await page.$("#preset"))!.select("1");
      expect(await page.$eval("label[for=learningRate]", (label) => label.textContent)).toContain("after a reset");
      await page.evaluate(() => document.querySelector<HTMLElement>(".skip")!.click());
      expect(await page.$eval("#hidden", (input) => (input as HTMLInputElement).value)).toBe("256");
      again.push(...(await singleSteps(page, 1)));
      expect(again).toEqual(losses);
    }));

  test("pauses in a hidden tab where it shall, and goes on when it is seen again", () =>
    onSharedPage(address, async (page) => {
      const hide = (hidden: boolean) =>
        page.evaluate((hidden: boolean) => {
          Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }, hidden);
      await ready(page);
      await press(page, "run");
      await untilStep(page, 10);
      await hide(true);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await textOf(page, "status")).toBe("Training.");
      await hide(false);
      await (await page.$("#hiddenTab"))!.select("pause");
      await hide(true);
      await until(page, "status", /^Paused after/);
      await hide(false);
      await until(page, "status", /^Training/);
    }));

  test("takes live settings while it trains, and says what needs a reset", () =>
    onSharedPage(address, async (page) => {
      await ready(page);
      await page.evaluate(() => {
        document.getElementById("single-step")!.click();
        const learningRate = document.getElementById("learningRate") as HTMLInputElement;
        learningRate.value = "0"; // while the network is prepared
        learningRate.dispatchEvent(new Event("input", { bubbles: true }));
      });
      await until(page, "status", /^Paused after 1 step/);
      expect(await textOf(page, "pending")).toBe("");
      await enter(page, { hidden: "20" });
      expect(await textOf(page, "pending")).toBe("One change needs a reset, and a new start.");
      expect(await page.$eval("label[for=hidden]", (label) => label.textContent)).toBe("Hidden units after a reset");
      await enter(page, { learningRate: "1e30", hidden: "16" });
      expect(await isSeen(page, "learningRate-error")).toBe(true);
      await enter(page, { learningRate: "100" });
      expect(await isSeen(page, "learningRate-error")).toBe(false);
      const before = await numberOf(page, "training-loss");
      expect((await singleSteps(page, 4)).at(-1)).toBeGreaterThan(before + 1);
      await enter(page, { learningRate: "0.01", pauseAt: "40", prompt: "The 船captain" });
      await press(page, "run");
      await until(page, "status", /^Paused after 40 steps/);
      expect(await page.$eval(".sample blockquote", (quote) => quote.textContent)).toMatch(/^The captain/);
      const marks = await page.$$eval(".sample [data-surprise]", (marks) =>
        marks.map((mark) => (mark as HTMLElement).title),
      );
      expect(marks[0]).toMatch(/^h: [\d.]+% likely, [\d.]+ nats of surprise$/);

      await enter(page, { prompt: "The ship" });
      await page.waitForFunction(`document.querySelector(".sample blockquote").textContent.startsWith("The ship")`);
      await enter(page, { question: "The captai" });
      await until(page, "answered", /^After 40 steps, in [\d,]+ ms\.$/);
      // A press lasts: what is answered meanwhile is shown after it.
      await page.locator("#answer button").hover();
      await page.mouse.down();
      const [piece, share] = await page.$eval("#answer button", (first) => {
        document.getElementById("question")!.dispatchEvent(new Event("input"));
        return [first.dataset.piece!, Number.parseFloat(first.textContent.split(": ")[1]!)] as const;
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await page.mouse.up();
      expect(await page.$eval("#question", (area) => (area as HTMLTextAreaElement).value)).toBe(`The captai${piece}`);
      await press(page, "write");
      await page.waitForFunction(`document.getElementById("question").value.length === 211`);
      expect(share).toBeGreaterThan(0);

      await enter(page, { pauseAt: "" });
      await press(page, "run");
      await untilStep(page, 45);
      await enter(page, { question: "The s" });
      await page.waitForFunction(
        `Number(/After ([\\d,]+)/.exec(document.getElementById("answered").textContent)?.[1].replaceAll(",", "")) > 44`,
      );
      expect(await textOf(page, "status")).toBe("Training.");
      await press(page, "run");
      await until(page, "status", /^Paused after/);
      const files: Record<string, Uint8Array<ArrayBuffer>> = {};
      for (const id of ["save", "save-onnx"]) {
        await page.$eval("#elsewhere", (details) => details.setAttribute("open", ""));
        const { name, bytes } = await downloaded(page, id);
        files[name] = new Uint8Array(bytes);
      }
      const openGpu = async () => gpu();
      const InferenceSession = { create: (name: string) => ort.InferenceSession.create(files[name]!) };
      const reached = {
        modules: { tempograd: { ...library, openGpu }, "onnxruntime-web": { ...ort, InferenceSession } },
        files,
      };
      const [prediction] = (await run(await linesOf(page, "JavaScript"), reached)) as [{ probabilities: Float32Array }];
      const [byOnnx] = (await run(await linesOf(page, "onnxruntime"), reached)) as [Float32Array];
      expect(prediction.probabilities).toHaveLength(12 * new Set(ownText).size);
      expect(worstError(byOnnx, prediction.probabilities)).toBeLessThan(1e-4); // steps of 100 left large weights
    }));

  test("says beside the control what is wrong, keeps what was entered, and shows text as text", () =>
    onSharedPage(address, async (page) => {
      await ready(page, "Too short. <b>Really</b>");
      await enter(page, { steps: "64", hidden: "0" });
      await press(page, "run");
      expect(await textOf(page, "hidden-error")).toBe("Enter a whole number from 1 to 2,048.");
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("hidden");
      await enter(page, { hidden: "16" });
      await press(page, "run");
      await until(page, "failure", /^The text has 24 characters; 74 or more are needed for 64 time steps/);
      await enter(page, { steps: "8" });
      expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toContain("<b>Really</b>");
      await press(page, "run");
      await untilStep(page, 20);
      expect(await page.$$eval(".sample b", (found) => found.length)).toBe(0);
      expect(await isSeen(page, "failure")).toBe(false);
    }));

  test("says where a training comes to no numbers, and goes on from before with smaller steps", () =>
    onSharedPage(
      `data=adding&cell=elman&hidden=16&batch=4&steps=8&optimizer=sgd&learningRate=0.01&clipNorm=none`,
      async (page) => {
        await button(page, "run");
        await press(page, "run");
        await until(page, "saved", /^Kept in this browser at step [1-9]/);
        await enter(page, { learningRate: "100" });
        await until(
          page,
          "failure",
          /^The loss of step [\d,]+ or its gradients are not finite: the steps are too large/,
        );
        await until(page, "status", /^Paused after [1-9]/);
        expect(await textOf(page, "failure")).toContain(`as it was at step ${count(await numberOf(page, "step"))}:`);
        const { bytes } = await downloaded(page, "save");
        const { parameters } = await readCheckpoint(new Uint8Array(bytes));
        for (const { data } of parameters.values()) expect(data.every(Number.isFinite)).toBe(true);
        const step = await numberOf(page, "step");
        await enter(page, { learningRate: "0.01" });
        await press(page, "run");
        expect(await isSeen(page, "failure")).toBe(false);
        await untilStep(page, step + 20);
        expect(await numberOf(page, "training-loss")).toBeLessThan(10);
      },
    ));

  test("learns to tell sequences of a visitor's file apart, and says what is wrong with another", () =>
    onSharedPage("cell=gru&hidden=16&batch=16&steps=12&pauseAt=200", async (page) => {
      await button(page, "run");
      const rows = Array.from({ length: 200 }, (_, i) => {
        const noise = (t: number) => Math.sin(37 * i + 11 * t) / 4;
        const values = Array.from({ length: 12 }, (_, t) => (i % 2 === 0 ? t : 11 - t) / 12 + noise(t));
        return [i % 2 === 0 ? "rising" : "falling", ...values.map((value) => value.toFixed(3))].join(",");
      });
      await bring(page, "file", "waves.csv", rows.join("\n"));
      await until(page, "own-name", /^waves.csv, [\d,]+ characters/);
      expect(await page.$eval("#task", (select) => (select as HTMLSelectElement).value)).toBe("classify");
      await press(page, "run");
      await until(page, "status", /^Paused after 200 steps/, 60_000);
      expect(await textOf(page, "description")).toContain("200 in 2 classes (falling, rising), 20 held out");
      expect(await textOf(page, "baseline")).toContain("always guessing the largest class");
      expect(Number.parseFloat(await textOf(page, "accuracy"))).toBeGreaterThan(90);
      expect(await textOf(page, "accuracy-caption")).toContain("always guessing the largest class");
      expect(await isSeen(page, "writing")).toBe(false);
      await until(page, "answer", /Held out; it is (rising|falling)/);
      await enter(page, { question: "0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1" });
      await until(page, "answer", /^rising[\d.]+%falling/);
      await enter(page, { question: "0, x" });
      await until(page, "question-error", /has "x", expected numbers with commas between/);
      await press(page, "test");
      await until(page, "tested", /(1[89]|20) of 20 held-out ones are right/);
      const matrix = await page.$$eval("#tested td.right", (cells) => cells.map((cell) => Number(cell.textContent)));
      expect(matrix.reduce((sum, count) => sum + count)).toBe(
        Number(/(\d+) of 20/.exec(await textOf(page, "tested"))![1]),
      );
      await until(page, "unrolled", /The loss/);
      await press(page, "reset-training");
      await bring(page, "file", "waves.csv", rows.join("\n").replace("0.", "?."));
      await until(
        page,
        "brought-made",
        /1 of 200 rows left out, which cannot be used \(row 1: value \d is "\?\.\d+"\)/,
      );
      await bring(page, "file", "torn.csv", rows.map((row, i) => (i % 3 ? row : row.replace("0.", "?."))).join("\n"));
      await until(
        page,
        "text-error",
        /^torn\.csv: 67 of 200 rows cannot be used \(row 1: value \d is "\?\.\d+"; row 4: /,
      );
      expect(await textOf(page, "own-name")).toMatch(/^waves\.csv/);
    }));
});
