// What files hold of a caller's own: data that comes back from JSON as it was, and nothing else.
import { expect, test } from "vitest";
import { Vocabulary } from "../../src/index";
import { plainJson } from "../../src/network/plain-json";

test("plain data comes back as it was", () => {
  const about = { a: [1, "two", null, true, { b: -0.5 }], left: undefined, words: Vocabulary.fromText("ab") };
  const back = JSON.parse(plainJson("test", "about", about));
  expect(back).toEqual({ a: about.a, words: { kind: "characters", symbols: ["a", "b"] } });
});

const circular: { self?: unknown } = {};
circular.self = [circular];

test.each<[unknown, string]>([
  [undefined, "test: about is undefined, expected plain data"],
  [() => 1, "test: about is a function, expected plain data"],
  [{ a: [0, Number.NaN] }, "test: about.a[1] is NaN, expected plain data"],
  [{ a: 1n }, "test: about.a is 1, expected plain data"],
  [[undefined], "test: about[0] is undefined, expected plain data"],
  [{ a: new Map() }, "test: about.a is Map, expected plain data"],
  [{ a: { toJSON: () => new Uint8Array(1) } }, "test: about.a is Uint8Array, expected plain data"],
  [circular, " is nested more than 100 deep, or contains itself, expected plain data"],
])("what is not is refused by its name: %#", (about, message) => {
  expect(() => plainJson("test", "about", about)).toThrow(message);
});
