// `npm run verify`, run as a user runs it.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findRuntime } from "../../../demo/terminal/runtimes";
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
    '--on is "mars", expected node, chromium, firefox, deno, bun, reference, onnx',
  );
  expect((await run(["verify", "--limits", "least", "x"])).err).toContain(
    '--limits is "least", expected adapter, default, compatibility',
  );
  expect((await run(["verify", "--on", "reference", "--limits", "default", "x"])).err).toContain(
    "--limits are of a device, which --on reference has not",
  );
});

test("counts apart what a schedule does not apply to", async () => {
  const files = ["elman-three-layers", "gru"].map((name) => `test/recordings/${name}.safetensors`);
  const { code, out } = await run(["verify", "--schedule", "wavefront", "--limits", "default", ...files]);
  expect(out).toMatch(/gru +does not apply: Pass: schedule is "wavefront" for 1 × gru/);
  expect(out).toContain("1 of 1 ok, on node, wavefront, default limits; to 1 more wavefront does not apply");
  expect(code).toBe(0);
});

test("names the cure where a runtime is not there, or not the one that the environment names", () => {
  expect(() => findRuntime("deno", "linux", { PATH: "" })).toThrow("set TEMPOGRAD_DENO=/path/to/deno or install it");
  expect(() => findRuntime("bun", "linux", { PATH: "" })).toThrow("npm install --global bun bun-webgpu");
  expect(() => findRuntime("bun", "linux", { TEMPOGRAD_BUN: "/none" })).toThrow('TEMPOGRAD_BUN is "/none"');
  expect(() => findRuntime("bun", "linux", { TEMPOGRAD_BUN: "/bin/sh" })).toThrow("has no bun-webgpu beside it");
});
