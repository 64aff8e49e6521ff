// `npm run verify`, run as a user runs it.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../../src/index";
import { root, run, useFolder } from "./program";

const folder = useFolder();

test("prints a line a file and the exit code 1 where one fails or is not supported", async () => {
  const good = await run(["verify", "--on", "reference", "test/recordings/i-like-nlp.safetensors"]);
  expect(good.code).toBe(0);
  expect(good.out).toMatch(/i-like-nlp .* ok\n/);
  const spoiled = join(folder, "spoiled.safetensors");
  const { tensors, metadata } = readSafetensors(await readFile(join(root, "test/recordings/lstm.safetensors")));
  const network = JSON.stringify({ ...JSON.parse(metadata.network!), cell: "mgu" });
  await writeFile(spoiled, writeSafetensors(tensors, { ...metadata, network }));
  const mixed = await run(["verify", "test/recordings/i-like-nlp.safetensors", spoiled, "package.json"]);
  expect(mixed.code).toBe(1);
  expect(mixed.out).toMatch(/spoiled +unsupported: cell mgu\n/);
  expect(mixed.out).toMatch(/package.json +FAIL readSafetensors/);
  expect(mixed.out).toContain("1 of 3 ok");
});

test("refuses wrong options with exit code 2", async () => {
  expect((await run(["verify"])).code).toBe(2);
  expect((await run(["verify", "--on", "mars", "x"])).err).toContain(
    '--on is "mars", expected node, chromium, firefox, reference',
  );
});
