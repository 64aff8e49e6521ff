// What `npm run train` saves, goes on from and loads.

import { lstat, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSafetensors } from "../../../src/index";
import { linesOf, type Outcome, run, small, useFolder } from "./program";

const folder = useFolder();

test("--save writes a file that --load goes on from, and that PyTorch's names fit", async () => {
  const file = join(folder, "model.safetensors");
  const saved = await run(["train", ...small, "--steps", "60", "--json", "--save", file]);
  expect(saved.code, saved.err).toBe(0);
  const { tensors, metadata } = readSafetensors(await readFile(file));
  expect(tensors.get("weight_hh_l0")!.shape).toEqual([16, 16]);
  expect(tensors.get("head.weight")!.shape).toEqual([64, 16]);
  expect(JSON.parse(metadata.about!).trainedOn).toMatchObject({ answer: "character", symbols: { length: 64 } });
  const loaded = await run(["train", ...small.slice(2), "--steps", "1", "--json", "--load", file, "--seed", "9"]);
  const [first] = linesOf(loaded.out);
  expect(first.loss).toBeLessThan(linesOf(saved.out)[0].loss - 0.5);
});

test("--resume goes on where --save stopped, with the same losses to the bit, and again from there", async () => {
  const files = ["whole", "half", "more", "rest"].map((name) => join(folder, `${name}.safetensors`));
  const [whole, half, more, rest] = files as [string, string, string, string];
  const data = join(folder, "text.txt");
  const words = ["Call", "me", "some", "years", "ago", "never", "mind", "how", "long"];
  await writeFile(data, Array.from({ length: 3000 }, (_, i) => words[((i * i + 7 * i) % 97) % words.length]).join(" "));
  const network = ["--data", data, "--cell", "lstm", "--layers", "2", "--dropout", "0.2", "--hidden", "16"];
  const training = ["--optimizer", "rmsprop", "--clip-norm", "0", "--window", "16", "--batch", "8", "--seed", "5"];
  const args = ["train", ...network, ...training, "--schedule", "unrolled", "--schedule-lr", "warmup", "--json"];
  const lossesOf = ({ code, out, err }: Outcome, expected = 0) => {
    expect(code, err).toBe(expected);
    return linesOf(out)
      .slice(0, -1)
      .map(({ step, loss }) => [step, loss]);
  };
  const all = lossesOf(await run([...args, "--steps", "60", "--save", whole]));
  let asked = false;
  const stopped = await run([...args, "--steps", "60", "--save", half], (child, sofar) => {
    if (!asked && sofar.includes('"step":3,')) asked = child.kill("SIGINT");
  });
  const first = lossesOf(stopped, 130);
  expect(first.length).toBeLessThan(60);
  const refused = await run(["train", "--resume", half, "--cell", "gru"]);
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("--cell does not go with --resume")]);
  asked = false;
  const again = await run(["train", "--resume", half, "--save", more, "--json"], (child) => {
    if (!asked) asked = child.kill("SIGINT");
  });
  const second = lossesOf(again, 130);
  const third = lossesOf(await run(["train", "--resume", more, "--save", rest, "--json"]));
  expect([...first, ...second, ...third]).toEqual(all);
  expect((await readFile(rest)).equals(await readFile(whole))).toBe(true);
  const written = await run(["generate", "--load", whole, "--prompt", "Call me ", "--length", "50", "--top-k", "5"]);
  expect(written.code, written.err).toBe(0);
  expect(written.out).toMatch(/^Call me [\s\S]{50}\n$/u);
});

test("--save and --resume refuse at once what could only fail later", async () => {
  const file = join(folder, "short.safetensors");
  await writeFile(file, "");
  const link = join(folder, "link.safetensors");
  await symlink(file, link);
  const saved = await run(["train", ...small, "--steps", "3", "--json", "--save", link]);
  expect(saved.code, saved.err).toBe(0);
  expect(readSafetensors(await readFile(file)).tensors.size).toBeGreaterThan(6); // where the link leads
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  for (const [args, message] of [
    [["train", "--save", folder], "which cannot be written (it is not a file)"],
    [["train", "--save="], 'train: --save is "", which cannot be written'],
    [["train", "--resume", file, "--steps", "2"], "--steps is 2, expected 3 or more: that many are done"],
    [["train", "--hidden", "-5"], "Option '--hidden' argument is ambiguous"],
    [["generate", "--load", folder], `--load is "${folder}", which cannot be read`],
    [["generate", "--load", file, "--length=0"], '--length is "0", expected an integer from 1 to 1000000'],
    [["generate", "--load", file, "--top-k", "0"], '--top-k is "0"'],
  ] as const) {
    const { code, out, err } = await run([...args]);
    expect([code, out, err.trim().split("\n").length], err).toEqual([2, "", 1]);
    expect(err).toContain(message);
  }
});

test("a file that is no checkpoint is refused in a line with exit code 1", async () => {
  const file = join(folder, "text.safetensors");
  await writeFile(file, "this is not a safetensors file");
  const { code, err } = await run(["train", "--load", file]);
  expect(code).toBe(1);
  expect(err).toContain("readSafetensors");
  const recording = await run(["train", "--load", "test/recordings/elman-wide.safetensors"]);
  expect(recording.code).toBe(1);
  expect(recording.err).toContain('metadata "format" is "recurrent-recording", expected "tempograd"');
});
