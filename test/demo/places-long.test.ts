// PyTorch's recordings and models on devices with less than their adapter, and in the runtimes that have WebGPU of their own; the
// library as it is built, in those runtimes.

import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyingOn } from "../../demo/terminal/backends";
import { softwareDriver } from "../../demo/terminal/node-gpu";
import { findRuntime, type RuntimeName, runtimes } from "../../demo/terminal/runtimes";
import { install } from "../tarball";
import { bytesOf, differing, models, names } from "./recordings";

const all = [...names, ...models].map((name) => [name] as const);
const stacks = [["elman-three-layers"] as const, ["lstm-two-layers"] as const];
const minutes = 600_000;

describe.each(["adapter", "default", "compatibility"] as const)("with %s limits, all agree", (limits) => {
  test.each(["fused", "unrolled", "persistent"] as const)(
    "%s",
    async (sweeps) => expect(await differing("node", sweeps, all, limits)).toEqual([]),
    minutes,
  );
  test("as a wavefront, where that applies", async () => {
    const applies: string[] = [];
    const tryAll = async (verify: Parameters<Parameters<typeof verifyingOn>[2]>[0]) => {
      for (const [name] of all) {
        const verdict = await verify(await bytesOf(name));
        if (!("inapplicable" in verdict)) applies.push(name);
      }
    };
    await verifyingOn("node", "wavefront", tryAll, limits);
    expect(applies).toEqual(stacks.flat());
    expect(await differing("node", "wavefront", stacks, limits)).toEqual([]);
  });
});

test.each(["fused", "unrolled"] as const)(
  "in Chromium, %s, all agree",
  async (sweeps) => expect(await differing("chromium", sweeps, all)).toEqual([]),
  minutes,
);

const isInstalled = (name: RuntimeName) => {
  try {
    return findRuntime(name) !== undefined;
  } catch (error) {
    console.warn((error as Error).message);
    return false;
  }
};

/** Trains with what the package holds, and prints the losses. */
const training = `
import { adam, lastStep, lstm, Network, openGpu, tokens, Trainer } from "tempograd";

const gpu = await openGpu();
const network = await Network.create(gpu, { input: tokens(5), layers: [lstm(16)], readout: lastStep(2), seed: 1 });
const trainer = await Trainer.create(network, { steps: 4, batch: 2, optimizer: adam({ learningRate: 0.01 }) });
const batch = { inputs: Int32Array.from([0, 1, 2, 3, 4, 0, 1, 2]), targets: Int32Array.from([0, 1]) };
const losses = [];
for await (const { loss } of trainer.train((function* () { for (;;) yield batch; })(), { steps: 60 })) losses.push(loss);
console.log(JSON.stringify(losses));
`;

describe.each(runtimes.filter(isInstalled))("in %s", (runtime) => {
  let folder: string;
  let application: string;
  beforeAll(async () => {
    ({ folder, application } = await install());
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(["fused", "unrolled", "persistent"] as const)(
    "all agree, %s",
    async (sweeps) => expect(await differing(runtime, sweeps, all)).toEqual([]),
    minutes,
  );

  test("stacks agree as a wavefront", async () => {
    expect(await differing(runtime, "wavefront", stacks)).toEqual([]);
  });

  test("the package trains", async () => {
    const { executable, args, webgpu } = findRuntime(runtime);
    const globals = webgpu ? `import { setupGlobals } from ${JSON.stringify(webgpu)};\nsetupGlobals();` : "";
    writeFileSync(join(application, "train.mjs"), `${globals}${training}process.exit(0);`);
    const env = { ...process.env, ...(await softwareDriver()) };
    const { stdout } = await promisify(execFile)(executable, [...args, "train.mjs"], { cwd: application, env });
    const losses: number[] = JSON.parse(stdout.split("\n").find((line) => line.startsWith("["))!);
    expect(losses).toHaveLength(60);
    expect(losses.at(-1)).toBeLessThan(0.1 * losses[0]!);
  });
});
