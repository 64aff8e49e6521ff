import { readFileSync } from "node:fs";
import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { type Recording, readRecording } from "../../demo/terminal/recording-file";
import { drawnParameters } from "../../demo/walkthrough/engine";
import { exampleOf, iLikeNlp, letters, valuesOnReference } from "../../demo/walkthrough/example";
import { learningRates, lesson } from "../../demo/walkthrough/learning-rates";
import { recordedSizes, recordedWeights } from "../../demo/walkthrough/recorded-weights";
import { convergedLoss } from "../../demo/walkthrough/walk";
import {
  fromPyTorch,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  type TensorData,
} from "../../src/index";
import { usePage, visit } from "../visit";
import { barriers, button, emulate, press, textOf } from "./page";

const path = "walkthrough/";
const { "layer0.recurrentBias": _, ...lettersOfElman } = letters;
const recording = readRecording(
  readFileSync(new URL("../recordings/i-like-nlp.safetensors", import.meta.url)),
) as Recording;

/** The recording's parameters, or what it has beside them, by this library's names. */
function recorded(prefix: string): Map<string, { data: Float32Array }> {
  const named = [...recording.tensors].flatMap(([name, tensor]): [string, TensorData][] =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
  );
  return fromPyTorch(new Map(named));
}

const begun = (page: Page) => button(page, "round");

/** Sets a control as its visitor would: with events of input and of change. */
async function enter(page: Page, id: string, value: string): Promise<void> {
  await page.$eval(
    `#${id}`,
    (control, entered) => {
      (control as HTMLInputElement).value = entered;
      for (const type of ["input", "change"]) control.dispatchEvent(new Event(type, { bubbles: true }));
    },
    value,
  );
}

const stageCount = (page: Page) => page.$$eval("#stages button", ({ length }) => length);
const place = async (page: Page) => Number((await textOf(page, "stage-place")).match(/\d+/)?.[0]);

async function openStage(page: Page, number: number): Promise<void> {
  await page.$eval(`#stages li:nth-child(${number}) button`, (found) => (found as HTMLButtonElement).click());
}

/** The matrices of the stage that is shown, with the numbers' full precision. */
async function shownMatrices(page: Page): Promise<Record<string, number[]>> {
  return page.$$eval("#equations figure", (figures) =>
    Object.fromEntries(
      figures.map((figure) => [
        figure.dataset.name,
        [...figure.querySelectorAll<HTMLElement>("[data-value]")].map(({ dataset }) => Number(dataset.value)),
      ]),
    ),
  );
}

/** The matrices of all stages. */
async function allMatrices(page: Page): Promise<Record<string, number[]>> {
  const all: Record<string, number[]> = {};
  for (let stage = 1; stage <= (await stageCount(page)); stage++) {
    await openStage(page, stage);
    Object.assign(all, await shownMatrices(page));
  }
  return all;
}

function expectClose(got: readonly number[] | undefined, expected: ArrayLike<number>): void {
  expect(got).toHaveLength(expected.length);
  for (const [i, value] of got!.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6);
}

/** What the recording has of one round: forward, backward. */
function expectRecorded(shown: Record<string, number[]>): void {
  const { steps, network, tensors } = recording;
  const slab = (name: string, t: number, width: number) => tensors.get(name)!.data.slice((t - 1) * width, t * width);
  for (let t = 1; t <= steps; t++) {
    expectClose(shown[`x_${t}`], slab("inputs", t, network.inputs));
    expectClose(shown[`h_${t}`], slab("expected.outputs", t, network.hidden));
    expectClose(shown[`dh_${t}`], slab("grad.hidden", t, network.hidden));
  }
  expectClose(shown.o, tensors.get("expected.logits")!.data);
  expectClose(shown.ŷ, tensors.get("expected.probabilities")!.data);
  expectClose(shown.L, tensors.get("expected.loss")!.data);
  const [initial, gradients] = [recorded(""), recorded("grad.")];
  for (const [name, letter] of Object.entries(lettersOfElman)) {
    expectClose(shown[letter], initial.get(name)!.data);
    expectClose(shown[`d${letter}`], gradients.get(name)!.data);
  }
  const contributions = ["x_1ᵀ·da_1", "x_2ᵀ·da_2", "x_3ᵀ·da_3"].map((name) => shown[name]!);
  expectClose(
    contributions[0]!.map((_, i) => contributions.reduce((sum, matrix) => sum + matrix[i]!, 0)),
    gradients.get("layer0.inputWeight")!.data,
  );
}

