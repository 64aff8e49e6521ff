import { expect, test } from "vitest";
import { lossRecord } from "../../src/ops/loss-record";
import * as reference from "../../src/reference/loss-record";
import { numbers, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test.each([1, 3, 64, 65, 1000])(
  "lossRecord adds up %i rows and writes each sum to the ring's next place",
  async (rows) => {
    const bench = new Workbench(gpu());
    const losses = numbers(rows, 4);
    const ring = bench.tensor("ring", [3]);
    const tensors = {
      rowLoss: bench.tensor("rowLoss", [rows], losses),
      recorded: bench.tensor("recorded", [1], [7], { type: "u32" }), // 7 mod 3 = 1, then 8 mod 3 = 2
      ring,
    };
    lossRecord(bench.plan, tensors);
    lossRecord(bench.plan, tensors);
    const sum = reference.lossRecord(losses);
    expect(worstError((await bench.run({ ring })).ring, [0, 0, 0].fill(sum, 1))).toBeLessThan(1e-5);
  },
);

test("lossRecord loses little of 262,144 rows to rounding", async () => {
  const bench = new Workbench(gpu());
  const losses = new Float32Array(2 ** 18).fill(4.1589 / 2 ** 18); // as at the first step, ln 64 each
  const ring = bench.tensor("ring", [1]);
  const rowLoss = bench.tensor("rowLoss", [losses.length], losses);
  lossRecord(bench.plan, { rowLoss, recorded: bench.tensor("recorded", [1], [0], { type: "u32" }), ring });
  const [sum] = (await bench.run({ ring })).ring;
  expect(Math.abs(sum! / reference.lossRecord(losses) - 1)).toBeLessThan(1e-5);
});
