// The options of `npm run train`.

import { expect, test, vi } from "vitest";
import { argumentsOf, readOptions } from "../../../demo/terminal/options";
import { main } from "../../../demo/terminal/train";
import { run } from "./program";

test.each([
  ["--clip-norm=0", "--schedule=unrolled", "--cell=gru", "--layers=2", "--dropout=0.25", "--window=7"],
  ["--task=names", "--bidirectional", "--optimizer=momentum", "--seed=9", "--schedule-lr=step"],
  ["--task=classify", "--data=a folder/data.csv"],
  ["--task=adding", "--hidden=5", "--batch=3", "--length=7", "--steps=11", "--learning-rate=0.125"],
])("a checkpoint says all options of its training: %s", (...args) => {
  const options = readOptions(args)!;
  expect(readOptions(argumentsOf(options))).toEqual(options);
});

test.each([
  [["--seed", "4294967296"], '--seed is "4294967296", expected an integer from 0 to 4294967295'],
  [["--hidden", "1000000000"], '--hidden is "1000000000", expected an integer from 1 to 32768'],
  [["--batch", "1e9"], '--batch is "1e9", expected an integer from 1 to 1048576'],
  [["--task", "adding", "--length", "1000000000"], '--length is "1000000000", expected an integer from 1 to 1048576'],
  [["--window", "1e300"], '--window is "1e300", expected an integer from 1 to 1048576'],
  [["--task", "adding", "--length", "1000000"], "--hidden 32, --batch 32 and 1000000 time steps make 2,048,000,000"],
  [["--device", "reference", "--hidden", "10000"], "make 100,000,000 numbers of a layer, expected 67,108,864 at most"],
  [["--task", "i-like-nlp", "--hidden", "257"], '--hidden is "257", expected an integer from 1 to 256'],
  [["--learning-rate", "1e39"], '--learning-rate is "1e39", expected a number from 1e-45 to 3.4e+38'],
  [
    ["--cell", "x".repeat(5000)],
    `--cell is "${"x".repeat(60)}…", expected elman, gru, lstm, peephole-lstm, coupled-lstm, slstm, indrnn, mingru, minlstm`,
  ],
] as const)("what is out of range is refused before there is data: %o", (args, message) => {
  expect(() => readOptions([...args])).toThrow(message);
});

test("names its options, and refuses wrong ones in a line with exit code 2", async () => {
  const help = await run(["train", "--help"]);
  expect(help.code).toBe(0);
  for (const option of "task hidden batch length steps learning-rate seed schedule device save load json".split(" ")) {
    expect(help.out).toContain(`--${option}`);
  }
  for (const [args, message] of [
    [["--hidden", "none"], '--hidden is "none", expected an integer from 1 to 32768'],
    [["--task", "adding", "--length", "1000000000"], '--length is "1000000000", expected an integer from 1 to 1048576'],
    [
      ["--task", "poems"],
      '--task is "poems", expected moby-dick, generate-names, text, classify-names, classify, adding, parity, forecast, dates, i-like-nlp',
    ],
    [["--learning-rate=-1"], '--learning-rate is "-1", expected a number above 0'],
    [["--schedule", "fast"], '--schedule is "fast", expected automatic, fused, unrolled, wavefront'],
    [["--cell", "rnn"], '--cell is "rnn", expected elman, gru, lstm'],
    [["--bidirectional"], "--bidirectional does not go with --task moby-dick"],
    [["--wrong"], "Unknown option '--wrong'"],
    [["--task", "i-like-nlp", "--json"], "--json does not go with --task i-like-nlp"],
    [["--save", "/no/such/folder/file"], '--save is "/no/such/folder/file", which cannot be written'],
    [["--task", "classify"], "--data is missing, expected the file that --task classify reads"],
    [
      ["--task", "names", "--data", "x.csv"],
      "--data does not go with --task classify-names; add --task text or --task classify or --task forecast",
    ],
    [["--task", "classify", "--data", "/no/such/file"], '--data is "/no/such/file", which cannot be read'],
    [
      ["--task", "dates", "--bidirectional"],
      "--bidirectional does not go with --task dates: it would read what it is to",
    ],
    [
      ["--task", "dates", "--length", "9"],
      "--length does not go with --task dates: a date is read whole, and written in ten",
    ],
    [
      ["--task", "dates", "--checkpoint-every", "5"],
      "--checkpoint-every does not go with --task dates: states are kept of",
    ],
    [["--load", "x", "--hidden", "3"], "--hidden does not go with --load"],
    [["--task", "names", "--tokens", "words"], "--tokens does not go with --task classify-names"],
    [["--load", "x", "--task", "text", "--data", "y", "--tokens", "words"], "--tokens does not go with --load"],
    ...["--length=9", "--column=a", "--features=a", "--known=a", "--future=3"].map(
      (option) =>
        [
          ["--load", "x", "--task", "forecast", "--data", "y.csv", option],
          `${option.split("=")[0]} does not go with --load: the file says how the network reads data; leave it out`,
        ] as const,
    ),
  ] as const) {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await main([...args])).toBe(2);
    expect(told.mock.calls).toEqual([[expect.stringContaining(message)]]);
    expect(told.mock.calls[0]![0]).not.toContain("\n");
    told.mockRestore();
  }
  const { code, out, err } = await run(["train", "--wrong"]);
  expect([code, out, err.trim().split("\n").length], err).toEqual([2, "", 1]);
});