/** Goes to the address without settings, from one of another number of steps. */
async function beginAnew(page: Page): Promise<void> {
  await page.evaluate(`location.hash = ""`);
  await page.waitForFunction(`/^Stage 1 of 15/.test(document.getElementById("status").textContent)`);
}

describe("the walkthrough", () => {
  test("begins with the weights of the recording", () => {
    const { inputs, hidden, outputs } = recording.network;
    expect(recordedSizes).toEqual({ inputs, hidden, outputs });
    const initial = recorded("");
    for (const [name, values] of Object.entries(recordedWeights())) {
      expect([...values]).toEqual([...initial.get(name)!.data]);
    }
    expect(Object.keys(recordedWeights()).sort()).toEqual([...initial.keys()].sort());
  });

  test("says of the three learning rates what is so", () => {
    const data = { ...lesson.batch, ...lesson.shape };
    const parameters = Object.fromEntries(learningRates.map((rate) => [rate, recordedWeights()]));
    const train = (learningRate: number) =>
      referenceTrainStep(
        lesson.config,
        parameters[learningRate]!,
        data,
        referenceOptimizer({ kind: "sgd", learningRate }),
      );
    const [slow, good, unstable] = learningRates;
    const roundsUntilLearned = (rate: number) => {
      let rounds = 0;
      while (train(rate).loss >= convergedLoss) rounds++;
      return rounds;
    };
    expect(Math.round(roundsUntilLearned(slow) / 1000)).toBe(31);
    expect(roundsUntilLearned(good)).toBe(29);
    for (let round = 1; round <= 10; round++) train(unstable);
    const states = referenceForward(lesson.config, parameters[unstable]!, data).finalState;
    expectClose([...states.slice(0, 4)], states.slice(4));
    expect(Math.min(...states.map(Math.abs))).toBeGreaterThan(0.9999);
  });

  test("runs on the reference where the browser has no WebGPU, with the same numbers", () =>
    visit(
      path,
      async (page) => {
        await begun(page);
        expect(await textOf(page, "notice")).toMatch(/^This browser has no WebGPU.*float64 reference instead/);
        expectRecorded(await allMatrices(page));
        expect(await textOf(page, "agreement")).toBe("All numbers are the float64 reference’s own.");
        await press(page, "converge");
        await page.waitForFunction(`/^Converged/.test(document.getElementById("progress").textContent)`);
      },
      `Object.defineProperty(navigator, "gpu", { value: undefined })`,
    ));

  test("goes on with the reference where the device is lost in mid-run, from the round that was shown", () =>
    visit(
      path,
      async (page) => {
        await begun(page);
        await page.waitForSelector("#rates-table .number");
        await press(page, "round");
        await page.waitForFunction(`document.getElementById("rounds").textContent === "1"`);
        const loss = await textOf(page, "loss");
        await enter(page, "learning-rate", "-4");
        await press(page, "converge");
        await page.waitForFunction(`Number(document.getElementById("rounds").textContent.replace(",", "")) > 20`);
        await page.evaluate("device.destroy()");
        await page.waitForSelector("#notice:not([hidden])");
        await page.waitForFunction(`/reference’s own/.test(document.getElementById("agreement").textContent)`);
        expect(await textOf(page, "rounds")).toBe("1");
        expect(await textOf(page, "loss")).toBe(loss);
        await press(page, "round");
        await page.waitForFunction(`document.getElementById("rounds").textContent === "2"`);
      },
      `const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = async function (...options) {
        return (window.device = await requestDevice.apply(this, options));
      };`,
    ));
});

