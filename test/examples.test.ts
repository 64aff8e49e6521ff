// The examples, as whoever installs the package runs them: from its tarball, in a folder that has nothing else.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NodeGpu, openNodeGpu } from "../demo/terminal/node-gpu";
import { install } from "./tarball";

const root = resolve(import.meta.dirname, "..");
let folder: string;
let application: string;
let node: NodeGpu;

beforeAll(async () => {
  ({ folder, application } = await install());
  node = await openNodeGpu();
  Object.defineProperty(globalThis, "navigator", { value: { gpu: node.gpu }, configurable: true });
});
afterAll(() => {
  Reflect.deleteProperty(globalThis, "navigator");
  node.close();
  rmSync(folder, { recursive: true });
});

/** What the example exports, once it has run. */
async function run(name: string): Promise<Record<string, unknown>> {
  const outfile = join(application, `${name}.js`);
  await esbuild({ entryPoints: [join(root, "examples", `${name}.ts`)], outfile, format: "esm", target: "es2022" });
  return import(/* @vite-ignore */ pathToFileURL(outfile).href);
}

/** What each must have learned. */
const learned: Record<string, (exported: Record<string, unknown>) => void> = {
  "encoder-decoder": ({ share }) => expect(share).toBeGreaterThanOrEqual(0.99),
  forecast: ({ error, seasonal, within }) => {
    expect(error).toBeLessThan(0.9 * (seasonal as number));
    expect(Math.abs((within as number) - 0.8)).toBeLessThan(0.1);
  },
  "mixture-density": ({ surprise, gaussian }) => {
    expect(gaussian).toBeGreaterThan(0.6); // no single Gaussian is likelier
    expect(surprise).toBeLessThan((gaussian as number) - 0.8);
  },
  "own-cell": ({ accuracy }) => expect(accuracy).toBeGreaterThan(0.99),
  "own-input": ({ share }) => expect(share).toBeGreaterThan(0.9), // with filters that do not learn it is 0.71
  "own-loss": ({ share }) => expect(Math.abs((share as number) - 0.9)).toBeLessThan(0.04),
  "own-optimizer": ({ losses }) => {
    const all = losses as number[];
    expect(all.at(-1)).toBeLessThan(all[0]! / 20);
  },
  "own-readout": ({ share, attention }) => {
    expect(share).toBeGreaterThan(0.9);
    expect(attention).toBeGreaterThan(0.5); // of one that looks everywhere alike 0.2
  },
  "policy-gradient": ({ reward }) => expect(reward).toBeGreaterThan(0.95),
};

test("every example has what it must have learned", () => {
  const names = readdirSync(join(root, "examples")).map((name) => name.replace(/\.ts$/, ""));
  expect(names.sort()).toEqual(Object.keys(learned).sort());
});

test.each(Object.entries(learned))(
  "%s runs from the tarball alone, and learns",
  async (name, expectLearned) => {
    const imports = readFileSync(join(root, "examples", `${name}.ts`), "utf8").matchAll(/from "([^"]+)"/g);
    expect([...imports].map(([, from]) => from)).toEqual(["tempograd"]);
    expectLearned(await run(name));
  },
  360_000, // beside other tests
);
