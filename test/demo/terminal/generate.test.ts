// `npm run generate`, run as a user runs it.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { initialParameters, networkConfig, saveNetwork } from "../../../src/index";
import { run, useFolder } from "./program";

const folder = useFolder();

const config = { cell: "elman", hidden: 4, readout: "every-step" } as const;
const saved = async (name: string, symbols: readonly string[], about: object) => {
  const network = networkConfig({ ...config, inputs: symbols.length, outputs: symbols.length, input: "tokens" });
  const read = async () => initialParameters(network);
  const file = join(folder, name);
  await writeFile(file, await saveNetwork({ config: network, read }, { about }));
  return file;
};
const described = (symbols: readonly string[]) => ({
  trainedOn: { answer: "character", symbols, classes: [], columns: [], scale: null },
});

test("begins with what the network knows where there is no newline, and names what it does not know", async () => {
  const [letters, words] = [
    ["a", "b", "c"],
    [" ", "a", "b"],
  ];
  for (const [file, expected] of [
    [await saved("letters.safetensors", letters!, described(letters!)), /^a[abc]{9}\n$/],
    [await saved("words.safetensors", words!, described(words!)), /^ [ ab]{9}\n$/],
    // As the training page wrote it before files said what they were trained on.
    [await saved("earlier.safetensors", letters!, { task: "moby-dick", symbols: letters, args: [] }), /^a[abc]{9}\n$/],
  ] as const) {
    const { code, out, err } = await run(["generate", "--load", file, "--length", "9"]);
    expect([code, out], err).toEqual([0, expect.stringMatching(expected)]);
  }
  const file = join(folder, "letters.safetensors");
  const refused = await run(["generate", "--load", file, "--prompt", "añb船"]);
  expect([refused.code, refused.out, refused.err]).toEqual([
    2,
    "",
    'generate: --prompt has "ñ", "船", expected only the 3 characters that the network was trained on; leave the others ' +
      "out; see npm run generate -- --help.\n",
  ]);
  const rare = ["a", "b", "\uFFFD"];
  const reads = await run([
    ...["generate", "--length", "9", "--prompt", "a船", "--load"],
    await saved("rare.safetensors", rare, described(rare)),
  ]);
  expect([reads.code, reads.err]).toEqual([
    0,
    expect.stringContaining('--prompt has "船", which the network does not know; it reads \uFFFD instead'),
  ]);
});

test("refuses a network that does not write, or does not say what it was trained on", async () => {
  const symbols = ["a", "b", "c"];
  for (const [about, message] of [
    [{}, "The file does not say what it was trained on, expected the symbols, classes and scale; train and save it"],
    [
      described(["a", "b"]),
      'The file has ["a","b"] for "symbols", expected what its network was trained on; open another',
    ],
  ] as const) {
    const { code, out, err } = await run(["generate", "--load", await saved("other.safetensors", symbols, about)]);
    expect([code, out, err.split("\n").length], err).toEqual([2, "", 2]);
    expect(err).toContain(message);
  }
  const page = await saved("page.safetensors", symbols, { ...described(symbols), settings: "" });
  const { code, err } = await run(["train", "--resume", page]);
  expect([code, err]).toEqual([
    2,
    expect.stringContaining("which does not say its options, expected a file that --save"),
  ]);
});
