import { expect, test } from "vitest";
import { networkConfig, type UniformOptions } from "../../src/network/config";

const options: UniformOptions = {
  cell: "gru",
  inputs: 3,
  hidden: 4,
  outputs: 5,
  input: "features",
  readout: "last-step",
};

const messageOf = (given: unknown): string => {
  try {
    networkConfig(given as UniformOptions);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

test("an unknown option is refused with the known ones, each once", () => {
  const [, listed] = /expected one of (.*)\.$/.exec(messageOf({ ...options, hiden: 4 }))!;
  const names = listed!.split(", ");
  expect(new Set(names).size).toBe(names.length);
  const all = { ...networkConfig(options), classWeights: [], forgetBias: 1 };
  expect(names.sort()).toEqual(Object.keys(all).sort());
});

test("a message quotes the first 60 characters of what was given", () => {
  const long = "x".repeat(100_000);
  expect(messageOf({ ...options, cell: long })).toBe(
    `Network: cell is "${"x".repeat(60)}…", expected "elman" or "gru" or "lstm".`,
  );
  for (const given of [{ loss: long }, { hidden: 10n ** 1000n }, { classWeights: [long, long] }, { [long]: 1 }]) {
    expect(messageOf({ ...options, ...given }).length).toBeLessThan(320);
  }
});

test.each([undefined, null, 5, "gru", []])("options that are %j are refused", (given) => {
  expect(messageOf(given)).toMatch(/^Network: options is .+, expected an object; pass the options by name\.$/);
});
