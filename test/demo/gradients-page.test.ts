// Why gradients shrink: what the page computes beside the reference, and the page at work.

import type { Page } from "puppeteer";
import { afterAll, describe, expect, test } from "vitest";
import { cutWork, lossOf } from "../../demo/gradients/cuts";
import { alone, type Descent, elmanDescent, lstmDescent, meanFactor, worstStep } from "../../demo/gradients/descent";
import { type Engine, GpuEngine, gradientNorm, referenceEngine } from "../../demo/gradients/engine";
import { echoes, everyStepWork, hidden, lastStepWork, type Work } from "../../demo/gradients/networks";
import { choices, fromAddress, initialSettings, type Settings, toAddress } from "../../demo/gradients/settings";
import { norm, spectralRadius } from "../../demo/gradients/spectrum";
import { clipText, cutText, fateOf, fateText, ratioText, trainingText } from "../../demo/gradients/words";
import { referenceBackward, referenceForward } from "../../src/index";
import { worstError } from "../numbers";
import { usePage, visit } from "../visit";
import { useGpu } from "../workbench";
import { barriers, press, textOf, until } from "./page";

const set = (more: Partial<Settings>): Settings => ({ ...initialSettings, ...more });

describe("the settings", () => {
  test("come back from an address, each of them", () => {
    expect(toAddress(initialSettings)).toBe("");
    for (const [name, values] of Object.entries(choices)) {
      for (const value of values) {
        const settings = set({ [name]: value });
        expect(fromAddress(toAddress(settings))).toEqual({ settings, ignored: [] });
      }
    }
    const all = set({ size: 2, steps: 40, input: 0, seed: 7, clip: 10, forget: -4, every: 1, distance: 8 });
    expect(fromAddress(`#${toAddress(all)}`)).toEqual({ settings: all, ignored: [] });
  });

  test("are the nearest to what an address says, and what is none of them is told", () => {
    const { settings, ignored } = fromAddress("#size=0.6&steps=1000&every=&toString=1&input=NaN&clip=0.1");
    expect(settings).toEqual(set({ size: 0.595 }));
    expect(ignored).toEqual(["steps=1000", "every=", "toString=1", "input=NaN"]);
  });
});

test("a spectral radius is the largest modulus of the eigenvalues, whatever the matrix", () => {
  expect(spectralRadius([0.5, 0, 0, -3])).toBeCloseTo(3, 6);
  expect(spectralRadius([0, -2, 2, 0])).toBeCloseTo(2, 6); // ±2i
  expect(spectralRadius([0.7, 100, 0, 0.7])).toBeCloseTo(0.7, 5); // no two eigenvectors
  expect(spectralRadius([0, 1, 0, 0])).toBe(0);
  for (const size of [0.125, 1, 16]) {
    const weight = lastStepWork("elman", set({ size })).parameters["layer0.recurrentWeight"]!;
    expect(spectralRadius(weight) / size).toBeCloseTo(1, 5);
  }
});

test("a stream asks for what came so many steps ago, from batch to batch", () => {
  const [steps, batch, distance] = [5, 3, 4];
  const read: number[][] = Array.from({ length: batch }, () => []);
  const asked: number[][] = Array.from({ length: batch }, () => []);
  const source = echoes({ steps, batch, distance, seed: 3 });
  for (let n = 0; n < 4; n++) {
    const { inputs, targets } = source.next().value!;
    for (const [at, value] of inputs.entries()) {
      read[at % batch]!.push(value);
      asked[at % batch]!.push(targets[at]!);
    }
  }
  for (const [row, signs] of read.entries()) {
    expect(asked[row]).toEqual(signs.map((_, t) => (signs[t - distance]! < 0 ? 1 : 0)));
    expect(new Set(signs)).toEqual(new Set([1, -1]));
  }
});

