// The rules of the house: one stem per operation, a first comment in every file, and imports that go one way.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { cellNames } from "../src/cells/cells";

const root = resolve(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The stems of the files of one folder that end in `ending`. */
function stems(folder: string, ending: string): string[] {
  const files = readdirSync(join(root, folder)).filter((name) => name.endsWith(ending));
  return files.map((name) => name.slice(0, -ending.length)).sort();
}

describe("an operation has one stem everywhere", () => {
  const shaders = stems("shaders", ".wgsl").filter(
    (stem) => !["cell", "half", "rows", "step", "sweep", "tile"].includes(stem),
  ); // parts of others

  /** Other forms of an operation, by their shaders. */
  const forms: Readonly<Record<string, string>> = { persistent: "recurrence" };
  const parts = ["operands", "sweep", "sweep-cost", "sweep-forms", "thresholds", "tile"];
  const operations = stems("src/ops", ".ts").filter((stem) => !parts.includes(stem));

  test("every shader is of a cell in the table, of the module of src/ops that has its name, or another form of one", () => {
    expect([...operations, ...cellNames, ...Object.keys(forms)].sort()).toEqual(shaders);
  });

  test("every module of src/cells is a cell in the table, one of equations that has its name and a test, or of those", () => {
    const others = [
      "cell",
      "cells",
      "reference-cells",
      "cell-equations",
      "define-cell",
      "gate-values",
      "traced-reference",
      "traced-shader",
    ];
    const modules = stems("src/cells", ".ts").filter((stem) => !others.includes(stem));
    const ofEquations = modules.filter((stem) => read(`src/cells/${stem}.ts`).includes(`name: "${stem}",\n  gates: [`));
    expect(modules).toEqual([...cellNames, ...ofEquations].sort());
    expect(stems("test/cells", ".test.ts")).toEqual(expect.arrayContaining(ofEquations));
  });

  test.each(shaders)("%s has a CPU twin, which its header names, and a test against it", (stem) => {
    const cell = cellNames.some((name) => name === stem);
    const header = /^(\/\/.*\n)+/.exec(read(`shaders/${stem}.wgsl`))?.[0];
    const twins = cell ? "src/cells" : "src/reference";
    const operation = forms[stem] ?? stem;
    expect(header).toContain(`\n// CPU twin: ${twins}/${operation}.ts\n`);
    expect(stems(twins, ".ts")).toContain(operation);
    expect(stems(cell ? "test/cells" : "test/ops", ".test.ts")).toContain(operation);
  });
});

test("every file of src, demo and shaders says first what it is for", () => {
  const files = ["src", "demo", "shaders"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const sources = files.filter((file) => /\.(ts|mjs|wgsl)$/.test(file));
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.filter((file) => !/^\/\/ .{10}/.test(read(file)))).toEqual([]);
});

test("a newcomer reads each file of src in one go: 300 lines at most, and 40 of a constructor", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const lines = (text: string) => text.trimEnd().split("\n").length;
  const texts = files.map((file) => ({ file, text: read(join("src", file)) }));
  const constructors = texts.flatMap(({ file, text }) =>
    [...text.matchAll(/^( +)(?:private )?constructor\([\s\S]*?\n\1}$/gm)].map(([text]) => ({ file, text })),
  );
  expect(constructors.length).toBeGreaterThan(10);
  expect(texts.filter(({ text }) => lines(text) > 300).map(({ file }) => file)).toEqual([]);
  expect(constructors.filter(({ text }) => lines(text) > 40).map(({ file }) => file)).toEqual([]);
});

