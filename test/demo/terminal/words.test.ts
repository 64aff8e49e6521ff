// `--tokens`: a text of one's own that is read, learned, measured and written word by word.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { linesOf, run, useFolder } from "./program";

const folder = useFolder();

const sizes = ["--hidden", "24", "--batch", "8", "--length", "12", "--steps", "150", "--learning-rate", "0.02"];

test("a text is learned by words, and written on in words; what the network does not know is refused", async () => {
  const [file, model] = ["river.txt", "river.safetensors"].map((name) => join(folder, name)) as [string, string];
  const sentences = Array.from(
    { length: 400 },
    (_, i) => `The ${i % 3 ? "old man" : "child"} sat by the river, and slept.`,
  );
  await writeFile(file, sentences.join(" "));
  const train = await run(["train", "--data", file, "--tokens", "words", ...sizes, "--save", model]);
  expect(train.code, train.err).toBe(0);
  expect(train.out).toMatch(/^river\.txt: [\d,]+ words to learn from, [\d,]+ held out, 13 symbols/);
  const [, loss, entropy] = /held-out loss ([\d.]+) nats a word, under the unigram entropy ([\d.]+)/.exec(train.out)!;
  expect(Number(loss)).toBeLessThan(0.3 * Number(entropy));
  const options = ["--length", "6", "--top-k", "1"];
  const written = await run(["generate", "--load", model, "--prompt", "The child sat by", ...options]);
  expect([written.code, written.out]).toEqual([0, "The child sat by the river, and slept.\n"]);
  const unknown = await run(["generate", "--load", model, "--prompt", "The aunt sat"]);
  expect([unknown.code, unknown.err]).toEqual([
    2,
    expect.stringContaining('--prompt has " aunt", expected only the 13 words that the network was trained on'),
  ]);
  const predicted = await run(["predict", "--load", model, "--text", "The child sat by the", "--json"]);
  const [{ nats }, { next }] = linesOf(predicted.out) as [{ nats: number }, { next: Record<string, number> }];
  expect(nats).toBeLessThan(1);
  expect(next[" river"]).toBeGreaterThan(0.9);
  const resumed = await run(["train", "--resume", model, "--steps", "152", "--json"]);
  expect(linesOf(resumed.out).map(({ step }) => step)).toEqual([151, 152, undefined]);
}, 360_000); // beside other tests

test("and by graphemes, a letter with its accents being one", async () => {
  const file = join(folder, "accents.txt");
  await writeFile(file, "a\u0301bo\u0308 ".repeat(300));
  const { code, out, err } = await run(["train", "--data", file, "--tokens", "graphemes", ...sizes]);
  expect(code, err).toBe(0);
  expect(out).toContain("1,080 graphemes to learn from, 120 held out, 4 symbols");
}, 360_000);
