// What takes seconds of safetensors files, for their size.

import { expect, test } from "vitest";
import { writeSafetensors } from "../../src/index";

test("writeSafetensors refuses a header above 100 MB", () => {
  const text = "x".repeat(1e8);
  expect(() => writeSafetensors([], { text })).toThrow("the header has 100000032 bytes, expected at most 100000000");
});