describe("what the page computes on the GPU", () => {
  const gpu = useGpu();
  let made: GpuEngine | undefined;
  const engine = (): Engine => {
    made ??= new GpuEngine(gpu());
    return made;
  };
  afterAll(() => made?.destroy());

  const elman = async (on: Engine, settings: Settings): Promise<Descent> => {
    const work = lastStepWork("elman", settings);
    return elmanDescent(await on.trace(work), work);
  };

  test.each([
    ["vanishes", { size: 0.595 }],
    ["vanishes", { size: 1.68, input: 10, seed: 1 }],
    ["keeps", { size: 1, input: 0.01 }],
    ["explodes", { size: 2, input: 0 }],
    ["explodes", { size: 1.41, input: 0, steps: 40, seed: 4 }],
  ] as const)(
    "%s with %o, by the reference's numbers, and by two factors a step that multiply to the ratio",
    async (fate, more) => {
      const [got, expected] = [await elman(engine(), set(more)), await elman(referenceEngine, set(more))];
      expect(fateOf(got)).toBe(fate);
      const relative = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value / b[i]!);
      const ones = got.norms.map(() => 1);
      expect(worstError(relative(got.norms, expected.norms), ones)).toBeLessThan(1e-3);
      expect(worstError(relative(got.local, expected.local), ones.slice(1))).toBeLessThan(1e-3);
      expect(worstError(relative(got.recurrent, expected.recurrent), ones.slice(1))).toBeLessThan(1e-3);
      expect(worstStep(got)).toBeLessThan(1e-5);
      expect(worstStep(expected)).toBeLessThan(1e-12);
      for (const [i, factor] of got.local.entries()) {
        expect(factor).toBeLessThanOrEqual(1 + 1e-6);
        expect((factor * got.recurrent[i]! * got.norms[i + 1]!) / got.norms[i]!).toBeCloseTo(1, 4);
      }
      const both = alone(
        got.norms,
        got.local.map((factor, i) => factor * got.recurrent[i]!),
      );
      expect(both[0]! / got.norms[0]!).toBeCloseTo(1, 3);
      expect(meanFactor(got.local) * meanFactor(got.recurrent)).toBeCloseTo(
        (got.norms[0]! / got.norms.at(-1)!) ** (1 / got.local.length),
        4,
      );
    },
  );

  test("is said to have exploded where a gradient is no number, and never to be zero", async () => {
    const more = { size: 16, steps: 40, input: 0 };
    const [got, expected] = [await elman(engine(), set(more)), await elman(referenceEngine, set(more))];
    const first = expected.norms.findLastIndex((value) => value > 3.4e38);
    expect(first).toBeGreaterThan(2);
    // Of a norm near the limit, some components are beyond it.
    const beyond = got.norms.lastIndexOf(Number.POSITIVE_INFINITY);
    expect(Math.abs(beyond - first)).toBeLessThanOrEqual(1);
    expect(got.norms.slice(0, beyond + 1).every((value) => value === Number.POSITIVE_INFINITY)).toBe(true);
    expect(got.norms.slice(beyond + 1).every((value) => value > 0 && Number.isFinite(value))).toBe(true);
    expect(got.local.slice(0, beyond + 1).every(Number.isNaN)).toBe(true);
    expect(fateText(got)).toBe("The gradient explodes.");
    expect(ratioText(got)).toMatch(new RegExp(`^From t = ${beyond + 1} back it is beyond what float32 can hold`));

    const update = await engine().update(lastStepWork("elman", set(more)), { learningRate: 0.1, clipNorm: 1 });
    expect(update).toEqual({ before: expect.not.closeTo(0), moved: 0 });
    expect(Number.isFinite(update.before)).toBe(false);
    expect(clipText(update, 1, 0.1, [1, Number.NaN])).toMatch(/not a finite number.*the step is skipped/);
  });

  test("is said to be exploded from the last number on back, also where zeros come of it", () => {
    const dHidden = new Float32Array(5 * hidden);
    for (const [t, value] of [0, 0, Number.NaN, 3e38, 1].entries()) dHidden[t * hidden] = value;
    const traced = { loss: 0, hidden: new Float32Array(5 * hidden), cell: undefined, dHidden, gradients: {} };
    const { norms } = elmanDescent(traced, { ...lastStepWork("elman", initialSettings), steps: 4 });
    expect(norms).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Math.fround(3e38), 1]);
  });

  test("is the gradient of an LSTM's c, by the paths of the reference", async () => {
    for (const more of [{}, { forget: -4 }, { forget: 8, size: 1.68 }]) {
      const work = lastStepWork("lstm", set(more));
      const { inputs } = work.batch;
      const descent = lstmDescent(await engine().trace(work), work);
      const { steps } = work;
      const run = referenceForward(work.config, work.parameters, {
        ...work.batch,
        inputs: inputs.slice(0, steps),
        lengths: undefined,
        steps,
        batch: 1,
      });
      const { hidden: h, cell: c } = run.sweeps[0]!;
      for (let t = 1; t < steps; t++) {
        // What follows step t, with the states there held: dL/dc_t without what h_t reads of it.
        const at = (states: Float64Array) => states.slice(t * hidden, (t + 1) * hidden);
        const data = {
          ...work.batch,
          inputs: inputs.slice(t, steps),
          lengths: undefined,
          steps: steps - t,
          batch: 1,
          initialState: at(h),
          initialCellState: at(c),
        };
        const back = referenceBackward(
          work.config,
          work.parameters,
          data,
          referenceForward(work.config, work.parameters, data),
        );
        const kept = norm(back.initialCellState);
        expect((descent.norms[t]! * descent.local[t - 1]!) / kept).toBeCloseTo(1, 3);
        expect(descent.norms[t - 1]! / descent.recurrent[t - 1]! / kept).toBeCloseTo(1, 3);
      }
    }
  });

  test("keeps an LSTM's gradient behind an open forget gate, and loses it behind a closed one", async () => {
    const fate = async (forget: number) => {
      const work = lastStepWork("lstm", set({ forget, size: 0.595 }));
      return fateOf(lstmDescent(await engine().trace(work), work));
    };
    expect([await fate(3), await fate(-2)]).toEqual(["keeps", "vanishes"]);
    expect(fateOf(await elman(engine(), set({ size: 0.595 })))).toBe("vanishes");
  });

  test("is clipped as the reference clips it, and moves the parameters as far", async () => {
    const work = lastStepWork("elman", set({ size: 1.19, input: 0.1 }));
    const { gradients } = await referenceEngine.trace(work);
    const whole = gradientNorm(gradients);
    for (const clipNorm of [whole / 30, whole * 2]) {
      for (const on of [engine(), referenceEngine]) {
        const { before, moved } = await on.update(work, { learningRate: 0.1, clipNorm });
        expect(before / whole).toBeCloseTo(1, 4);
        expect(moved / (0.1 * Math.min(whole, clipNorm))).toBeCloseTo(1, 4);
      }
    }
    const parts = [1, 1e-6] as const;
    expect(clipText({ before: 0.5, moved: 0.05 }, 1, 0.1, parts)).toMatch(/changes nothing\..*does not come back/);
    expect(clipText({ before: 5, moved: 0.1 }, 1, 0.1, parts)).toMatch(/multiplies all of dθ by 0.2\./);
  });

  /** The gradient of windows, one after the other, each from the state that the one before it ended with. */
  function truncated({ config, parameters, batch, steps: all }: Work, every: number) {
    const sum: Record<string, Float64Array> = {};
    const dHidden: number[] = [];
    let initialState: Float64Array | undefined;
    for (let start = 0; start < all; start += every) {
      const steps = Math.min(every, all - start);
      const part = <T extends Float32Array | Int32Array>(values: T) => values.slice(start, start + steps);
      const data = { inputs: part(batch.inputs), targets: part(batch.targets), steps, batch: 1, initialState };
      const run = referenceForward(config, parameters, data);
      const back = referenceBackward(config, parameters, data, run);
      const share = steps / all; // of the mean over all steps
      for (const [name, values] of Object.entries(back.parameters)) {
        const before = sum[name];
        sum[name] = values.map((value, i) => value * share + (before?.[i] ?? 0));
      }
      for (let t = 1; t <= steps; t++) {
        dHidden.push(...back.hidden[0]!.slice(t * hidden, (t + 1) * hidden).map((value) => value * share));
      }
      initialState = run.finalState;
    }
    return { gradients: sum, dHidden };
  }

  test.each([1, 5, 6, 24])(
    "is, cut every %i steps, the gradient of windows of the reference that carry the state",
    async (every) => {
      const work = everyStepWork(set({ size: 1, input: 0.3 }));
      const whole = await engine().trace(work);
      const cut = await engine().trace(cutWork(work, every, whole.hidden));
      const expected = truncated(work, every);
      for (const [name, values] of Object.entries(expected.gradients)) {
        expect(worstError(cut.gradients[name]!, values)).toBeLessThan(1e-5);
      }
      const loss = lossOf(whole, cut, every, work.steps);
      const back = truncated(work, work.steps);
      expect(loss.whole / gradientNorm(back.gradients)).toBeCloseTo(1, 4);
      expect(loss.cut / gradientNorm(expected.gradients)).toBeCloseTo(1, 4);
      const slab = (values: readonly number[], t: number) => values.slice(t * hidden, (t + 1) * hidden);
      for (const [t, share] of loss.lost.entries()) {
        const [own, other] = [slab(back.dHidden, t), slab(expected.dHidden, t)];
        expect(share).toBeCloseTo(norm(own.map((value, i) => value - other[i]!)) / norm(own), 3);
        expect(loss.norms[t]! / norm(own)).toBeCloseTo(1, 3);
      }
      expect(loss.lost.at(-1)).toBeLessThan(1e-5); // behind the last step there is no cut
      if (every === 24) {
        expect([loss.cosine, ...loss.lost]).toEqual([
          expect.closeTo(1, 5),
          ...loss.lost.map(() => expect.closeTo(0, 5)),
        ]);
        expect(cutText(loss, every)).toMatch(/^There is no cut/);
      } else expect(loss.cosine).toBeLessThan(0.999);
    },
  );
});

