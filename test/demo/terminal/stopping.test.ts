// How `npm run train` ends where it does not come to its last step.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSafetensors } from "../../../src/index";
import { linesOf, ofNetwork, run, small, useFolder } from "./program";

const folder = useFolder();

test.each(["reference", "gpu"])("what diverges on the %s ends in a line, and takes no file's place", async (device) => {
  const file = join(folder, "good.safetensors");
  await writeFile(file, "good");
  const sizes = [
    "--task",
    "adding",
    "--length",
    "5",
    "--hidden",
    "8",
    "--json",
    ...(device === "gpu" ? [] : ["--device", device]),
  ];
  const rate = ["--optimizer", "sgd", "--learning-rate", "1e30", "--clip-norm", "0"];
  const { code, err } = await run(["train", ...sizes, ...rate, "--save", file]);
  expect(code).toBe(1);
  expect(err).toMatch(
    /\ntrain: the (loss|gradients)[^\n]* step \d+ (is|are) [^\n]*; lower --learning-rate, or let --clip-norm clip gradients; nothing was saved\.\n$/,
  );
  expect(await readFile(file, "utf8")).toBe("good");
  expect((await readdir(folder)).filter((name) => name.startsWith("good"))).toEqual(["good.safetensors"]);
});

test("Ctrl-C stops it cleanly and saves", async () => {
  const file = join(folder, "stopped.safetensors");
  let asked = false;
  const { code, out, err } = await run(
    ["train", ...small, "--json", "--steps", "1000000", "--save", file],
    (child, sofar) => {
      if (!asked && sofar.includes('"step":20,')) {
        asked = true;
        child.kill("SIGINT");
      }
    },
  );
  expect(code, err).toBe(130);
  expect(linesOf(out).at(-1)).toMatchObject({ done: false, heldOutLoss: null });
  const { tensors, metadata } = readSafetensors(await readFile(file));
  expect(ofNetwork(tensors)).toHaveLength(6);
  expect(JSON.parse(metadata.trainer!).step).toBeGreaterThanOrEqual(20);
});

test("Ctrl-C before the first step stops it as well", async () => {
  let asked = false;
  const args = ["train", ...small, "--steps", "300", "--save", join(folder, "early.safetensors")];
  const { code, out, err } = await run(args, (child) => {
    if (!asked) child.kill("SIGINT"); // at the first line, which tells what it will do
    asked = true;
  });
  expect(code, err).toBe(130);
  expect(Number(out.match(/(\d+) steps in/)![1])).toBeLessThan(100);
});

test("saves even where the reader of its output goes away", async () => {
  const file = join(folder, "piped.safetensors");
  await run(["train", ...small, "--json", "--steps", "100000", "--save", file], (child) => child.stdout!.destroy());
  expect(ofNetwork(readSafetensors(await readFile(file)).tensors)).toHaveLength(6);
});
