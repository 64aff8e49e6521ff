// A network unrolled through time: its numbers beside the reference's, and the view in a page.

import type { Page } from "puppeteer";
import { describe, expect, test } from "vitest";
import { callInPage } from "../../demo/terminal/in-browser";
import { type Unrolled, Unroller } from "../../demo/through-time/unroll";
import { numeral } from "../../demo/through-time/words";
import {
  type Batch,
  Network,
  referenceBackward,
  referenceForward,
  traceGradients,
  type UniformConfig,
  type UniformOptions,
} from "../../src/index";
import { integers, numbers, worstError } from "../numbers";
import { inBlankPage } from "../visit";
import { useGpu } from "../workbench";
import { onPage, ready } from "./on-train-page";
import { barriers, enter, press, until } from "./page";

describe("an unrolled network", () => {
  const gpu = useGpu();
  const [steps, hidden, symbols] = [7, 5, 6];
  const sizes = { inputs: symbols, hidden, outputs: symbols };
  const characters: UniformOptions = { cell: "elman", ...sizes, input: "tokens", readout: "every-step" };
  const text: Batch = { inputs: integers(steps, 1, 0, symbols - 1), targets: integers(steps, 2, 0, symbols - 1) };
  const labels = [..."letters"];

  /** What the reference has of it: the loss, and the norms in the order of time. */
  async function expected(network: Network<UniformConfig>, batch: Batch, length = steps) {
    const { config } = network;
    const parameters = Object.fromEntries(
      [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const data = { ...batch, steps: length, batch: 1 };
    const run = referenceForward(config, parameters, data);
    const gradients = referenceBackward(config, parameters, data, run).hidden.map((values, index) => {
      const backwards = config.bidirectional && index % 2 === 1;
      const at = (t: number) => (backwards && t > 0 ? length + 1 - t : t) * hidden;
      return Array.from({ length: length + 1 }, (_, t) => Math.hypot(...values.slice(at(t), at(t) + hidden)));
    });
    return { run, gradients };
  }

  async function unrolled(network: Network<UniformConfig>, batch: Batch, target?: number): Promise<Unrolled> {
    const unroller = await Unroller.create(network, steps);
    try {
      return structuredClone(await unroller.unroll(batch, { labels, target })); // as a worker posts it
    } finally {
      unroller.destroy();
    }
  }

  const kinds = [
    ["elman", {}],
    ["gru", { layers: 2 }],
    ["lstm", { layers: 2 }],
    ["elman", { bidirectional: true }],
    ["lstm", { layers: 2, bidirectional: true }],
  ] as const;

  test.each(kinds)("of cell %s, %o, has the reference's states, losses and gradients", async (cell, more) => {
    const network = await Network.create(gpu(), { ...characters, cell, ...more });
    const got = await unrolled(network, text);
    const { run, gradients } = await expected(network, text);
    const trace = await traceGradients(network, { steps, batch: 1 }, text);
    const directions = network.config.bidirectional ? 2 : 1;
    expect(got.rows.map(({ gradient }) => gradient)).toEqual(trace.hidden);
    for (const [i, row] of got.rows.entries()) expect(worstError(row.gradient, gradients[i]!)).toBeLessThan(1e-5);
    const inputs = labels.map((_, t) => Math.hypot(...trace.inputs.slice(t * symbols, (t + 1) * symbols)));
    expect(worstError(got.inputGradient, inputs)).toBeLessThan(1e-6);
    const topRows = got.rows.slice(-directions);
    for (const [part, { units, unitCount, rms }] of topRows.entries()) {
      expect(unitCount).toBe(hidden);
      const state = (t: number) => {
        const start = (t * directions + part) * hidden;
        return run.outputs.slice(start, start + hidden);
      };
      expect(
        worstError(
          units,
          labels.flatMap((_, t) => [...state(t)]),
        ),
      ).toBeLessThan(1e-5);
      const expectedRms = labels.map((_, t) => Math.hypot(...state(t)) / Math.sqrt(hidden));
      expect(worstError(rms, expectedRms)).toBeLessThan(1e-5);
    }
    const mean = got.losses.reduce((sum, loss) => sum + loss, 0) / steps;
    expect([got.loss, mean]).toEqual([expect.closeTo(run.loss, 5), expect.closeTo(run.loss, 5)]);
    network.destroy();
  });

  test("names its layers and directions from the input upwards", async () => {
    const network = await Network.create(gpu(), { ...characters, layers: 2, bidirectional: true });
    const { rows } = await unrolled(network, text);
    const names = ["layer 1, forwards", "layer 1, backwards", "layer 2, forwards", "layer 2, backwards"];
    expect(rows.map(({ label }) => label)).toEqual(names);
    expect(rows.map(({ layer, backwards }) => [layer, backwards])).toEqual(
      [0, 0, 1, 1].map((n, i) => [n, i % 2 === 1]),
    );
    network.destroy();
  });

  test("lets the loss of one step alone count, and is used again and again", async () => {
    const network = await Network.create(gpu(), { ...characters, cell: "gru" });
    const unroller = await Unroller.create(network, steps);
    const before = { ...gpu().live };
    const whole = await unroller.unroll(text, { labels });
    const answers = await Promise.all([2, 5].map((target) => unroller.unroll(text, { labels, target })));
    for (const { target, ...got } of answers) {
      const targets = new Int32Array(steps).fill(-1);
      targets[target!] = text.targets[target!]!;
      const { run, gradients } = await expected(network, { ...text, targets });
      expect(worstError(got.rows[0]!.gradient, gradients[0]!)).toBeLessThan(1e-5);
      expect([...got.rows[0]!.gradient.slice(target! + 2)]).toEqual(new Array(steps - 1 - target!).fill(0));
      expect([got.loss, got.losses[target!]]).toEqual([expect.closeTo(run.loss, 5), expect.closeTo(run.loss, 5)]);
      expect(got.losses).toEqual(whole.losses);
    }
    expect(await unroller.unroll(text, { labels })).toEqual(whole);
    expect(gpu().live).toEqual(before);
    unroller.destroy();
    network.destroy();
  });

  test("of squared errors lets one step alone count as a network that is read there alone", async () => {
    const options: UniformOptions = { ...characters, input: "features", loss: "mean-squared-error" };
    const network = await Network.create(gpu(), options);
    const batch = { inputs: numbers(steps * symbols, 1), targets: numbers(steps * symbols, 2) };
    const target = 4;
    const got = await unrolled(network, batch, target);
    const last = await Network.create(gpu(), { ...options, readout: "last-step" });
    const cut = {
      inputs: batch.inputs.slice(0, (target + 1) * symbols),
      targets: batch.targets.slice(target * symbols, (target + 1) * symbols),
    };
    const { run, gradients } = await expected(last, cut, target + 1);
    expect(worstError(got.rows[0]!.gradient.slice(0, target + 2), gradients[0]!)).toBeLessThan(1e-5);
    expect([...got.rows[0]!.gradient.slice(target + 2)]).toEqual([0, 0]);
    expect([got.loss, got.losses[target]]).toEqual([expect.closeTo(run.loss, 5), expect.closeTo(run.loss, 5)]);
    expect(got.nats).toBe(false);
    for (const each of [network, last]) each.destroy();
  });

  test("that is read after the last step has one loss, there; a shorter sequence earlier", async () => {
    const network = await Network.create(gpu(), { ...characters, readout: "last-step" });
    const batch = { inputs: text.inputs, targets: Int32Array.of(3), lengths: Int32Array.of(5) };
    const got = await unrolled(network, batch);
    const { run, gradients } = await expected(network, batch);
    expect([...got.losses].map(Number.isNaN)).toEqual([true, true, true, true, false, true, true]);
    expect(got.losses[4]).toBeCloseTo(run.loss, 5);
    expect(worstError(got.rows[0]!.gradient, gradients[0]!)).toBeLessThan(1e-5);
    expect(await unrolled(network, batch, 4)).toEqual({ ...got, target: 4 });
    await expect(unrolled(network, batch, 6)).rejects.toThrow("target is 6, expected 4, the last");
    network.destroy();
  });

  test("refuses a step that has no target, and labels of another length", async () => {
    const network = await Network.create(gpu(), characters);
    const targets = new Int32Array(steps).fill(-1, 3);
    const unroller = await Unroller.create(network, steps);
    const { losses } = await unroller.unroll({ ...text, targets }, { labels });
    expect([...losses].map(Number.isNaN)).toEqual([false, false, false, true, true, true, true]);
    for (const target of [3, 7, 0.5]) {
      const refused = unroller.unroll({ ...text, targets }, { labels, target });
      await expect(refused).rejects.toThrow(`target is ${target}, expected a step from 0 to 6 that has a target`);
    }
    await expect(unroller.unroll(text, { labels: ["a"] })).rejects.toThrow("labels has 1 entries, expected 7");
    unroller.destroy();
    network.destroy();
  });
});

test("numbers are told with two digits that count", () => {
  const values = [-0.0042, -3.14e-9, 0, 0.0042, 0.5, 17.4, 1234, 3.14e-9, 2.5e12, Number.POSITIVE_INFINITY, Number.NaN];
  expect(values.map(numeral)).toEqual([
    "−0.0042",
    "−3.1 × 10⁻⁹",
    "0",
    "0.0042",
    "0.5",
    "17",
    "1234",
    "3.1 × 10⁻⁹",
    "2.5 × 10¹²",
    "∞",
    "–",
  ]);
});

describe("the view of networks unrolled through time", () => {
  const call = <T>(page: Page, name: string, ...values: unknown[]) =>
    callInPage<T>(page, "/test/demo/through-time-in-page.ts", name, ...values);
  const texts = (page: Page, selector: string) =>
    page.$$eval(selector, (found) => found.map(({ textContent }) => textContent!.trim()));
  const asked = (page: Page) => call<(number | null)[]>(page, "asked");
  const madeUp = [
    ["Elman", 0.01],
    ["LSTM", 0.5],
  ] as const;

  const withView = (work: (page: Page) => Promise<void>, width = 1280) =>
    inBlankPage(async (page) => {
      await page.setViewport({ width, height: 900, hasTouch: true });
      await call(page, "mount");
      await work(page);
    });

  test("asks for the loss of the character that is pointed at, and says what it blames", () =>
    withView(async (page) => {
      await call(page, "showMadeUp", madeUp, "the sea\n<b>");
      expect(await texts(page, "figure:first-child button")).toEqual([..."the␣sea↵<b>"]);
      expect((await texts(page, ".words p"))[1]).toContain("All losses together blame ‘>’ (t = 11) 50%");
      const characters = await page.$$("figure:last-of-type .characters button");
      await characters[4]!.hover();
      expect(await asked(page)).toEqual([4]);
      expect(await texts(page, ".words p")).toEqual([
        "Elman The loss at ‘s’ (t = 5) blames ‘s’ (t = 5) 99%. At t = 1 the gradient is 1.0 × 10⁻⁸ of what it is at t = 5.",
        "LSTM The loss at ‘s’ (t = 5) blames ‘s’ (t = 5) 52%, space (t = 4) 26%, ‘e’ (t = 3) 13%. At t = 1 the gradient is 0.063 of what it is at t = 5.",
      ]);
      expect(await texts(page, "figure:last-of-type text:not(.name)")).toEqual(["52%", "26%", "13%"]);
      expect(await texts(page, "button[aria-pressed=true]")).toEqual(["s", "s"]);
      expect((await page.$$("figure:first-child .cell.zero")).length).toBe(2 * 6);
      await page.click(".above button");
      expect(await asked(page)).toEqual([4, null]);
      expect(await texts(page, "button[aria-pressed=true]")).toEqual(["All losses"]);
      await page.touchscreen.tap(...(await middleOf(page, "figure button:nth-child(3)")));
      expect(await asked(page)).toEqual([4, null, 2]);
    }));

  test("moves with the arrow keys along time and through the layers, and back to all losses", () =>
    withView(async (page) => {
      await call(page, "showMadeUp", madeUp, "abc");
      await page.focus("figure:last-of-type button[tabindex='0']");
      for (const key of ["ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowRight", "End", "Home"] as const) {
        await page.keyboard.press(key);
      }
      expect(await asked(page)).toEqual([2, 1, 0, 1, 2, 0]);
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("a");
      expect(await page.$$eval("button[tabindex='0']", (found) => found.map((button) => button.ariaLabel))).toEqual([
        "‘a’, t = 1",
        "‘a’, t = 1",
      ]);
      await page.keyboard.press("ArrowDown");
      expect((await texts(page, ".pointed"))[0]).toContain("LSTM · ‘a’ (t = 1) · loss 1 nats · layer 1: ‖dL/dh‖ 1,");
      await page.keyboard.press("ArrowUp");
      expect((await texts(page, ".pointed"))[0]).toContain("layer 2: ‖dL/dh‖ 1, RMS of h 0.5 · ‖dL/dx‖ 1");
      await page.keyboard.press("Escape");
      expect((await asked(page)).at(-1)).toBeNull();
    }));

  test("tells the numbers of a cell, and all of them in tables", () =>
    withView(async (page) => {
      await call(page, "showMadeUp", madeUp, "abc");
      await page.hover("figure:first-child .cell[data-step='0'][data-row='1']");
      const told = "Elman · ‘a’ (t = 1) · loss 1 nats · layer 2: ‖dL/dh‖ 1.0 × 10⁻⁴, RMS of h 0.5 · ‖dL/dx‖ 1.0 × 10⁻⁴";
      expect(await texts(page, ".pointed")).toEqual([told]);
      expect(await asked(page)).toEqual([]);
      await page.click("summary");
      await page.waitForSelector("table");
      expect(await texts(page, "caption")).toEqual(["Elman", "LSTM"]);
      expect(await texts(page, ".scroller:first-child tbody tr:nth-child(2) > *")).toEqual([
        "1",
        "‘a’",
        "1 nats",
        "0.5",
        "1.0 × 10⁻⁴",
        "0.5",
        "1.0 × 10⁻⁴",
        "1.0 × 10⁻⁴",
        "0%",
      ]);
      await call(page, "showMadeUp", [["Elman", Number.MAX_VALUE]], "abc");
      expect(await texts(page, ".words p")).toEqual([
        "Elman All losses together blame no step: its gradient exploded, beyond any number.",
      ]);
      expect((await page.$$(".cell.exploded")).length).toBe(2);
      expect((await texts(page, ".decades")).at(-1)).toMatch(/exploded$/);
      expect((await texts(page, "tbody tr:nth-child(2) > *")).at(-2)).toBe("exploded");
      await call(page, "clear");
      expect(await page.$eval(".through-time", (root) => root.checkVisibility())).toBe(false);
    }));

  test("shows a gate unit by unit, and of one unit what it did over the text, by the keyboard and by a click", () =>
    withView(async (page) => {
      await call(page, "showMadeUp", madeUp, "the sea");
      expect((await page.$$("canvas")).length).toBe(4); // h, of two layers each
      await page.focus(".unit-controls select");
      await page.keyboard.type("forget");
      expect(await texts(page, ".unit-controls p")).toEqual(["forget gate f: 1 keeps the cell state, 0 clears it."]);
      expect(await page.$$eval("canvas", (found) => found.map(({ ariaLabel }) => ariaLabel))).toEqual([
        "LSTM, layer 2: forget gate f of 4 units over 7 steps",
        "LSTM, layer 1: forget gate f of 4 units over 7 steps",
      ]);
      const hundredths = () =>
        page.$$eval(".unit-text span", (spans) => spans.map(({ title }) => title.replace(/^t = \d+: /, "")));
      expect(await hundredths()).toEqual(["0", "0.01", "0.02", "0.03", "0.04", "0.05", "0.06"]);
      await page.focus(".unit-controls input");
      await page.keyboard.press("ArrowUp");
      expect(await hundredths()).toEqual(["0.01", "0.02", "0.03", "0.04", "0.05", "0.06", "0.07"]);
      const [x, y, width, height] = await boxOf(page, "canvas");
      await page.mouse.click(x + (6.5 / 7) * width, y + (3.5 / 4) * height);
      expect(await texts(page, ".pointed")).toEqual(["LSTM · ‘a’ (t = 7) · layer 2, unit 4: forget gate f 0.09"]);
      expect(await texts(page, ".unit-lines p:first-child")).toEqual(["LSTM layer 2, unit 4: forget gate f"]);
      expect(await hundredths()).toEqual(["0.03", "0.04", "0.05", "0.06", "0.07", "0.08", "0.09"]);
      // Its colours are those of the style sheet, from zero up, in the columns of the characters.
      const shares = await page.$$eval(".unit-text span", (spans) =>
        spans.map((span) => span.style.getPropertyValue("--share")),
      );
      expect(shares.map((share) => Math.round(100 * Number(share)))).toEqual([3, 4, 5, 6, 7, 8, 9]);
      const [left, , each] = await boxOf(page, "figure:last-of-type .characters button");
      expect([left, each]).toEqual([expect.closeTo(x, 0), expect.closeTo(width / 7, 0)]);
    }));

  test("looks back at how the gradient flowed after an earlier update", () =>
    withView(async (page) => {
      await call(page, "showMadeUp", madeUp, "the sea");
      await (await page.$$("figure:last-of-type .characters button"))[6]!.click();
      await call(
        page,
        "lookBack",
        [
          [1, 0.1],
          [100, 0.5],
        ],
        7,
      );
      const said = "After update 1, ‖dL/dh‖ at t = 1 was 1.0 × 10⁻⁶ of what it was at t = 7; now it is 0.016 of it.";
      expect(await texts(page, "output")).toEqual([said]);
      await page.focus("input[type=range]");
      const drawn = () =>
        page.$eval(".past, .line-then:last-of-type", () => document.querySelectorAll(".line-then").length);
      expect(await drawn()).toBe(2); // its sample, and itself
      await page.keyboard.press("ArrowRight");
      expect((await texts(page, "output"))[0]).toMatch(
        /^After update 100, .* was 0\.016 of .* now it is 0\.016 of it\.$/,
      );
      expect((await texts(page, ".names span")).at(-1)).toBe("LSTM after update 100");
      await call(page, "lookBack", [], 7);
      expect(await page.$(".line-then")).toBeNull();
    }));

  test("shows real networks, answers what is asked, and scrolls inside itself on a phone", () =>
    withView(async (page) => {
      const networks = { Elman: { cell: "elman", layers: 2 }, LSTM: { cell: "lstm", bidirectional: true } };
      const text = "It was the best of times, it was the worst of times.";
      await call(page, "showNetworks", networks, text);
      expect((await page.$$(".cell")).length).toBe(48 * 4);
      const hiddenAtRight = `(({ scrollWidth, clientWidth, scrollLeft }) => scrollWidth - clientWidth - scrollLeft)(document.querySelector(".scroller"))`;
      expect(await page.evaluate(hiddenAtRight), "opened at the last loss").toBeLessThan(1);
      await page.focus("figure:first-child button[tabindex='0']");
      await page.waitForSelector(".target");
      await page.keyboard.press("ArrowLeft");
      await page.waitForFunction(`document.querySelector(".words").textContent.includes("is at t = 47")`);
      const [elman] = await texts(page, ".words p");
      expect(elman).toMatch(/^Elman The loss at ‘t’ \(t = 47\), which was to predict ‘i’, blames .* \d+%/);
      expect(elman).toMatch(/At t = 1 the gradient is [\d.]+ × 10⁻\S+ of what it is at t = 47\.$/);
      expect(await page.$eval("html", ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
      expect(await page.$eval(".scroller", (scroller) => scroller.scrollLeft)).toBeGreaterThan(0);
    }, 360));

  test("has nothing for axe to find, in dark and light", () =>
    withView(async (page) => {
      await call(page, "showMadeUp", madeUp, "the sea\n<b>");
      await page.click("summary");
      for (const scheme of ["dark", "light"] as const) {
        for (const character of [".above button", "figure button:nth-child(6)"]) {
          await page.click(character);
          expect(await barriers(page, scheme)).toEqual([]);
        }
      }
    }));
});

async function boxOf(page: Page, selector: string): Promise<[number, number, number, number]> {
  const { x, y, width, height } = (await (await page.$(selector))!.boundingBox())!;
  return [x, y, width, height];
}

async function middleOf(page: Page, selector: string): Promise<[number, number]> {
  const [x, y, width, height] = await boxOf(page, selector);
  return [x + width / 2, y + height / 2];
}

test("the training page shows gates, one unit, what speaks for the next character, and the gradient after update 1", () =>
  onPage(async (page) => {
    await page.setViewport({ width: 1920, height: 1080 });
    await ready(page);
    await press(page, "run");
    await until(page, "status", /^Paused after 30 steps/, 60_000);
    const wide = "document.querySelector('.through-time .units').clientWidth / document.documentElement.clientWidth";
    expect(await page.evaluate(wide)).toBeGreaterThan(0.9);
    await page.focus(".unit-controls select");
    await page.keyboard.type("forget");
    await page.waitForSelector(`canvas[aria-label$=": forget gate f of 16 units over 24 steps"]`);
    const values = await page.$$eval(".unit-text span", (spans) =>
      spans.map(({ title }) => Number(title.split(": ")[1])),
    );
    expect(values.filter((value) => value > 0 && value < 1)).toHaveLength(24);
    // As at the last look: the network is the same.
    await page.focus("input[type=range]");
    await until(page, "unrolled", /After update 1, ‖dL\/dh‖ at t = 1 was \S.* of what it was at t = 24/);
    await page.keyboard.press("End");
    await until(
      page,
      "unrolled",
      /After update 30, \S+ at t = 1 was (.+) of what it was at t = 24; now it is \1 of it/,
    );
    await page.focus("#question");
    await page.keyboard.type("The sea was ca");
    await until(page, "saliency-text", /^The sea was ca$/);
    await until(
      page,
      "saliency-words",
      /^What speaks for .*, [\d.]+% likely, and what against it\. Most of all .* input × gradient/,
    );
    await page.focus("#answer li:nth-child(3) button");
    const third = await page.$eval("#answer li:nth-child(3) button", ({ dataset }) => dataset.piece!);
    await until(page, "saliency-words", new RegExp(`^What speaks for (‘${third}’|space)`));
    // A press lasts: what is seen meanwhile is drawn after it.
    await enter(page, { pauseAt: "40" });
    await page.locator("#unrolled canvas").hover();
    await page.mouse.down();
    await page.$eval("#run", (button) => (button as HTMLButtonElement).click());
    await until(page, "answered", /^After 40 steps/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await page.mouse.up();
    expect(await page.$eval(".unit-lines", ({ textContent }) => textContent)).toMatch(/unit [89]: forget gate f/);
  }, "data=own-text&cell=lstm&hidden=16&batch=4&steps=24&pauseAt=30"));
