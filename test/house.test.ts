// The house's own rules: files that a newcomer reads in one go.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../src");
const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
const lines = (text: string) => text.trimEnd().split("\n").length;

test("no file has more than 300 lines, and no constructor more than 40", () => {
  expect(sources.filter(({ text }) => lines(text) > 300).map(({ path }) => path)).toEqual([]);
  const constructors = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/^( +)(?:private )?constructor\([\s\S]*?\n\1}$/gm)].map(([text]) => ({ path, text })),
  );
  expect(constructors.length).toBeGreaterThan(10);
  expect(constructors.filter(({ text }) => lines(text) > 40).map(({ path }) => path)).toEqual([]);
});

test("what makes and runs plans names no cell, no loss and no checkpoint", () => {
  const named = sources.filter(
    ({ path, text }) => path.startsWith("gpu/") && /\b(lstm|gru|elman|crossEntropy|checkpoint)\b/i.test(text),
  );
  expect(named.map(({ path }) => path)).toEqual([]);
});
