// What the terminal trains, saves and takes up again: stacks, parity, dates.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSafetensors } from "../../../src/index";
import { linesOf, type Outcome, run, useFolder } from "./program";

const folder = useFolder();

test("trains stacked and bidirectional cells with any optimizer, and loads them again", async () => {
  const file = join(folder, "lstm.safetensors");
  const network = ["--cell", "lstm", "--layers", "2", "--bidirectional", "--optimizer", "adam", "--clip-norm", "1"];
  const args = ["train", "--task", "names", "--hidden", "8", "--batch", "16", "--steps", "30", "--json"];
  const saved = await run([...args, ...network, "--save", file]);
  expect(saved.code, saved.err).toBe(0);
  const { tensors } = readSafetensors(await readFile(file));
  expect(tensors.get("weight_hh_l1_reverse")!.shape).toEqual([32, 8]);
  const loaded = await run(["train", "--task", "names", "--batch", "16", "--steps", "1", "--json", "--load", file]);
  expect(loaded.code, loaded.err).toBe(0);
  const heldOut = ({ out }: Outcome) => linesOf(out).at(-1).heldOutLoss;
  expect(heldOut(loaded)).toBeCloseTo(heldOut(saved), 1);
});

test("--task parity counts over five times as many steps, with a cell of its equations that files hold", async () => {
  const file = join(folder, "parity.safetensors");
  const args = ["--task", "parity", "--cell", "coupled-lstm", "--hidden", "16", "--length", "6", "--steps", "400"];
  const { code, out, err } = await run(["train", ...args, "--save", file]);
  expect(code, err).toBe(0);
  expect(out).toContain("coupled-lstm, hidden 16");
  const [, right, steps] = /held-out accuracy ([\d.]+)% over (\d+) steps, guessing 50\.0%/.exec(out)!;
  expect(Number(right)).toBeGreaterThan(99);
  expect(steps).toBe("30");
  const resumed = await run(["train", "--resume", file, "--steps", "402", "--json"]);
  expect(linesOf(resumed.out).map(({ step }) => step)).toEqual([401, 402, undefined]);
  const loaded = await run(["train", "--task", "parity", "--length", "6", "--load", file, "--steps", "1", "--json"]);
  expect(linesOf(loaded.out).at(-1).accuracy, loaded.err).toBeGreaterThan(0.9);
  const refused = await run(["train", "--load", file]);
  expect(refused.err).toContain("whose network tells the product so far of a stream of ±1, expected one that predicts");
});

test("dates are written as ISO 8601 by an encoder–decoder that was saved", async () => {
  const [model, file] = [join(folder, "dates.safetensors"), join(folder, "dates.txt")];
  const sizes = ["--hidden", "16", "--batch", "16", "--steps", "60"];
  const trained = await run(["train", "--task", "dates", "--cell", "lstm", ...sizes, "--save", model]);
  expect(trained.code, trained.err).toBe(0);
  expect(trained.out).toMatch(
    /^Dates: 35,525 days of 1950 to 2049, written in many ways; 1,000 others held out; lstm, /,
  );
  expect(trained.out).toContain("encoder and decoder, hidden 16");
  expect(trained.out).toMatch(/after 60 steps it writes: "[-\d]{10} for .+"/);
  const [, loss] = /all symbols of them: [\d.]+%; loss ([\d.]+) nats a symbol, knowing only how often/.exec(
    trained.out,
  )!;
  expect(Number(loss)).toBeLessThan(Math.log(11) - 0.8);
  await writeFile(file, "Mar 3, '98\n\n03/03/1998\n");
  const told = await run(["predict", "--load", model, "--data", file, "--json"]);
  expect(told.code, told.err).toBe(0);
  const lines = linesOf(told.out) as { text: string; date: string; probabilities: number[] }[];
  expect(lines.map(({ text }) => text)).toEqual(["Mar 3, '98", "03/03/1998"]);
  for (const { date, probabilities } of lines) expect([date.length, probabilities.length]).toEqual([10, 10]);
});