test("the words of a training are those of its losses", () => {
  const losses = (...tenths: number[]) => tenths.flatMap((loss) => [loss, loss]);
  const fallen = losses(0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01);
  expect(trainingText(12, true, fallen)).toBe("A gradient over 12 steps learned it: loss 0.01.");
  expect(trainingText(1, false, fallen)).toMatch(
    /^A gradient over 1 step learned it: loss 0\.01\. It need not reach so far/,
  );
  expect(trainingText(4, false, new Array(20).fill(0.6932))).toBe(
    "A gradient over 4 steps ends where guessing is: loss 0.69, of ln 2 = 0.69.",
  );
  expect(trainingText(4, false, losses(0.3, 1.2, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7))).toMatch(
    /For a while it was at 0\.3:/,
  );
  expect(trainingText(4, false, new Array(20).fill(Number.NaN))).toMatch(/no finite number/);
});

/** Moves a slider as its visitor would, and waits until all is computed. */
async function slide(page: Page, id: keyof Settings, value: number): Promise<void> {
  await page.$eval(
    `#${id}`,
    (slider, at) => {
      (slider as HTMLInputElement).value = at;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    },
    String((choices[id] as readonly number[]).indexOf(value)),
  );
  await settled(page);
}

const settled = (page: Page) => page.waitForFunction(`document.body.ariaBusy === "false"`, { timeout: 60_000 });
const saidSize = (page: Page, value: string) =>
  page.waitForFunction(
    `document.getElementById("size-value").textContent === "${value}" && document.body.ariaBusy === "false"`,
  );