// On one page: each test goes on where the one before left it.
describe("the walkthrough, as its visitor goes on,", () => {
  const onPage = usePage(path);

  test("shows the numbers that PyTorch computed: forward, backward, and after five rounds", () =>
    onPage(async (page) => {
      await begun(page);
      expectRecorded(await allMatrices(page));
      expect(await textOf(page, "agreement")).toMatch(/^✓ All \d+ numbers of this round agree with the float64/);
      expect(await page.$$eval(".mark", (marks) => marks.every(({ textContent }) => /^✓/.test(textContent!)))).toBe(
        true,
      );

      await enter(page, "learning-rate", "-3");
      await page.waitForFunction(`document.getElementById("learning-rate-value").textContent === "0.001"`);
      await openStage(page, 6);
      for (const expected of recording.tensors.get("expected.losses")!.data) {
        expectClose((await shownMatrices(page)).L, [expected]);
        const before = Number(await textOf(page, "rounds"));
        await press(page, "round");
        await page.waitForFunction(`document.getElementById("rounds").textContent === "${before + 1}"`);
      }
      await openStage(page, 1);
      const after = recorded("after.");
      const shown = await shownMatrices(page);
      for (const [name, letter] of Object.entries(lettersOfElman)) expectClose(shown[letter], after.get(name)!.data);
    }));

  test("runs until it converges, and goes back to the initial weights", () =>
    onPage(async (page) => {
      await press(page, "reset");
      await page.waitForFunction(`document.getElementById("rounds").textContent === "0"`);
      await enter(page, "learning-rate", "-1");
      await page.waitForFunction(`document.getElementById("learning-rate-value").textContent === "0.1"`);
      const first = await textOf(page, "loss");
      await press(page, "converge");
      await page.waitForFunction(`/^Converged/.test(document.getElementById("progress").textContent)`);
      const done = Number(await textOf(page, "rounds"));
      expect(await textOf(page, "progress")).toBe(
        `Converged: the loss is below 0.01 after 148 rounds${done > 148 ? `; ${done} are done` : ""}.`,
      );
      expect(Number(await textOf(page, "loss"))).toBeLessThan(0.01);
      expect(parseFloat(await textOf(page, "probability"))).toBeGreaterThan(99);
      expect(await textOf(page, "agreement")).toMatch(/^✓/);
      await press(page, "reset");
      await page.waitForFunction(`document.getElementById("rounds").textContent === "0"`);
      expect(await textOf(page, "loss")).toBe(first);

      await enter(page, "learning-rate", "-4");
      await press(page, "converge");
      await page.waitForFunction(`Number(document.getElementById("rounds").textContent.replace(",", "")) > 20`);
      await press(page, "converge");
      await page.waitForFunction(`/^Stopped after/.test(document.getElementById("progress").textContent)`);
    }));

  test("goes from stage to stage and back, with buttons and with keys", () =>
    onPage(async (page) => {
      await begun(page);
      const count = await stageCount(page);
      expect(count).toBe(15);
      expect(await page.$("#back:disabled")).not.toBeNull();
      await press(page, "next");
      expect(await textOf(page, "stage-title")).toBe("Hidden state after “I”");
      expect(await textOf(page, "status")).toBe("Stage 2 of 15 · Forward: Hidden state after “I”");
      expect(await page.$eval("#stages [aria-current=step]", ({ ariaLabel }) => ariaLabel)).toMatch(/^h₁: /);
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowLeft");
      expect(await place(page)).toBe(3);
      await press(page, "back");
      expect(await place(page)).toBe(2);
      await openStage(page, count);
      expect(await page.$("#next:disabled")).not.toBeNull();
      const { W, α·dW: step, "W′": updated } = await shownMatrices(page);
      expectClose(
        updated,
        W!.map((value, i) => value - step![i]!),
      );
    }));

  test("says beside the control what is wrong, and keeps what it showed", () =>
    onPage(async (page) => {
      await begun(page);
      await enter(page, "sentence", "one two three four five six seven eight nine");
      expect(await textOf(page, "sentence-error")).toBe("These are 9 words; enter 8 at most.");
      await enter(page, "sentence", "  ");
      expect(await textOf(page, "sentence-error")).toBe("Enter a word, or up to 8.");
      await enter(page, "hidden", "9");
      expect(await textOf(page, "hidden-error")).toBe("Enter a whole number from 1 to 8.");
      expect(await stageCount(page)).toBe(15);
      await enter(page, "sentence", "I like NLP");
      await enter(page, "hidden", "4");
      expect(await page.$(".error:not([hidden])")).toBeNull();
    }));

  test("shows a learning rate that is slow, one that is good, and one that is unstable", () =>
    onPage(async (page) => {
      await page.waitForSelector("#rates-table .number");
      const rows = await page.$$eval("#rates-table tr", (found) =>
        found.map((row) => [...row.querySelectorAll(".number")].map(({ textContent }) => parseFloat(textContent!))),
      );
      const [slow, good, unstable] = rows as [
        [number, number, number],
        [number, number, number],
        [number, number, number],
      ];
      const [first] = slow;
      expect([good[0], unstable[0]]).toEqual([first, first]);
      expect(slow[1]).toBeLessThan(first);
      expect(slow[1]).toBeGreaterThan(0.95 * first);
      expect(good[1]).toBeLessThan(0.01);
      expect(unstable[1]).toBeGreaterThan(first);
      expect(slow[2] + good[2]).toBe(0);
      expect(unstable[2]).toBeGreaterThan(20);
    }));

  test("opens the state of an address, and Back goes back a stage", () =>
    onPage(async (page) => {
      const at = (pattern: RegExp) =>
        page.waitForFunction(
          (source: string) => new RegExp(source).test(document.getElementById("status")!.textContent!),
          {},
          pattern.source,
        );
      await page.evaluate(`location.hash = "sentence=a+b+c&answer=d&cell=gru&hidden=3&seed=7&alpha=0.018&stage=4"`);
      await at(/^Stage 4 of 21/);
      const value = (id: string) => page.$eval(`#${id}`, (control) => (control as HTMLInputElement).value);
      const ids = ["sentence", "answer", "cell", "hidden", "seed"];
      expect(await Promise.all(ids.map(value))).toEqual(["a b c", "d", "gru", "3", "7"]);
      expect(await textOf(page, "learning-rate-value")).toBe("0.018");
      expect(await page.evaluate("location.hash")).toMatch(/cell=gru.*stage=4$/);
      await press(page, "next");
      await press(page, "next");
      expect(await page.evaluate("location.hash")).toMatch(/stage=6$/);
      await page.evaluate("history.back()");
      await at(/^Stage 5 of 21/);
      await page.keyboard.press("End");
      await at(/^Stage 21 of 21/);
      await page.keyboard.press("Home");
      await at(/^Stage 1 of 21/);
    }));

  test("names in the address what is shown, not what is asked for", () =>
    onPage(async (page) => {
      const asked = await page.evaluate(() => {
        const cell = document.getElementById("cell") as HTMLSelectElement;
        cell.value = "lstm";
        cell.dispatchEvent(new Event("change", { bubbles: true }));
        document.getElementById("next")!.click();
        return location.hash;
      });
      expect(asked).toMatch(/cell=gru.*stage=2$/);
      await page.waitForFunction(`/cell=lstm/.test(location.hash)`);
      expect(await page.$eval("#diagram svg", ({ ariaLabel }) => ariaLabel)).toMatch(/^The LSTM/);
    }));

  test.each(["lstm", "gru"] as const)(
    "shows the reference's numbers of every gate and state, %s, and stays on one screen",
    (cell) =>
      onPage(async (page) => {
        await begun(page);
        await page.evaluate(`location.hash = "answer=NLP&cell=${cell}&seed=7&stage=3"`);
        await page.waitForFunction(`/^Stage 3 of 21/.test(document.getElementById("status").textContent)`);
        expect(await textOf(page, "agreement")).toMatch(/^✓/);
        const shown: Record<string, number[]> = {};
        const sizes = [
          [1280, 800],
          [1920, 1080],
          [390, 844],
          [844, 390],
        ] as const;
        for (let stage = 1; stage <= 21; stage++) {
          const [width, height] = sizes[Math.floor((stage - 1) / 6)]!;
          if (stage % 6 === 1) await page.setViewport({ width, height });
          await page.evaluate("scrollTo(0, 0)"); // what was pressed before may be further down
          await openStage(page, stage);
          Object.assign(shown, await shownMatrices(page));
          const edges = await page.$$eval("#diagram, #back, #next, #play", (found) =>
            found.map((it) => [it.getBoundingClientRect().top, it.getBoundingClientRect().bottom]),
          );
          expect(edges).toHaveLength(4);
          expect(Math.min(...edges.flat())).toBeGreaterThanOrEqual(0);
          expect(Math.max(...edges.flat())).toBeLessThanOrEqual(height);
        }
        const example = exampleOf([{ words: iLikeNlp, target: 2 }], { hidden: 4, seed: 7, cell });
        const parameters = drawnParameters(example);
        const { hidden, cellStates, dHidden, gradients, loss } = valuesOnReference(example, parameters);
        for (let t = 1; t <= 3; t++) {
          const slab = (values: ArrayLike<number>) => Array.from(values).slice(4 * t, 4 * t + 4);
          expectClose(shown[`h_${t}`], slab(hidden));
          expectClose(shown[`dh_${t}`], slab(dHidden));
          if (cellStates) expectClose(shown[`c_${t}`], slab(cellStates));
        }
        expectClose(shown.L, loss);
        const gates = { lstm: ["i", "f", "g", "o"], gru: ["r", "z", "n"] }[cell];
        for (const [name, letter] of Object.entries({
          "layer0.inputWeight": "dW",
          "layer0.recurrentWeight": "dWʰ",
          "layer0.bias": "db",
        })) {
          for (const [i, gate] of gates.entries()) {
            expectClose(
              shown[`${letter}_${gate}`],
              gradients[name]!.filter((_, at) => Math.floor(at / 4) % gates.length === i),
            );
          }
        }
      }),
  );

  test("plays by itself to the end, and prints all stages", () =>
    onPage(async (page) => {
      await page.setViewport({ width: 1280, height: 800 });
      await page.select("#speed", "1");
      await openStage(page, 20);
      await press(page, "play");
      expect(await textOf(page, "play")).toBe("Pause");
      await page.waitForFunction(`/^Stage 21/.test(document.getElementById("status").textContent)`);
      expect(await textOf(page, "play")).toBe("Play");
      await emulate(page, { type: "print" });
      await page.waitForFunction(`document.querySelectorAll("#sheet article").length === 21`);
      expect(await page.$eval("#sheet", (sheet) => sheet.checkVisibility())).toBe(true);
      expect(await page.$eval("#stage", (stage) => stage.checkVisibility())).toBe(false);
      await emulate(page, { type: "screen" });
      await page.waitForFunction(`document.querySelectorAll("#sheet article").length === 0`);
    }));

  test("has α's labels below their places", () =>
    onPage(async (page) => {
      const off = await page.$eval("#learning-rate", (slider) => {
        const { left, width } = slider.getBoundingClientRect();
        return [...document.querySelectorAll(".scale span")].map((label, i) => {
          const box = label.getBoundingClientRect();
          return Math.abs((box.left + box.right) / 2 - (left + 8 + (i * (width - 16)) / 5));
        });
      });
      expect(Math.max(...off)).toBeLessThan(2);
    }));

  test.each(["light", "dark"] as const)("has nothing that axe finds wrong, %s", (scheme) =>
    onPage(async (page) => {
      await page.waitForSelector("#rates-table .number");
      for (const [stage, width] of [
        [1, 1280],
        [3, 360],
        [12, 1280],
        [15, 360],
      ] as const) {
        await page.setViewport({ width, height: 900 });
        await openStage(page, stage);
        expect(await barriers(page, scheme)).toEqual([]);
      }
    }),
  );

  test("never scrolls sideways on a phone, but for its wide matrices, which the keyboard reaches", () =>
    onPage(async (page) => {
      await page.setViewport({ width: 360, height: 740 });
      await begun(page);
      await enter(page, "cell", "elman");
      await enter(page, "hidden", "8");
      await enter(page, "sentence", "one two three four five six incomprehensibilities eight");
      await page.waitForFunction(`document.querySelectorAll("#sharing td").length === 50`);
      for (let stage = 1; stage <= (await stageCount(page)); stage++) {
        await openStage(page, stage);
        expect(
          await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
        ).toBe(true);
        const unreachable = await page.$$eval(
          "div.scroller",
          (scrollers) =>
            scrollers.filter((it) => it.scrollWidth > it.clientWidth + 1 && (it.tabIndex !== 0 || !it.ariaLabel))
              .length,
        );
        expect(unreachable).toBe(0);
      }
    }));

  test("takes any sentence, as text alone, with repeated words alike", () =>
    onPage(async (page) => {
      await beginAnew(page);
      await enter(page, "sentence", "the <b>cat</b> saw the mouse");
      await page.waitForFunction(`document.querySelectorAll("#stages button").length === 19`);
      const shown = await allMatrices(page);
      expect(shown.x_1).toEqual([1, 0, 0, 0]);
      expect(shown.x_4).toEqual(shown.x_1);
      expect(await page.$("main b")).toBeNull();
      expect(await page.$$eval("#words option", (options) => options.map(({ value }) => value))).toEqual([
        "the",
        "<b>cat</b>",
        "saw",
        "mouse",
      ]);
      expect(await page.$("#weights-hint:not([hidden])")).not.toBeNull();
      expect(await textOf(page, "agreement")).toMatch(/^✓/);

      await enter(page, "hidden", "8");
      await page.waitForFunction(`document.querySelectorAll("#sharing td").length === 35`);
      await enter(page, "answer", "mouse");
      await openStage(page, 9);
      await page.waitForFunction(`document.querySelector("[data-name=y] td:last-child")?.textContent === "1.0000"`);
      const drawn = await textOf(page, "loss");
      await enter(page, "seed", "2");
      await page.waitForFunction(`document.getElementById("loss").textContent !== "${drawn}"`);

      await enter(page, "sentence", "Hello");
      await page.waitForFunction(`document.querySelectorAll("#stages button").length === 11`);
      expect(
        Object.values(await allMatrices(page))
          .flat()
          .every(Number.isFinite),
      ).toBe(true);
      expect(await textOf(page, "agreement")).toMatch(/^✓/);
    }));
});