test("no source gives a function an argument for each of a list that may be long, which overflows the stack", () => {
  const files = ["src", "demo"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const spreading = /\bMath\.(max|min)\(([^()\n]*, )?\.\.\.|\.push\(\.\.\.|fromCharCode\(\.\.\.|\.apply\(/;
  expect(files.filter((file) => file.endsWith(".ts") && spreading.test(read(file)))).toEqual([]);
});

test("src/gpu knows no word of learning: it says no cell, loss of a network, gradient, optimizer or checkpoint", () => {
  const words = /\b(cells?|losses|gradients?|optimizers?|networks?|checkpoints?|training|learn\w*|lstm|gru|elman)\b/i;
  const files = readdirSync(join(root, "src/gpu")).filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(15);
  const found = files.flatMap((file) =>
    read(join("src/gpu", file))
      .split("\n")
      .flatMap((line) => (words.test(line) ? [`${file}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});

test("every public class that is destroyed can be disposed of, and is exported as a type", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const destroyed = files.filter((file) => /^ {2}destroy\(\): void \{/m.test(read(join("src", file))));
  const internal = ["gpu/allocation.ts", "gpu/stamps.ts", "gpu/timing.ts"]; // whose owners destroy them
  const owners = destroyed.filter((file) => !internal.includes(file.replaceAll("\\", "/")));
  expect(owners.length).toBeGreaterThan(3);
  const index = read("src/index.ts");
  for (const file of owners) {
    const source = read(join("src", file));
    expect(source, file).toMatch(/^ {2}\[Symbol\.dispose\]\(\): void/m);
    const [, name] = /^export class (\w+)/m.exec(source)!;
    expect(index, file).toMatch(new RegExp(`\\b${name}\\b`));
  }
});

test("every test that the README names is there", () => {
  const named = [...read("README.md").matchAll(/`(test\/[\w/.{},-]+\.test\.ts)`/g)].flatMap(([, path]) => {
    const [, before, names, after] = /^(.*)\{(.*)\}(.*)$/.exec(path!) ?? [];
    return names === undefined ? [path!] : names.split(",").map((name) => before! + name + after!);
  });
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

afterEach(() => void vi.unstubAllGlobals());

test("importing the library does not look at navigator", async () => {
  const touched: PropertyKey[] = [];
  vi.stubGlobal("navigator", new Proxy({}, { get: (_, name) => void touched.push(name) }));
  vi.resetModules(); // another test may have loaded it
  const { openGpu } = await import("../src/index");
  expect(touched).toEqual([]);
  await expect(openGpu()).rejects.toThrow("navigator.gpu");
  expect(touched).toContain("gpu");
});

describe("the linter keeps imports going one way", () => {
  /** A folder, and what a file there says. */
  type Case = readonly [folder: string, statement: string];
  const allowed: Case[] = [
    ["src/gpu", `import "./tensor"; import "idb-keyval";`],
    [
      "src/ops",
      `import "./operands"; import "../cells/cell"; import "../gpu/plan"; import "../../shaders/sgd.wgsl?raw";`,
    ],
    [
      "src/network",
      `import "./layer"; import "../cells/cells"; import "../ops/sgd"; import "pure-rand/generator/xoroshiro128plus";`,
    ],
    ["src/training", `import "./trainer"; import "../gpu/plan"; import "../ops/sgd"; import "../network/network";`],
    ["src/data", `import "./options"; import type { Batch, BatchShape } from "../network/batch";`],
    ["src/cells", `import "./cell"; import "../reference/matmul"; import "../../shaders/lstm.wgsl?raw";`],
    ["src/reference", `import "./matmul"; import "../cells/cells";`],
    ["src/interchange", `import "./safetensors"; import "../cells/cells"; import "../parts/layers";`],
    ["src/onnx", `import "./model"; import "../network/config"; import "../expressions/graph";`],
    ["src/hugging-face", `import "./model-card"; import "../interchange/pytorch"; import "../data/vocabulary";`],
    ["src/keras", `import "./chain"; import "../network/config"; import "jsfive"; import "fflate";`],
    ["src/parts", `import "./layers"; import "../cells/cells"; import "../losses/loss";`],
    ["src/losses", `import "./loss"; import "../expressions/loss";`],
    ["demo", `import "../src/index"; import "node:fs";`],
    ["demo/train", `import "../../src/index"; import "../data/names"; import "vite";`],
    ["demo/data", `import "../../src/interchange/untrusted";`],
    [
      "demo/workshop",
      `import "../../src/index"; import "../../src/reference/sample"; import "../../src/cells/gate-values";`,
    ],
  ];
  const forbidden: Case[] = [
    ["src/gpu", `import "../ops/sgd";`],
    ["src/gpu", `import type { Batch } from "../network/batch";`],
    ["src/gpu", `export * from "../index";`],
    ["src/gpu", `import "node:fs";`],
    ["src/ops", `import "../network/network";`],
    ["src/ops", `import "../reference/sgd";`],
    ["src/network", `import "../training/trainer";`],
    ["src/network", `import "../data/vocabulary";`],
    ["src/network", `export const trainer = import("../training/trainer");`],
    ["src/training", `import "../reference/network";`],
    ["src/training", `import "../index";`],
    ["src/data", `import { checkBatch } from "../network/batch";`],
    ["src/data", `import * as batch from "../network/batch"; batch;`],
    ["src/data", `import "../network/network";`],
    ["src/data", `import type { Gpu } from "../gpu/device";`],
    ["src/data", `import "fs";`],
    ["src/cells", `import "../reference/network";`],
    ["src/parts", `import "../network/config";`],
    ["src/onnx", `import "../training/trainer";`],
    ["src/standalone", `import "../gpu/device";`],
    ["src/hugging-face", `import "../training/checkpoint";`],
    ["src/hugging-face", `import "../onnx/model";`],
    ["src/keras", `import "../gpu/device";`],
    ["src/network", `import "fflate";`],
    ["src/network", `import "../onnx/model";`],
    ["demo", `import "../src/onnx/builder";`],
    ["src/parts", `import "../ops/sgd";`],
    ["src/losses", `import "../ops/value-loss";`],
    ["src/cells", `import "../gpu/plan";`],
    ["src/cells", `import "../ops/recurrence";`],
    ["src/gpu", `import "../cells/cell";`],
    ["src/data", `import "../cells/cells";`],
    ["src/reference", `import "../gpu/tensor";`],
    ["src/reference", `import "../../shaders/sgd.wgsl?raw";`],
    ["src/interchange", `import "../network/parameters";`],
    ["src/another", `import "../gpu/device";`],
    ["demo", `import "../src/training/trainer";`],
    ["demo/train", `import "../../src/gpu/device";`],
    ["demo/data", `import "../../src/interchange/safetensors";`],
    ["demo/workshop", `import "../../src/reference/network";`],
    ["demo/tasks", `import "../../src/reference/sample";`],
  ];
  const cycle: Case[] = [
    ["src/gpu", `export { b as a } from "./cycle-1";`],
    ["src/gpu", `export { a as b } from "./cycle-0";`],
  ];

  let project: string;
  let refused: Set<string>;

  /** Each case in a file of its own. */
  const filesOf = (name: string, cases: Case[]) =>
    cases.map(([folder, statement], index) => ({ file: `${folder}/${name}-${index}.ts`, statement }));
  const all = {
    allowed: filesOf("allowed", allowed),
    forbidden: filesOf("forbidden", forbidden),
    cycle: filesOf("cycle", cycle),
  };

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), "house-"));
    for (const name of ["biome.json", ".gitignore"]) copyFileSync(join(root, name), join(project, name));
    for (const { file, statement } of Object.values(all).flat()) {
      mkdirSync(dirname(join(project, file)), { recursive: true });
      writeFileSync(join(project, file), `${statement}\n`);
    }
    const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
    const rules = ["--only=style/noRestrictedImports", "--only=suspicious/noImportCycles"];
    const options = ["lint", "--reporter=json", "--max-diagnostics=none", ...rules];
    const { stdout } = spawnSync(process.execPath, [biome, ...options], { cwd: project, encoding: "utf8" });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { severity: string; location: { path: string } }[] };
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    refused = new Set(errors.map(({ location }) => location.path.replaceAll("\\", "/")));
  });
  afterAll(() => rmSync(project, { recursive: true }));

  test("what a folder builds on may be imported", () => {
    expect(all.allowed.filter(({ file }) => refused.has(file))).toEqual([]);
  });

  test("nothing else may, and nothing of Node", () => {
    expect(all.forbidden.filter(({ file }) => !refused.has(file))).toEqual([]);
  });

  test("modules may not import each other in a circle", () => {
    expect(all.cycle.filter(({ file }) => !refused.has(file))).toEqual([]);
  });
});
