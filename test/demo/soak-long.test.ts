// A minute of `npm run soak`, and some of `npm run fuzz`, as a user runs it.

import { expect, test } from "vitest";
import { soak } from "../../demo/soak/soak";
import { runProgram } from "./terminal/program";

test("a minute of work on devices that are lost leaves what there was", async () => {
  const { failures, line } = await soak(1, 2);
  expect(failures).toEqual([]);
  const [, lost] = /of which (\d+) were lost/.exec(line) ?? [];
  expect(Number(lost)).toBeGreaterThan(0);
}, 600_000);

test("20,000 mutants are answered or refused in words", async () => {
  const { code, out } = await runProgram("demo/soak/fuzz.ts", ["--mutants", "20000", "--seed", "3"]);
  expect(out).toMatch(/20000 mutants in \d+ s, \d+ MB at most, seed 3: 0 went wrong/);
  expect(code).toBe(0);
}, 600_000);

test("both refuse wrong options with exit code 2", async () => {
  const [fuzz, soaked] = await Promise.all([
    runProgram("demo/soak/fuzz.ts", ["--mutants", "none"]),
    runProgram("demo/soak/soak.ts", ["--minutes=-1"]),
  ]);
  expect([fuzz.code, soaked.code]).toEqual([2, 2]);
  expect(fuzz.err).toContain('fuzz: --mutants is "none"');
  expect(soaked.err).toContain('soak: --minutes is "-1"');
});
