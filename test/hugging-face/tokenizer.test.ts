// tokenizer.json of a folder: Hugging Face's own tokenizers read it, and make of a text the tokens that the vocabulary makes.
import { Tokenizer } from "tokenizers";
import { describe, expect, test } from "vitest";
import { fromHuggingFace, toHuggingFace } from "../../src/hugging-face/index";
import { embedding, everyStep, initialParameters, lstm, networkConfig, Vocabulary } from "../../src/index";

const filesOf = (vocabulary: Vocabulary) => {
  const { size } = vocabulary;
  const config = networkConfig({ input: embedding(size, 2), layers: [lstm(2)], readout: everyStep(2) });
  return toHuggingFace(initialParameters(config), config, { vocabulary });
};
const textOf = (files: ReadonlyMap<string, Uint8Array>, name = "tokenizer.json") =>
  new TextDecoder().decode(files.get(name));

const blanks = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((one) =>
  /[\s\x85\u180e\u200b]/.test(one),
);
const texts = [
  "To be, or not to be — that is the question:\n\tWhether 'tis nobler…  don't, it’s 12'345 O''Neil",
  "naïve cafe\u0301 Ελλάδα ｶﾅ 漢字 हिन्दी ١٢٣ 😀👩‍👩‍👧 a\u0300\u0301b \ufffd x\u0000y\r\n\r\n",
  blanks.flatMap((blank) => ["a", blank, "b ", blank, ".", blank, blank, "'", blank]).join(""),
  Array.from({ length: 0x370 }, (_, code) => ` ${String.fromCodePoint(code)}a`).join(""),
];

describe.each(["characters", "words"] as const)("a vocabulary of %s", (kind) => {
  test.each(texts)("of %j", async (text) => {
    const vocabulary = Vocabulary.fromText(text, { kind });
    const tokenizer = Tokenizer.fromString(textOf(filesOf(vocabulary)));
    const tokens = [...vocabulary.encode(text)];
    expect((await tokenizer.encode(text)).getIds()).toEqual(tokens);
    expect(await tokenizer.decode(tokens, false)).toBe(text);
    expect(tokenizer.getVocabSize()).toBe(vocabulary.size);
  });

  test("has U+FFFD for what it does not know, or refuses that", async () => {
    const known = Vocabulary.fromText("to be or not to be", { kind, limit: 4 });
    const ids = async (of: Vocabulary, text: string) =>
      (await Tokenizer.fromString(textOf(filesOf(of))).encode(text)).getIds();
    expect(await ids(known, "to be, or to go")).toEqual([...known.encode("to be, or to go")]);
    const all = Vocabulary.fromText("to be", { kind });
    await expect(ids(all, "to go")).rejects.toThrow("Missing [UNK]");
    expect(() => all.encode("to go")).toThrow("expected one of the");
  });

  test("comes back of its file alone", () => {
    const vocabulary = Vocabulary.fromText(texts[0]!, { kind });
    const files = filesOf(vocabulary);
    files.delete("vocab.json");
    expect(JSON.stringify(fromHuggingFace(files).vocabulary)).toBe(JSON.stringify(vocabulary));
  });
});

test("graphemes have none", () => {
  expect([...filesOf(new Vocabulary(["a"], { kind: "graphemes" })).keys()]).not.toContain("tokenizer.json");
});

test.each<[string, (said: ReturnType<typeof JSON.parse>) => void]>([
  ["normalizer", (said) => Object.assign(said, { normalizer: { type: "Lowercase" } })],
  ["added_tokens", (said) => said.added_tokens.push({ id: 0, content: "a" })],
  ["pre_tokenizer", (said) => Object.assign(said, { pre_tokenizer: { type: "Whitespace" } })],
  ["pre_tokenizer", (said) => Object.assign(said.pre_tokenizer, { behavior: "Removed" })],
  ["model", (said) => Object.assign(said.model, { type: "BPE" })],
  ["model", (said) => Object.assign(said.model, { unk_token: "a" })],
  ["decoder", (said) => Object.assign(said, { decoder: null })],
  ["truncation", (said) => Object.assign(said, { truncation: { max_length: 8 } })],
])("refuses another %s by its name", (name, change) => {
  const files = filesOf(new Vocabulary(["a", "b"]));
  files.delete("vocab.json");
  const said = JSON.parse(textOf(files));
  change(said);
  files.set("tokenizer.json", new TextEncoder().encode(JSON.stringify(said)));
  expect(() => fromHuggingFace(files)).toThrow(
    `fromHuggingFace: "tokenizer.json" has another "${name}", expected a WordLevel`,
  );
});
