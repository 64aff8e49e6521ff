import fc from "fast-check";
import { expect, test } from "vitest";
import { classScores } from "../../src/ops/class-scores";
import * as reference from "../../src/reference/class-scores";
import { integers, logitsOf, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

const cases = fc.record({
  rows: fc.integer({ min: 1, max: 70 }),
  outputs: fc.integer({ min: 1, max: 21 }),
  scale: fc.constantFrom(1, 30, 1e4),
  offset: fc.constantFrom(0, 1e4),
  alike: fc.boolean(), // few different logits: the first of those alike counts
  seed: fc.nat(1e6),
});

test("choices, ranks and surprises are those of the twin, for any sizes, in any company", async () => {
  await fc.assert(
    fc.asyncProperty(
      cases,
      fc.subarray(["choices", "ranks", "surprises"] as const, { minLength: 1 }),
      async (of, out) => {
        const { rows, outputs, alike, seed } = of;
        const bench = new Workbench(gpu());
        const drawn = logitsOf(rows * outputs, seed, of);
        const data = alike ? drawn.map((value) => Math.sign(value)) : drawn;
        const classes = integers(rows, seed + 1, -1, outputs - 1);
        const types = { choices: "i32", ranks: "u32", surprises: "f32" } as const;
        const wanted = Object.fromEntries(
          out.map((name) => [name, bench.tensor(name, [rows], [], { type: types[name] })]),
        );
        classScores(bench.plan, {
          logits: bench.tensor("logits", [rows, outputs], data),
          targets: bench.tensor("targets", [rows], classes, { type: "i32" }),
          ...wanted,
        });
        const got = await bench.run(wanted);
        const expected = reference.classScores(data, classes, outputs);
        for (const name of out) {
          if (name === "surprises") expect(worstError(got[name]!, expected[name])).toBeLessThan(1e-5);
          else expect([...got[name]!], name).toEqual(expected[name]);
        }
      },
    ),
    { numRuns: 25 },
  );
});

test("refuses ranks without targets", () => {
  const bench = new Workbench(gpu());
  const logits = bench.tensor("logits", [3, 2]);
  const ranks = bench.tensor("ranks", [3], [], { type: "u32" });
  expect(() => classScores(bench.plan, { logits, ranks })).toThrow("targets is missing, expected it with ranks");
  bench.destroy();
});
