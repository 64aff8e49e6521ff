// The rule that tells which tests need a browser, which a GPU, and which neither.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProjectName, testsByProject } from "./projects";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "projects-"));
});
afterAll(() => rmSync(root, { recursive: true }));

const program = ["demo/terminal", "run.mjs"].join("/"); // in one piece it would be named here

const helpers = {
  "demo/browser.ts": `import puppeteer, { type Browser } from "puppeteer";`,
  "demo/device.ts": `import { create } from "webgpu";`,
  "test/page.ts": `export { launch } from "../demo/browser";`,
  "test/bench.ts": `import { device } from "../demo/device";\nimport "./circle";`,
  "test/circle.ts": `import "./bench";`,
  "src/engine.ts": `export type { Page } from "puppeteer";`,
};

const cases: [test: string, code: string, project: ProjectName][] = [
  ["imports the engine alone", `import { run } from "../../src/engine";`, "unit"],
  ["opens a browser itself", `import puppeteer from "puppeteer";`, "browser"],
  ["opens one through others", `import { launch } from "../page";`, "browser"],
  ["opens one in mid-test", `const { launch } = await import("../page");`, "browser"],
  [
    "needs the types of a browser",
    `import type { Page } from "puppeteer";\nimport type { launch } from "../page";`,
    "unit",
  ],
  ["needs more types than fit a line", `import type {\n  Browser,\n  Page,\n} from "puppeteer";`, "unit"],
  ["needs a type beside a value", `import { type Gpu, open } from "../bench";`, "gpu"],
  ["measures a page", `import puppeteer from "puppeteer";`, "speed"],
  ["waits for a page", `import puppeteer from "puppeteer";`, "long"],
  ["opens a page there", `import puppeteer from "puppeteer";`, "firefox"],
  ["opens a device", `import { create } from "webgpu";`, "gpu"],
  ["starts a program", `import { execFile } from "node:child_process";`, "gpu"],
  ["opens a browser and a device", `import "../bench";\nimport "../page";`, "browser"],
  ["starts a program of the terminal", `spawn(node, ["${program}", "demo/terminal/train.ts"]);`, "gpu"],
  ["names a package in a sentence", `test("webgpu is not needed, nor puppeteer", () => {});`, "unit"],
];

test("a test is of the project that has what its imports reach, however far", () => {
  const expected: Record<ProjectName, string[]> = { unit: [], gpu: [], browser: [], firefox: [], speed: [], long: [] };
  const files: Record<string, string> = { ...helpers };
  for (const [name, code, project] of cases) {
    const words = name.replaceAll(" ", "-");
    const file =
      project === "firefox" ? `firefox-${words}` : ["speed", "long"].includes(project) ? `${words}-${project}` : words;
    const path = `test/folder/${file}.test.ts`;
    files[path] = `${code}\n`;
    expected[project].push(path);
  }
  for (const [path, code] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), code);
  }
  const found = testsByProject(root);
  for (const project of Object.keys(expected) as ProjectName[]) {
    expect(found[project]).toEqual(expected[project].sort());
  }
});

test("the tests of every operation need a GPU, those of every page a browser, and some need neither", () => {
  const tests = testsByProject(resolve(import.meta.dirname, ".."));
  const { unit, gpu, browser, firefox } = tests;
  const all = Object.values(tests).flat();
  expect(gpu).toEqual(expect.arrayContaining(all.filter((path) => path.startsWith("test/ops/"))));
  expect([...browser, ...firefox]).toEqual(
    expect.arrayContaining(all.filter((path) => path.endsWith("-page.test.ts"))),
  );
  expect(unit.length).toBeGreaterThan(20);
});
