// The examples, as whoever installs the package runs them; those that take longer are in examples-long.test.ts.
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { learned, learnedLong } from "./learned";
import { testExamples } from "./packed";

const examples = join(resolve(import.meta.dirname, ".."), "examples");

test("every example has what it must have learned", () => {
  const names = readdirSync(examples).map((name) => name.replace(/\.ts$/, ""));
  expect(names.sort()).toEqual(Object.keys({ ...learned, ...learnedLong }).sort());
});

testExamples(learned);
