// `npm run predict`, of networks that were saved: a series with what is known ahead, sequences, and a text.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { linesOf, run, useFolder } from "./program";

const folder = useFolder();

test("a series is trained on by its columns, saved with its scale, and forecast", async () => {
  const [file, model] = ["shop.csv", "shop.safetensors"].map((name) => join(folder, name)) as [string, string];
  const price = (t: number) => 5 + ((t * t) % 11);
  const rows = Array.from({ length: 160 }, (_, t) => {
    const day = new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10);
    const sold = (1000 - 50 * price(t) + 10 * (t % 7)).toFixed(1).replace(".", ",");
    return `${day};${t < 156 ? sold : ""};${price(t)}`;
  });
  await writeFile(file, ["day;sold;price", ...rows].join("\r\n"));
  const columns = ["--column", "sold", "--known", "price", "--future", "4", "--season", "7", "--length", "7"];
  const train = ["train", "--data", file, ...columns, "--hidden", "4", "--steps", "40", "--save", model, "--json"];
  const trained = await run(train);
  expect(trained.code, trained.err).toBe(0);
  const { forecast } = linesOf(trained.out).at(-1) as { forecast: Record<string, Record<string, number>> };
  expect(forecast.sold!.lastSeason).toBeGreaterThan(0);
  expect(forecast.sold!.coverage).toBeLessThanOrEqual(1);
  const predicted = await run(["predict", "--load", model, "--data", file, "--json"]);
  expect(predicted.code, predicted.err).toBe(0);
  const lines = linesOf(predicted.out) as Record<string, number>[];
  expect(lines[0]).toMatchObject({ file: "shop.csv" });
  expect(lines.slice(1).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  for (const { median, low, high } of lines.slice(1)) {
    expect(low).toBeLessThanOrEqual(median!);
    expect(median).toBeLessThanOrEqual(high!);
    expect(Math.abs(median! - 800)).toBeLessThan(800); // in the unit of the series
  }
  await writeFile(file, ["day;sold;price", ...rows.slice(0, 156)].join("\n"));
  const blind = await run(["predict", "--load", model, "--data", file]);
  expect(blind.err).toContain('"price" has 156 steps, expected 160, of which 4 ahead');
  const top = await run(["predict", "--load", model, "--data", file, "--top", "2"]);
  expect([top.code, top.err]).toEqual([
    2,
    expect.stringContaining("--top is given, expected none: the network forecasts a series; leave it out"),
  ]);
  const text = await run(["predict", "--load", model, "--text", "a"]);
  expect([text.code, text.err]).toEqual([2, expect.stringContaining("--text is given, expected --data")]);
});

test("sequences are told with or without their classes, and how likely each is", async () => {
  const model = join(folder, "names.safetensors");
  const trained = await run(["train", "--task", "names", "--hidden", "8", "--steps", "60", "--save", model]);
  expect(trained.out, trained.err).toMatch(
    /told as the class of a column:\n +female +male\nfemale +\d+ +\d+\nmale +\d+ +\d+\n/,
  );
  const file = join(folder, "some.csv");
  await writeFile(file, "label,name\nfemale,anna\nmale,peter\nfemale,maria");
  const told = await run(["predict", "--load", model, "--data", file, "--json"]);
  expect(told.code, told.err).toBe(0);
  const lines = linesOf(told.out) as { label?: string; probabilities?: Record<string, number>; of?: number }[];
  expect(lines.map(({ label }) => label)).toEqual(["female", "male", "female", undefined]);
  expect(lines.at(-1)!.of).toBe(3);
  for (const { probabilities } of lines.slice(0, 3)) {
    expect(probabilities!.female! + probabilities!.male!).toBeCloseTo(1, 6);
  }
  const alone = await run(["predict", "--load", model, "--text", "anna", "--json"]);
  const [anna] = linesOf(alone.out) as { probabilities: Record<string, number> }[];
  expect(anna!.probabilities.female).toBeCloseTo(lines[0]!.probabilities!.female!, 5); // whatever it is padded to
});

test.each([
  [["--data", "x"], "--load is missing, expected a file that npm run train saved"],
  [["--load", "x"], "--data or --text is missing, expected one of them"],
  [["--load", "x", "--data", "y", "--text", "z"], "--text does not go with --data, expected one of them"],
  [["--load", "/no/such/file", "--text", "z"], "cannot be read"],
])("refuses %o", async (args, message) => {
  const { code, err } = await run(["predict", ...args]);
  expect([code, err]).toEqual([2, expect.stringMatching(/^predict: .*; see npm run predict -- --help\.\n$/)]);
  expect(err).toContain(message);
});
