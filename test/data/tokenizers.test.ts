// Tokens of every kind, a caller's own too, from a text to a network that writes it on.
import { expect, test } from "vitest";
import {
  adam,
  embedding,
  everyStep,
  generate,
  gru,
  Network,
  randomWindows,
  readCheckpoint,
  saveCheckpoint,
  type Tokenizer,
  Trainer,
  Vocabulary,
} from "../../src/index";
import { useGpu } from "../workbench";

const gpu = useGpu();
const text = "We don't go by train.\n".repeat(12);

/** Byte-pair encoding (Sennrich et al. 2016) of this text: the most frequent pairs are merged, one after the other. */
function bytePairs(merges: number): Tokenizer {
  const symbols = [...new Set(text)].sort();
  const ranks = new Map<string, number>();
  const merged = (pieces: readonly string[], pair: string): string[] => {
    const out: string[] = [];
    for (let i = 0; i < pieces.length; i++) {
      const isPair = `${pieces[i]}\0${pieces[i + 1]}` === pair;
      out.push(isPair ? pieces[i]! + pieces[++i]! : pieces[i]!);
    }
    return out;
  };
  let pieces = [...text];
  for (let i = 0; i < merges; i++) {
    const counts = new Map<string, number>();
    for (const [at, piece] of pieces.slice(1).entries()) {
      const pair = `${pieces[at]}\0${piece}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    const [[best = ""] = []] = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    ranks.set(best, i);
    symbols.push(best.replace("\0", ""));
    pieces = merged(pieces, best);
  }
  const ids = new Map(symbols.map((symbol, id) => [symbol, id]));
  return {
    size: symbols.length,
    encode: (text) => [...ranks.keys()].reduce(merged, [...text]).map((piece) => ids.get(piece)!),
    decode: (tokens) => Array.from(tokens, (token) => symbols[token]).join(""),
  };
}

test.each<[string, Tokenizer, string]>([
  ["words", Vocabulary.fromText(text, { kind: "words" }), "We don't"],
  ["graphemes", Vocabulary.fromText(text, { kind: "graphemes" }), "We don't"],
  ["byte pairs", bytePairs(6), "We don't"],
])("a network learns a text of %s by heart, is saved, and writes it on", async (_, tokenizer, prompt) => {
  const tokens = Int32Array.from(tokenizer.encode(text));
  expect(tokenizer.decode(tokens)).toBe(text);
  const { size } = tokenizer;
  const network = await Network.create(gpu(), {
    ...{ input: embedding(size, 8), layers: [gru(16)], readout: everyStep(size), seed: 1 },
  });
  const shape = { steps: 8, batch: 8 };
  const trainer = await Trainer.create(network, { ...shape, optimizer: adam({ learningRate: 0.03 }) });
  for await (const _ of trainer.train(randomWindows(tokens, { ...shape, seed: 1 }), { steps: 100 }));
  const { about } = await readCheckpoint(await saveCheckpoint(trainer, { about: { vocabulary: tokenizer } }));
  const saved = (about as { vocabulary: unknown }).vocabulary;
  const restored = tokenizer instanceof Vocabulary ? Vocabulary.fromJSON(saved) : tokenizer;
  const read = Int32Array.from(restored.encode(prompt));
  const written = await generate(network, { prompt: read, length: 12, topK: 1 });
  const after = tokenizer.decode(tokens).slice(tokenizer.decode(read).length);
  expect(after.startsWith(restored.decode(written))).toBe(true);
  expect(written).toEqual(tokens.slice(read.length, read.length + 12));
  trainer.destroy();
  network.destroy();
});

test("a prompt of unknown words is refused, or read as unknown where the vocabulary was limited", () => {
  const all = Vocabulary.fromText(text, { kind: "words" });
  expect(() => all.encode("We fly")).toThrow('Vocabulary.encode: word 1 is " fly", expected one of the ');
  const some = Vocabulary.fromText(text, { kind: "words", limit: 6 });
  expect(some.decode(some.encode(" go fly"))).toBe(" go\uFFFD");
});
