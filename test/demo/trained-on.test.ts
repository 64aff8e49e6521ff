import { describe, expect, test } from "vitest";
import { trainedOn } from "../../demo/data/said-trained-on";
import { trainedOnSums, trainedOnText, vocabularyOf } from "../../demo/data/trained-on";
import { type UniformOptions, Vocabulary } from "../../src/index";

const base = { cell: "elman", hidden: 4 } as const;
const texts = { ...base, inputs: 3, outputs: 3, input: "tokens", readout: "every-step" } satisfies UniformOptions;
const series = { ...base, inputs: 2, outputs: 2, input: "features", readout: "last-step" } satisfies UniformOptions;
const sums = { ...series, outputs: 1, loss: "mean-squared-error" } satisfies UniformOptions;
const ofTexts = trainedOnText(new Vocabulary("abc"));
const scale = { mean: [0, 1e9], deviation: [1e-3, 1] };
const ofSeries = { answer: "class", symbols: [], classes: ["b", "a"], columns: ["t1"], scale };

const saved = (said: unknown) => JSON.parse(JSON.stringify({ trainedOn: said }));

describe("trainedOn", () => {
  test("reads what files say", () => {
    expect(trainedOn(saved(ofTexts), texts)).toEqual(ofTexts);
    expect(trainedOn(saved(ofSeries), series)).toEqual(ofSeries);
    expect(trainedOn(saved(trainedOnSums), sums)).toEqual(trainedOnSums);
  });

  test("reads files from before they said so, where nothing is missing, and refuses others", () => {
    expect(trainedOn({ task: "moby-dick", symbols: ["a", "b", "c"], args: [] }, texts)).toEqual(ofTexts);
    expect(trainedOn({ task: "adding", symbols: [], args: [] }, sums)).toEqual(trainedOnSums);
    for (const [about, network] of [
      [{ task: "classify", symbols: [], args: [] }, series],
      [
        { task: "names", symbols: ["a", "b"], args: [] },
        { ...series, input: "tokens" },
      ],
      [undefined, texts],
      ["text", series],
    ] as const) {
      expect(() => trainedOn(about, network)).toThrow(
        "The file does not say what it was trained on, expected the symbols, classes and scale; train and save it again.",
      );
    }
  });

  test.each([
    ["answer", { ...ofSeries, answer: "character" }, series],
    ["answer", 5, series],
    ["answer", { ...ofTexts, answer: "__proto__" }, texts],
    ["symbols", { ...ofTexts, symbols: ["a", "b"] }, texts],
    ["symbols", { ...ofTexts, symbols: ["a", "b", "b"] }, texts],
    ["symbols", { ...ofTexts, symbols: ["a", "b", "cd"] }, texts],
    ["symbols", { ...ofTexts, symbols: ["a", "b", 7] }, texts],
    ["symbols", { ...ofSeries, symbols: ["a"] }, series],
    ["classes", { ...ofSeries, classes: ["a"] }, series],
    ["classes", { ...ofSeries, classes: ["a", "a"] }, series],
    ["classes", { ...ofSeries, classes: "ab" }, series],
    ["classes", { ...ofTexts, classes: ["a"] }, texts],
    ["columns", { ...ofSeries, columns: [1] }, series],
    ["columns", { ...ofSeries, columns: undefined }, series],
    ["scale", { ...ofSeries, scale: null }, series],
    ["scale", { ...ofSeries, scale: { mean: [0], deviation: [1] } }, series],
    ["scale", { ...ofSeries, scale: { ...scale, deviation: [1, 0] } }, series],
    ["scale", { ...ofSeries, scale: { ...scale, mean: [0, null] } }, series],
    ["scale", { ...ofTexts, scale }, texts],
  ] as const)("refuses other %s than can be of the network: %o", (name, said, network) => {
    expect(() => trainedOn(saved(said), network)).toThrow(
      new RegExp(`^The file has .* for "${name}", expected what its network was trained on; open another\\.$`),
    );
  });
});

describe("vocabularyOf", () => {
  test("is that of the training, where every character has its symbol", () => {
    expect(vocabularyOf("a text", "cabc").symbols).toEqual(["a", "b", "c"]);
    expect(vocabularyOf("a text", "cc", ofTexts).symbols).toEqual(["a", "b", "c"]);
    expect(() => vocabularyOf("a text", "cäb🙂", ofTexts)).toThrow(
      'a text: has "ä", "🙂", expected only the 3 characters, as the network was trained on; give data such as it was',
    );
    const rest = trainedOnText(new Vocabulary(["a", "\uFFFD"]));
    expect(vocabularyOf("a text", "abc", rest).encode("abc")).toEqual(Int32Array.of(0, 1, 1));
  });
});
