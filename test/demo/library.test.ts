// The library as it is published, with shortened shaders and parts that are loaded later, computes what its source does.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, loadConfigFromFile, type Plugin } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as source from "../../src/index";
import { integers } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();
const root = resolve(import.meta.dirname, "../..");
const outDir = mkdtempSync(join(tmpdir(), "tempograd-library-"));
let built: typeof source;

beforeAll(async () => {
  const command = { command: "build", mode: "production" } as const;
  const { config } = (await loadConfigFromFile(command, join(root, "vite.library.config.ts")))!;
  const plugins = (config.plugins as Plugin[]).filter(({ name }) => name !== "declarations");
  await build({ ...config, configFile: false, logLevel: "warn", plugins, build: { ...config.build, outDir } });
  built = await import(/* @vite-ignore */ pathToFileURL(join(outDir, "index.js")).href);
});
afterAll(() => rmSync(outDir, { recursive: true }));

const steps = 12;
const batch = 10;
const data = {
  inputs: integers(steps * batch, 1, 0, 8),
  targets: integers(steps * batch, 2, -1, 8),
  lengths: integers(batch, 3, 1, steps),
};

/** Losses of some training steps, text that is then written, and what was measured. */
async function work(library: typeof source, options: source.NetworkOptions, optimizer: source.Optimizer) {
  const own = await library.openGpu({ device: gpu().device });
  const network = await library.Network.create(own, options);
  const losses: number[] = [];
  for (const checkpointEvery of [undefined, 4]) {
    const more = { clipNorm: 1, ...(options.bidirectional ? {} : { checkpointEvery }) };
    const trainer = await library.Trainer.create(network, { steps, batch, optimizer, ...more });
    for await (const { loss } of trainer.train([data, data, data])) losses.push(loss);
    trainer.destroy();
  }
  const text = options.bidirectional
    ? []
    : [...(await library.generate(network, { prompt: [1, 2], length: 9, seed: 5 }))];
  network.destroy();
  return { losses, text };
}

const nine = { inputs: 9, hidden: 13, outputs: 9, input: "tokens", readout: "every-step" } as const;

test.each([
  ["an Elman network with SGD", { ...nine, cell: "elman" }, source.sgd({ learningRate: 1, momentum: 0.5 })],
  ["a GRU with Adam", { ...nine, cell: "gru", layers: 2, dropout: 0.3 }, source.adam({ learningRate: 0.02 })],
  ["a GRU that resets first", { ...nine, cell: "gru", reset: "before" }, source.rmsprop({ learningRate: 0.01 })],
  ["a bidirectional LSTM", { ...nine, cell: "lstm", bidirectional: true }, source.adam({ learningRate: 0.02 })],
] satisfies [string, source.NetworkOptions, source.Optimizer][])(
  "%s trains and writes to the bit as its source does",
  async (_, options, optimizer) => {
    const expected = await work(source, options, optimizer);
    expect(expected.losses.every(Number.isFinite)).toBe(true);
    expect(await work(built, options, optimizer)).toEqual(expected);
  },
);
