// `npm run train -- --task classify`: files of one's own.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { linesOf, run, useFolder } from "./program";

const folder = useFolder();

test("--task classify trains on a file, cuts what is too long, goes on, and refuses other files by row", async () => {
  const [series, texts, model] = ["waves.csv", "words.csv", "waves.safetensors"].map((name) => join(folder, name));
  const wave = (i: number) => Array.from({ length: 6 + (i % 4) }, (_, t) => Math.sin(i + t) + (i % 2 ? t : -t));
  const rows = Array.from({ length: 60 }, (_, i) => [i % 2 ? "rising" : "falling", ...wave(i)].join(","));
  await writeFile(series!, rows.join("\n"));
  const args = ["train", "--task", "classify", "--data", series!, "--hidden", "8", "--steps", "60", "--length", "8"];
  const saved = await run([...args, "--save", model!]);
  expect(saved.code, saved.err).toBe(0);
  expect(saved.out).toMatch(
    /^waves\.csv: 60 in 2 classes \(falling, rising\), 6 held out, 15 cut to 8 steps, standardised by mean -?\d/,
  );
  expect(saved.out).toContain("held-out accuracy 100.0%");
  const resumed = await run(["train", "--resume", model!, "--steps", "62", "--json"]);
  expect(linesOf(resumed.out).map(({ step }) => step)).toEqual([61, 62, undefined]);

  await writeFile(texts!, rows.map((_, i) => (i % 2 ? "rising,up" : "falling,down")).join("\n"));
  await writeFile(series!, rows.slice(1).join("\n"));
  const changed = await run(["train", "--resume", model!, "--steps", "63"]);
  expect([changed.code, changed.err]).toEqual([
    2,
    expect.stringContaining('waves.csv", which is not as it was trained on'),
  ]);
  const other = await run(["train", "--task", "classify", "--data", texts!, "--load", model!]);
  expect([other.code, other.err]).toEqual([
    2,
    "train: --load does not go with the data: words.csv: has texts, expected series of 1 values a step, as the network " +
      "was trained on; give data such as it was trained on, or train a new network; see npm run train -- --help.\n",
  ]);
  await writeFile(series!, [...rows, "rising,1,n/a,3"].join("\r\n"));
  const spoiled = await run([...args, "--steps", "1"]);
  expect(spoiled.out).toContain('1 of 61 rows left out, which cannot be used (row 61: value 2 is "n/a")');
  await writeFile(series!, [...rows, ...rows.slice(0, 9).map((row) => `${row},x`)].join("\r\n"));
  const torn = await run(args);
  expect(torn.code).toBe(1);
  expect(torn.err).toMatch(
    /^waves\.csv: 9 of 69 rows cannot be used \(row 61: value 7 is "x"; row 62: .*; and 4 more\), exp.*\n$/,
  );
});

test("--load reads a file as its network was trained: by its classes and its scale, and refuses what it does not know", async () => {
  const [all, some, unknown, model] = ["all.csv", "some.csv", "unknown.csv", "levels.safetensors"].map((name) =>
    join(folder, name),
  );
  const rows = (names: readonly string[], level: (i: number) => number) =>
    Array.from({ length: 90 }, (_, i) => {
      const values = Array.from({ length: 5 }, (_, t) => level(i % names.length) + Math.sin(37 * i + 11 * t));
      return [names[i % names.length], ...values].join(",");
    }).join("\n");
  await writeFile(
    all!,
    rows(["a low", "mid", "top"], (i) => 10 * i),
  );
  await writeFile(
    some!,
    rows(["mid", "top"], (i) => 10 * i + 10),
  );
  await writeFile(
    unknown!,
    rows(["mid", "upper"], (i) => 10 * i + 10),
  );
  const task = ["train", "--task", "classify", "--hidden", "8"];
  const saved = await run([...task, "--data", all!, "--steps", "150", "--save", model!, "--json"]);
  expect(linesOf(saved.out).at(-1), saved.err).toMatchObject({ accuracy: 1 });
  const again = ["train", "--task", "classify", "--load", model!, "--steps", "1", "--learning-rate", "1e-9"];
  const loaded = await run([...again, "--data", some!]);
  expect(loaded.out, loaded.err).toMatch(
    /in 3 classes \(a low, mid, top\), 9 held out, standardised as in training, by/,
  );
  expect(loaded.out).toContain("held-out accuracy 100.0%");
  const refused = await run([...again, "--data", unknown!]);
  expect([refused.code, refused.out]).toEqual([2, ""]);
  expect(refused.err).toContain('unknown.csv: has the class "upper", expected the classes "a low", "mid", "top", as');
  for (const [args, message] of [
    [["--task", "names"], "has texts, expected series of 1 values a step"],
    [
      [],
      "whose network tells the class of a sequence, expected one that predicts the next character or word of a text",
    ],
    [["--task", "adding"], "expected one that adds two numbers, as --task adding does"],
  ] as const) {
    const { code, err } = await run(["train", ...args, "--load", model!]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  }
});

test("--task classify learns nothing from noise beside a column that numbers the rows", async () => {
  const file = join(folder, "pandas.csv");
  const noise = (i: number) => Array.from({ length: 5 }, (_, t) => Math.sin(i * i * 3.7 + 11.3 * t * i).toFixed(4));
  const rows = Array.from({ length: 400 }, (_, i) => [i, i < 200 ? "early" : "late", ...noise(i)].join(","));
  await writeFile(file, [",label,t1,t2,t3,t4,t5", ...rows].join("\n"));
  const args = ["train", "--task", "classify", "--data", file, "--hidden", "16", "--batch", "32", "--steps", "200"];
  const { code, out, err } = await run(args);
  expect(code, err).toBe(0);
  expect(out).toContain("the column without a name left out, which numbers the rows");
  const [, right, largest] = /accuracy ([\d.]+)%, always guessing the largest class ([\d.]+)%/.exec(out)!;
  expect(Number(right)).toBeLessThan(Number(largest) + 15); // of 40 that are held out
});

test("--task classify reads UTF-16 and Windows-1252, and refuses in a line what is no text or no JSON", async () => {
  const rows = Array.from({ length: 20 }, (_, i) => (i % 2 ? "fr,été" : "en,summer")).join("\n");
  const json = `[\n${rows.replace(/(..),(.*)/g, '{"label": "$1", "text": "$2"}')}\n]`; // without commas
  for (const [name, content, expected, message] of [
    ["utf16.csv", Buffer.from(`\uFEFFlabel,text\n${rows}`, "utf16le"), 0, ""],
    ["latin1.csv", Buffer.from(rows, "latin1"), 0, "latin1.csv: read as Windows-1252, as it is no UTF-8"],
    ["table.csv", Buffer.from("PK\x03\x04\x14\0table"), 1, "table.csv: is a ZIP archive, as .xlsx"],
    ["comma.json", Buffer.from(json), 1, "comma.json: is not JSON ("],
  ] as const) {
    const file = join(folder, name);
    await writeFile(file, content);
    const { code, err } = await run(["train", "--task", "classify", "--data", file, "--hidden", "4", "--steps", "1"]);
    expect([code, err.split("\n").length - 1], err).toEqual([expected, expected === 0 ? expect.any(Number) : 1]);
    expect(err).toContain(message);
  }
});
