import { describe, expect, test } from "vitest";
import { callInPage } from "../../demo/terminal/in-browser";
import type { CheckpointStore } from "../../src/index";
import { inBlankPage } from "../visit";
import type { fill, look, train } from "./in-page";

const module = "/test/training/in-page.ts";
const kinds: CheckpointStore["kind"][] = ["opfs", "indexeddb"];

describe.each(kinds)("the checkpoint store of a browser, %s", (kind) => {
  test("keeps bytes by name from page to page, and refuses what it could not give back", () =>
    inBlankPage(async (page) => {
      const filled = await callInPage<Awaited<ReturnType<typeof fill>>>(page, module, "fill", kind);
      expect(filled).toEqual({
        kind,
        list: ["a 1", "b"],
        gone: true,
        refused: [
          expect.stringMatching(/^CheckpointStore.save: name is "..\/b", expected 1 to 100 letters/),
          expect.stringMatching(/^CheckpointStore.save: "b" got 0 bytes, expected 1 or more/),
        ],
      });
      await page.reload();
      const looked = await callInPage<Awaited<ReturnType<typeof look>>>(page, module, "look", kind);
      expect(looked).toEqual({ a: [100_000, 7], b: [8, 7], left: [] });
    }));
});

test("a training goes on in another page with the same losses, to the bit, wherever it was kept", () =>
  inBlankPage(async (page) => {
    const losses = (steps: number, kind?: CheckpointStore["kind"]) =>
      callInPage<Awaited<ReturnType<typeof train>>>(page, module, "train", steps, kind);
    const whole = await losses(12);
    const first: number[][] = [];
    for (const kind of kinds) first.push(await losses(5, kind));
    await page.reload();
    for (const [i, kind] of kinds.entries()) expect([...first[i]!, ...(await losses(7, kind))]).toEqual(whole);
  }));

test("without a kind the store is the private file system where the browser can write it", () =>
  inBlankPage(async (page) => {
    expect((await callInPage<Awaited<ReturnType<typeof fill>>>(page, module, "fill")).kind).toBe("opfs");
  }));

test.each(["getDirectory", "createWritable"])(
  "without a kind the store is IndexedDB where the browser has files and refuses them in %s",
  (refused) =>
    inBlankPage(async (page) => {
      await page.evaluate((refused: string) => {
        const refuse = async () => {
          throw new DOMException("Security error", "SecurityError");
        };
        const place = refused === "getDirectory" ? StorageManager.prototype : FileSystemFileHandle.prototype;
        Object.assign(place, { [refused]: refuse });
      }, refused);
      expect((await callInPage<Awaited<ReturnType<typeof fill>>>(page, module, "fill")).kind).toBe("indexeddb");
      await expect(callInPage(page, module, "fill", "opfs")).rejects.toThrow(
        'openCheckpointStore: "opfs" is not there (Security error), expected it to be; allow this site to keep data',
      );
    }),
);

test("where there is no such store, opening it says so", async () => {
  const { openCheckpointStore } = await import("../../src/index");
  await expect(openCheckpointStore()).rejects.toThrow(
    /^openCheckpointStore: "opfs" is not there \(.+\), and "indexeddb" is not there \(.+\), expected it to be/,
  );
  await expect(openCheckpointStore("cookies" as "opfs")).rejects.toThrow('kind is "cookies", expected "opfs" or');
});
