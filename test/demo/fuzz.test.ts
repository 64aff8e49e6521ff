// What `npm run fuzz` gives to readers, and what it takes for a fault of theirs.

import { expect, test } from "vitest";
import { mutantOf, tryMutants } from "../../demo/soak/mutants";
import { drawsOf, mutantOfBytes, mutantOfText } from "../../demo/soak/mutate";
import { type Target, targets } from "../../demo/soak/targets";
import { TempogradError } from "../../src/index";

test("whatever is right is read, and mutants of it are answered or refused in words", async () => {
  const all = await targets();
  for (const { right, read } of all) for (const one of right) await (read as (input: unknown) => unknown)(one);
  const { counts, problems } = await tryMutants(all, { seed: 2, first: 0, count: 60 * all.length });
  expect(problems).toEqual([]);
  for (const { answered, refused } of Object.values(counts)) {
    expect(answered + refused).toBe(60);
    expect(answered).toBeGreaterThan(0);
  }
});

test("a mutant is the same each time, and another by its number and seed", async () => {
  const all = await targets();
  const inputs = [0, 1, 2, 3].map((seed) =>
    Array.from({ length: 90 }, (_, mutant) => mutantOf(all, seed, mutant).input),
  );
  expect(Array.from({ length: 90 }, (_, mutant) => mutantOf(all, 1, mutant).input)).toEqual(inputs[1]);
  const texts = new Set(inputs.flat().map(String));
  expect(texts.size).toBeGreaterThan(340);
  expect(mutantOfText("", ["a"], drawsOf(1, 1))).toEqual(mutantOfText("", ["a"], drawsOf(1, 1)));
  expect(mutantOfBytes(new Uint8Array(), [new Uint8Array(1)], drawsOf(1, 1))).toBeInstanceOf(Uint8Array);
});

test("takes an error of the language's, one without words and one without end for a fault", async () => {
  const throwing = (name: string, error: unknown): Target => ({
    name,
    right: ["a"],
    read() {
      throw error;
    },
  });
  const all = [
    throwing("type", new TypeError("x is not a function")),
    throwing("none", new Error("bad")),
    throwing("long", new Error("x".repeat(701))),
    throwing("text", "a text that is thrown"),
    throwing("plain", new Error("file: is damaged, expected another; send it again.")),
    throwing("own", new TempogradError("file", "readCheckpoint: is damaged, expected another; send it again.")),
  ];
  const { problems } = await tryMutants(all, { seed: 1, first: 0, count: 6 });
  expect(problems.map(({ target, mutant }) => [target, mutant])).toEqual(
    ["type", "none", "long", "text"].map((name, i) => [name, i]),
  );
  expect(problems[0]!.what).toContain("TypeError: x is not a function");
});
