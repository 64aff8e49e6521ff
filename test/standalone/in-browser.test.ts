// Standalone modules in a browser that has no WebGPU: PyTorch's recordings of whole models.
import { readdirSync, readFileSync } from "node:fs";
import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../../demo/terminal/chromium";
import { modelBatch } from "../../demo/terminal/model-batches";
import { type Model, readModel } from "../../demo/terminal/model-file";
import { architectureOf } from "../../src/parts/architecture";
import { toStandalone } from "../../src/standalone/index";
import { worstError } from "../numbers";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.evaluateOnNewDocument(`Object.defineProperty(navigator, "gpu", { value: undefined })`);
  await page.goto("about:blank");
});
afterAll(() => browser?.close());

const folder = new URL("../models/", import.meta.url);
const models = readdirSync(folder).filter((file) => file.endsWith(".safetensors"));

/** One of the sequences side by side: [steps, batch, …] → [steps, …]. */
function rowOf(data: ArrayLike<number>, row: number, batch: number, width: number): number[] {
  const values = Array.from(data);
  return values.filter((_, i) => Math.floor(i / width) % batch === row);
}

/** What each direction of each layer begins with, of one of the sequences. */
function statesOf({ config, batch, ...model }: Model, row: number): number[][][] | undefined {
  const { initialState, initialCellState } = modelBatch({ config, batch, ...model });
  if (!initialState) return undefined;
  let [h, c] = [0, 0];
  return architectureOf(config).layers.flatMap(({ names, width, hidden }) =>
    names.map(() => {
      const own = [Array.from(initialState.subarray(h + row * width, h + (row + 1) * width))];
      h += batch * width;
      if (initialCellState) own.push(Array.from(initialCellState.subarray(c + row * hidden, c + (row + 1) * hidden)));
      c += batch * hidden;
      return own;
    }),
  );
}

test.each(models)("%s: the logits are PyTorch's", async (file) => {
  const model = readModel(readFileSync(new URL(file, folder)));
  if ("unsupported" in model) throw new Error(model.unsupported.join());
  const { config, parameters, batch, steps } = model;
  const { input, encoder, readout } = architectureOf(config);
  const { inputs, source } = modelBatch(model);
  const text = toStandalone(parameters, config);
  const widthOf = ({ tokens, width }: typeof input) => (tokens === undefined ? width : 1);
  const calls = Array.from({ length: batch }, (_, row) => ({
    sequence: rowOf(inputs, row, batch, widthOf(input)),
    options: {
      states: statesOf(model, row),
      ...(encoder && { source: rowOf(source!, row, batch, widthOf(encoder.input)) }),
    },
  }));
  // As text, which nothing rewrites.
  const found = (await page.evaluate(`(async () => {
    const { predict } = await import("data:text/javascript;base64,${Buffer.from(text).toString("base64")}");
    return ${JSON.stringify(calls)}.map(({ sequence, options }) => {
      const { logits, values } = predict(sequence, options);
      return Array.from(logits ?? values);
    });
  })()`)) as number[][];
  const expected = model.tensors.get("expected.logits")!.data;
  expect(expected).toHaveLength(batch * (readout.kind === "every-step" ? steps : 1) * readout.outputs);
  for (const [row, logits] of found.entries()) {
    expect(worstError(logits, rowOf(expected, row, batch, readout.outputs))).toBeLessThan(1e-5);
  }
});

test("the browser has no WebGPU", async () => {
  expect(await page.evaluate(() => navigator.gpu)).toBeUndefined();
});
