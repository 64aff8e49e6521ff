// What people build with it, from the package alone: few lines each, and each learns what it should.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";
import { type Evaluation, type FitEntry, naiveForecast, type Series, type Window } from "../src/index";
import { usePackage } from "./packed";

const folder = join(import.meta.dirname, "applications");
const run = usePackage();

/** Lines that are neither empty nor a comment; an import is one, however long the list of its names. */
const linesOf = (code: string) =>
  code
    .replace(/^import [^;]*;/gm, "import")
    .split("\n")
    .filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;

type Exported = Record<string, unknown>;

/** How far off it is at held-out windows, by repeating the season, and the share of what came that lies in its intervals. */
function judged(exported: Exported, season: number) {
  const { series, heldOut, forecasts } = exported as {
    series: Series;
    heldOut: Window[];
    forecasts: (readonly Float64Array[])[];
  };
  const actual = Array.from(Object.values(series)[0]!);
  const found = { error: 0, seasonal: 0, within: 0 };
  for (const [i, { at, end }] of heldOut.entries()) {
    const [low, middle, high] = forecasts[i]!;
    const naive = naiveForecast(actual.slice(0, at), end - at, season);
    for (const [step, value] of actual.slice(at, end).entries()) {
      const share = 1 / (heldOut.length * (end - at));
      found.error += share * Math.abs(middle![step]! - value);
      found.seasonal += share * Math.abs(naive[step]! - value);
      found.within += low![step]! <= value && value <= high![step]! ? share : 0;
    }
  }
  return found;
}

function expectForecast(exported: Exported, season: number): void {
  const { error, seasonal, within } = judged(exported, season);
  expect(error).toBeLessThan(0.9 * seasonal);
  expect(Math.abs(within - 0.8)).toBeLessThan(0.1);
}

const lastOf = ({ history }: Exported) => (history as FitEntry[]).at(-1)!;

/** What each must have learned. */
const learned: Record<string, (exported: Exported) => void> = {
  forecast(exported) {
    expectForecast(exported, 12);
    const { next, to } = exported as { next: { passengers: Float64Array[] }; to: number };
    expect(next.passengers.map(({ length }) => length)).toEqual([6, 6, 6]);
    expect(Math.abs(next.passengers[1]![0]! - (200 + 0.3 * (to + 200)))).toBeLessThan(60);
  },
  multivariate: (exported) => expectForecast(exported, 7),
  classify(exported) {
    const { measured, best, history, stopped } = exported as {
      measured: { f1: number; confusion: number[][] };
      best: FitEntry;
      history: FitEntry[];
      stopped: string;
    };
    expect(measured.f1).toBeGreaterThan(0.9); // always saying that there is none: 0.48
    expect(measured.confusion[1]![1]! / 20).toBeGreaterThanOrEqual(0.9);
    expect(stopped).toBe("patience");
    expect(history.indexOf(best)).toBe(history.length - 7);
  },
  words(exported) {
    const { loss } = lastOf(exported).validation as Evaluation;
    expect(loss).toBeLessThan(0.4 * (exported.entropy as number));
    const sentences = (exported.text as string).match(/[^.]+\./g)!.map((sentence) => sentence.trim());
    const said = `When the cat was in the garden,${exported.written}`;
    expect(sentences).toContain(said.trim());
  },
  "from-pytorch"(exported) {
    const { predictions, logits, learned, losses } = exported as {
      predictions: { probabilities: Float32Array }[];
      logits: Float32Array;
      learned: number[];
      losses: Float32Array;
    };
    for (const [row, { probabilities }] of predictions.entries()) {
      for (let step = 0; step < 6; step++) {
        const from = 20 * (3 * step + row);
        const expected = Array.from(logits.subarray(from, from + 20), Math.exp);
        const sum = expected.reduce((total, value) => total + value);
        for (const [k, value] of expected.entries()) {
          expect(probabilities[20 * step + k]).toBeCloseTo(value / sum, 5);
        }
      }
    }
    expect(learned).toHaveLength(12);
    for (const [i, loss] of learned.entries()) expect(loss).toBeCloseTo(losses[i]!, 4);
  },
  "encoder-decoder"({ said }) {
    const all = said as { targets: Int32Array; symbols: Int32Array }[];
    const right = all.filter(({ targets, symbols }) => targets.join() === symbols.join());
    expect(right.length / all.length).toBeGreaterThan(0.8); // by chance 0.001
  },
  guest({ frames }) {
    const all = frames as { values: Float32Array; next: Float32Array }[];
    expect(all).toHaveLength(20);
    for (const { values, next } of all) {
      for (const [i, value] of values.entries()) expect(Math.abs(next[i]! - value)).toBeLessThan(0.15);
    }
  },
  "own-parts"({ unseen, answers }) {
    // An outlier a tenth of the time leaves the median where it is, and takes the mean 0.4 above it.
    const all = unseen as { features: Float32Array; values: Float32Array }[];
    const off = all.map(({ features }, i) => {
      const clean = features.reduce((sum, value) => 0.7 * sum + value, 0);
      return (answers as { values: Float32Array }[])[i]!.values[0]! - clean;
    });
    expect(Math.max(...off.map(Math.abs))).toBeLessThan(0.2);
  },
};

const names = readdirSync(folder)
  .map((name) => name.replace(/\.ts$/, ""))
  .filter((name) => name !== "data");

test("every application has what it must have learned, and few lines", () => {
  expect(names.sort()).toEqual(Object.keys(learned).sort());
  const lines = names.map((name) => [name, linesOf(readFileSync(join(folder, `${name}.ts`), "utf8"))] as const);
  expect(lines.filter(([, count]) => count > 25)).toEqual([]);
});

test.each(Object.entries(learned))(
  "%s learns, from the tarball alone",
  async (name, expectLearned) => {
    const imports = readFileSync(join(folder, `${name}.ts`), "utf8").matchAll(/from "([^"]+)"/g);
    expect([...imports].map(([, from]) => from).sort()).toEqual(["./data", "tempograd"]);
    expectLearned(await run(`test/applications/${name}.ts`));
  },
  360_000, // beside other tests
);
