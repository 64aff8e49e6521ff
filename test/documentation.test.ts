// The package by its documentation: every example compiles strictly, by the oldest TypeScript and the newest, and runs; links lead
// somewhere; no export is without a word.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { smallModel } from "../demo/soak/keras-file";
import { type NodeGpu, openNodeGpu } from "../demo/terminal/node-gpu";
import type { ErrorCode } from "../src/index";
import { examples, guides, type Snippet, start, startNames } from "./documented-code";
import { install } from "./tarball";

const root = resolve(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
let folder: string;
let application: string;
let node: NodeGpu;

const ofDocstrings = examples();
const all = [...ofDocstrings, ...guides()];

/** A module of an example: with what it takes of the lines that all begin with. */
function moduleOf({ name, code }: Snippet): string {
  const own = name.startsWith("README") || name.startsWith("demo"); // which stand by themselves
  const taken = own
    ? []
    : startNames.filter(
        (name) => new RegExp(`\\b${name}\\b`).test(code) && !new RegExp(`const .*\\b${name}\\b.* =`).test(code),
      );
  return `${taken.length > 0 ? `import { ${taken.join(", ")} } from "./start.js";\n` : ""}${code}\nexport {};\n`;
}

beforeAll(async () => {
  ({ folder, application } = await install({ declarations: true }));
  mkdirSync(join(application, "node_modules/@webgpu"), { recursive: true });
  symlinkSync(join(root, "node_modules/@webgpu/types"), join(application, "node_modules/@webgpu/types"), "junction");
  const compilerOptions = {
    ...{
      target: "ES2022",
      module: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noImplicitOverride: true,
    },
    ...{ noUncheckedIndexedAccess: true, noUnusedLocals: true, noImplicitReturns: true, verbatimModuleSyntax: true },
    ...{ lib: ["ES2022", "DOM", "DOM.AsyncIterable"], types: ["@webgpu/types"], outDir: "run", rootDir: "code" },
  };
  writeFileSync(join(application, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["code"] }));
  mkdirSync(join(application, "code"));
  const write = (name: string, code: string) => writeFileSync(join(application, "code", `${name}.ts`), code);
  write("start", start.replace(/^const /gm, "export const "));
  for (const snippet of all) write(snippet.name, moduleOf(snippet));
  const { file, model, weights } = await smallModel();
  const served = { "model.keras": file, "model.json": JSON.stringify(model), "weights.bin": weights };
  vi.stubGlobal("fetch", async (name: keyof typeof served) => new Response(served[name]));
  node = await openNodeGpu();
  Object.defineProperty(globalThis, "navigator", { value: { gpu: node.gpu }, configurable: true });
});
afterAll(async () => {
  const { gpu } = await import(/* @vite-ignore */ pathToFileURL(join(application, "run/start.js")).href);
  gpu.destroy();
  Reflect.deleteProperty(globalThis, "navigator");
  vi.unstubAllGlobals();
  node.close();
  rmSync(folder, { recursive: true });
});

// The newest has a part of WebGPU itself, with which the files of @webgpu/types are at odds.
test.each([
  ["typescript-5.7", []],
  ["typescript", ["--skipLibCheck"]],
])("all of it compiles strictly by %s", (compiler, options) => {
  const tsc = join(root, "node_modules", compiler, "bin/tsc");
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", application, ...options], { encoding: "utf8" });
  expect(stdout).toBe("");
});

test("the README's least TypeScript is the one that is tested", () => {
  const { version } = JSON.parse(read("node_modules/typescript-5.7/package.json"));
  expect(read("README.md")).toContain(`TypeScript ${version.split(".").slice(0, 2).join(".")} or newer`);
});

test.each(all.filter(({ browser }) => !browser))("$name runs", async ({ name }) => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import(/* @vite-ignore */ pathToFileURL(join(application, "run", `${name}.js`)).href);
  log.mockRestore();
});

test("an example has a name of its own, and only what needs a browser is not run", () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { code, browser } of all)
    expect(browser).toBe(/\b(document\.|indexedDB|openCheckpointStore\()/.test(code));
});

test("what a newcomer calls has an example", () => {
  const called =
    "adam batchesOnce carriedWindows confusionMatrix defineCell defineLoss evaluate f1 fit forecast forecastOf fromHuggingFace fromOnnx fromPyTorch generate " +
    "minMax naiveForecast networkFromPyTorch openCheckpointStore openGpu planTable quantile randomWindows readCheckpoint readSafetensors " +
    "readTensors saveCheckpoint saveNetwork shuffledBatches splitItems standardise stepDecay timePlan toHuggingFace toPyTorch topK traceGradients " +
    "windowSize windows writeSafetensors Network Vocabulary predict predictor prepare create";
  const code = ofDocstrings.map(({ code }) => code).join("\n");
  expect(called.split(" ").filter((name) => !new RegExp(`\\b${name}\\b\\(|\\b${name}\\.`).test(code))).toEqual([]);
});

test("every code of an error has a section in the troubleshooting", () => {
  const codes: Record<ErrorCode, true> = {
    ...{ destroyed: true, "device-lost": true, "not-finite": true, "out-of-memory": true },
    ...{ option: true, batch: true, file: true, definition: true, busy: true, unsupported: true },
  };
  const sections = [...read("demo/guides/troubleshooting.md").matchAll(/^## `(.*)`$/gm)].map(([, code]) => code);
  expect(sections.sort()).toEqual(Object.keys(codes).sort());
});

const linksOf = (path: string) =>
  [
    ...read(path)
      .replace(/```[\s\S]*?```|`[^`\n]*`/g, "")
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, link]) => link!);
const isOutside = (link: string) => /^(https:|#)/.test(link);

test("links of the documents lead to files that are there", () => {
  const inGuides = readdirSync(join(root, "demo/guides")).filter((name) => name.endsWith(".md"));
  const documents = [
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    ...inGuides.map((name) => `demo/guides/${name}`),
  ];
  const dead = documents.flatMap((path) =>
    linksOf(path).filter((link) => !isOutside(link) && !existsSync(join(root, dirname(path), link.split("#")[0]!))),
  );
  expect(dead).toEqual([]);
});

test("those of the README that is packed lead to what is packed", () => {
  const packed = join(application, "node_modules/tempograd");
  expect(readFileSync(join(packed, "README.md"), "utf8")).toBe(read("README.md"));
  expect(linksOf("README.md").filter((link) => !isOutside(link) && !existsSync(join(packed, link)))).toEqual([]);
});

test("source maps of the package show the source as it is", () => {
  const library = join(application, "node_modules/tempograd/dist/library");
  const { sources, sourcesContent } = JSON.parse(readFileSync(join(library, "training/trainer.js.map"), "utf8"));
  expect(sources).toEqual([expect.stringMatching(/src\/training\/trainer\.ts$/)]);
  expect(sourcesContent).toEqual([read("src/training/trainer.ts")]);
  expect(readFileSync(join(library, "training/trainer.js"), "utf8")).toMatch(
    /\/\/# sourceMappingURL=trainer\.js\.map\s*$/,
  );
});
