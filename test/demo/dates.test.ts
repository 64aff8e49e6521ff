// Dates: written in many ways and read again, held out by their days, and measured whole.

import { describe, expect, test } from "vitest";
import {
  allDays,
  characters,
  dayOf,
  firstYear,
  isoCharacters,
  isoLength,
  isoOf,
  lastYear,
  longestDate,
  type Pick,
  plain,
  writtenBy,
} from "../../demo/data/dates";
import { trainedOn } from "../../demo/data/said-trained-on";
import { datesProblem } from "../../demo/tasks/dates-problem";
import { exactMatch } from "../../demo/tasks/exact-match";
import { networkOptionsOf, settingsOf } from "../../demo/tasks/library-options";
import { initialOf } from "../../demo/tasks/settings";
import { type Batch, type ScoredRow, Vocabulary } from "../../src/index";

/** Draws that are the same each time. */
function draws(): Pick {
  let state = 7;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const settings = { ...initialOf("dates"), batch: 7 };
const problem = datesProblem(settings);

/** The dates of a batch, in ISO 8601, by what is to be written. */
function datesIn({ targets }: Batch, batch = settings.batch): string[] {
  const rows = Array.from({ length: batch }, (_, row) =>
    Array.from({ length: isoLength }, (_, t) => isoCharacters[targets[t * batch + row]!]).join(""),
  );
  return rows.filter((date) => date.length === isoLength);
}

describe("a date", () => {
  test("is read again from each way in which it is written, with characters that a network knows", () => {
    const [pick, all, ways] = [draws(), allDays(), new Set<string>()];
    let longest = 0;
    expect([isoOf(all[0]!), isoOf(all.at(-1)!)]).toEqual([`${firstYear}-01-01`, `${lastYear}-12-31`]);
    for (let i = 0; i < 5000; i++) {
      const day = all[pick(all.length)]!;
      const text = writtenBy(pick, day);
      const known = [...text].filter((character) => characters.includes(character)).join("");
      expect([plain(text), known, isoOf(dayOf(text)!)]).toEqual([text, text, isoOf(day)]);
      longest = Math.max(longest, text.length);
      ways.add(text.replace(/[a-z]+/g, "a").replace(/\d+/g, "0"));
    }
    expect(longest).toBeGreaterThan(longestDate - 6);
    expect(longest).toBeLessThanOrEqual(longestDate);
    expect(ways.size).toBeGreaterThan(30);
  });

  test.each([
    ["3 March 1998", "1998-03-03"],
    ["Mar 3, ’98", "1998-03-03"],
    ["03/04/1998", "1998-03-04"],
    ["03.04.1998", "1998-04-03"],
    ["tuesday,  3rd of march 1998 ", "1998-03-03"],
    ["29-feb-00", "2000-02-29"],
    ["the 1st of may, '49", "2049-05-01"],
    ["1/1/50", "1950-01-01"],
    ["2 june 1815", "1815-06-02"],
  ])("%s is %s", (text, iso) => expect(isoOf(dayOf(plain(text))!)).toBe(iso));

  test.each(["30 february 1999", "13/13/1999", "march 1998", "3 march 98", "3 mar 0098", "soon", "1998-3-3", ""])(
    "%s is none",
    (text) => expect(dayOf(text)).toBeUndefined(),
  );
});

describe("the task of dates", () => {
  test("never trains on a day that is held out, and holds the same out whatever the seed", () => {
    const heldOut = new Set([...problem.heldOut()].flatMap((batch) => datesIn(batch)));
    expect(heldOut.size).toBe(1000);
    const stream = problem.training();
    const learned = new Set(Array.from({ length: 400 }, () => datesIn(stream.next().value)).flat());
    expect(learned.size).toBeGreaterThan(2500);
    expect([...learned].filter((date) => heldOut.has(date))).toEqual([]);
    const other = datesProblem({ ...settings, seed: 2 });
    expect([...other.heldOut()]).toEqual([...problem.heldOut()]);
    expect(other.training().next().value).not.toEqual(problem.training().next().value);
  });

  test("reads a question as it reads its data, knows what it should be, and refuses what it cannot read", () => {
    const { asking } = problem;
    const [first] = problem.heldOut();
    const { inputs, answer } = asking.read(asking.example(0));
    const column = Array.from(inputs, (_, t) => first!.source![t * settings.batch]);
    expect([...inputs]).toEqual(column);
    const probabilities = new Float32Array(isoLength * isoCharacters.length).fill(1 / isoCharacters.length);
    const said = (text: string) => answer({ classes: new Vocabulary(isoCharacters).encode(text), probabilities });
    const [date] = datesIn(first!);
    expect(said(date!)).toMatchObject({ symbols: [...date!], truth: { text: date, place: "held out" } });
    expect(asking.read("2 june 1815").answer({ classes: new Int32Array(10), probabilities })).toMatchObject({
      truth: { text: "1815-06-02", place: "beyond" },
    });
    expect(asking.read("the day of the dead").answer({ classes: new Int32Array(10), probabilities })).toMatchObject({
      truth: undefined,
    });
    expect(() => asking.read(" ")).toThrow("The question: is empty, expected a date; enter one.");
    expect(() => asking.read("3 März 1998")).toThrow('has "ä", "z", expected only the');
    expect(() => asking.read("1 ".repeat(30))).toThrow("has 59 characters, expected 36 at most; write it shorter");
    const tested = asking.heldOut!.tested(
      [...problem.heldOut()].flatMap((batch) =>
        datesIn(batch).map((date, i) => ({
          classes: new Vocabulary(isoCharacters).encode(i === 3 ? "1999-99-99" : date),
          probabilities,
        })),
      ),
    );
    expect([tested.count, tested.right, tested.misread.length]).toEqual([1000, 857, 100]); // of 143 batches each its fourth
    expect(tested.misread[0]!.told).toBe("1999-99-99");
  });

  test("is of an encoder–decoder, which a file says as it is", async () => {
    const network = await networkOptionsOf({ ...settings, layers: 2, dropout: 0.1 }, problem.network);
    if ("cell" in network) throw new Error("It has no encoder.");
    expect(network.layers.map(({ dropout }) => dropout)).toEqual([0, 0.1]);
    const { cell, hidden, forgetBias, initializer } = settings;
    expect(settingsOf(network)).toMatchObject({ cell, hidden, forgetBias, initializer, layers: 2, dropout: 0.1 });
    expect(network.encoder!.layers).toEqual(network.layers);
    const about = JSON.parse(JSON.stringify({ trainedOn: problem.trainedOn }));
    expect(trainedOn(about, network)).toEqual(problem.trainedOn);
    const other = { ...about.trainedOn, symbols: [...about.trainedOn.symbols].reverse() };
    expect(() => datesProblem(settings, { trained: other })).toThrow(
      "The dates: have other characters, expected those",
    );
    for (const [name, value] of [
      ["symbols", characters.slice(1)],
      ["classes", isoCharacters.slice(1)],
      ["answer", "character"],
    ] as const) {
      const spoilt = { trainedOn: { ...problem.trainedOn, [name]: value } };
      expect(() => trainedOn(spoilt, network)).toThrow(`for "${name}", expected what its network was trained on`);
    }
    const [layer] = network.layers as [(typeof network.layers)[number]];
    const { encoder: _, ...without } = network;
    for (const parts of [without, { ...network, layers: [layer, { ...layer, hidden: 4 }] }]) {
      expect(() => trainedOn(about, parts)).toThrow(
        "The file is of a network made of parts, expected one kind of cell",
      );
    }
  });
});

test("exactMatch is the share of sequences without a step that is wrong, over batches that are not full too", () => {
  const [steps, batch, count] = [3, 4, 10];
  const ranks = Array.from({ length: count }, (_, i) =>
    Array.from({ length: steps }, (_, t) => ((i * t) % 5 === 4 ? 2 : 0)),
  );
  const tally = exactMatch({ steps, batch }, count).begin(2);
  for (let start = 0; start < count; start += batch) {
    for (let t = 0; t < steps; t++) {
      for (const of of ranks.slice(start, start + batch)) tally.add({ rank: of[t] } as ScoredRow);
    }
  }
  const right = ranks.filter((of) => of.every((rank) => rank === 0)).length;
  expect(right).toBeLessThan(count);
  expect(tally.value()).toBe(right / count);
});