describe("the page", () => {
  const onPage = usePage("gradients/#size=0.595&steps=16");

  test("opens the state of its address, and says what the gradient does, from vanishing to exploding", () =>
    onPage(async (page) => {
      await settled(page);
      expect(await textOf(page, "steps-value")).toBe("16");
      expect(await textOf(page, "elman-verdict")).toBe("The gradient vanishes.");
      expect(await textOf(page, "checked")).toMatch(/^✓/);
      const work = lastStepWork("elman", set({ size: 0.595, steps: 16 }));
      const descent = elmanDescent(await referenceEngine.trace(work), work);
      expect(await textOf(page, "elman-ratio")).toBe(ratioText(descent));

      await slide(page, "input", 0);
      await slide(page, "size", 1);
      expect(await textOf(page, "elman-verdict")).toMatch(/^The gradient keeps its size/);
      await slide(page, "size", 2);
      expect(await textOf(page, "elman-verdict")).toBe("The gradient explodes.");
      expect(await page.$(".box.exploded")).toBeNull();
      await page.waitForFunction(`location.hash === "#size=2&steps=16&input=0"`);
    }));

  test("says that it exploded where it is no number, in the picture and in the table", () =>
    onPage(async (page) => {
      await slide(page, "steps", 40);
      await slide(page, "size", 16);
      await until(page, "elman-ratio", /beyond what float32 can hold/);
      await until(page, "clip-words", /not a finite number/);
      expect(await page.$$eval("#elman .box.exploded", ({ length }) => length)).toBeGreaterThan(1);
      expect(await page.$("#elman .box.zero")).toBeNull();
      await page.click("#elman summary");
      const last = await page.$$eval("#elman tbody tr:last-child > *", (cells) =>
        cells.map(({ textContent }) => textContent),
      );
      expect(last).toEqual(["1", "exploded", "–", "–", "–"]);
      await page.click("#elman summary");
    }));

  test("goes to what a link shows, and Back", () =>
    onPage(async (page) => {
      await page.waitForFunction(`location.hash.includes("size=16")`);
      await page.click("#content a[href='#size=1.68&input=10']");
      await saidSize(page, "1.68");
      expect(await textOf(page, "elman-verdict")).toBe("The gradient vanishes.");
      expect(await textOf(page, "elman-struggle")).toMatch(/^Wʰ alone would make it grow/);
      await page.goBack();
      await saidSize(page, "16");
      expect(await textOf(page, "steps-value")).toBe("40");
    }));

  test("is moved by keys, and shows what cuts lose", () =>
    onPage(async (page) => {
      await page.goto(`${page.url().replace(/#.*/, "")}#size=1&input=0.3`);
      await saidSize(page, "1");
      await slide(page, "every", 5);
      expect(await textOf(page, "cut-words")).toMatch(/^Cut every 5 steps, dL\/dhₜ loses \d+% of itself/);
      expect(await page.$$eval("#chain path.cut", ({ length }) => length)).toBe(4);
      expect(await page.$$eval("#chain path.back", ({ length }) => length)).toBe(19);
      expect(await page.$$eval("#chain path.forward", ({ length }) => length)).toBe(23);
      await page.focus("#every");
      await page.keyboard.press("End");
      await page.waitForFunction(`/^There is no cut/.test(document.getElementById("cut-words").textContent)`);
      expect(await textOf(page, "cosine")).toBe("1.000");
    }));

  test("trains both, and says which of them learned", () =>
    onPage(async (page) => {
      await slide(page, "distance", 3);
      await press(page, "train");
      await page.waitForFunction(`/guessing|some of it/.test(document.getElementById("train-words").textContent)`, {
        timeout: 60_000,
      });
      const said = await textOf(page, "train-words");
      expect(said).toMatch(/^A gradient over 3 steps (ends|learned some)/);
      expect(said).toMatch(/A gradient over 9 steps learned it: loss/);
    }));

  test("has no barriers, in light and dark", () =>
    onPage(async (page) => {
      for (const details of await page.$$("summary")) if (await details.isVisible()) await details.click();
      for (const scheme of ["light", "dark"] as const) expect(await barriers(page, scheme)).toEqual([]);
    }));
});

test("the page computes with the reference where the browser has no WebGPU, and tells what its address has in vain", () =>
  visit(
    "gradients/#size=0.595&steps=16",
    async (page) => {
      await settled(page);
      expect(await textOf(page, "notice")).toMatch(/^This browser has no WebGPU.*reference computes instead/);
      expect(await textOf(page, "elman-verdict")).toBe("The gradient vanishes.");
      expect(await textOf(page, "elman-ratio")).toMatch(/^At t = 1 it is /);
      await page.evaluate(`location.hash = "#size=1e9&steps=10"`);
      await page.waitForFunction(`/left out: size=1e9/.test(document.getElementById("notice").textContent)`);
      expect(await textOf(page, "steps-value")).toBe("10");
    },
    `Object.defineProperty(navigator, "gpu", { value: undefined })`,
  ));
