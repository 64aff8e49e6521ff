import { expect, test } from "vitest";
import { stateCarry } from "../../src/ops/state-carry";
import * as reference from "../../src/reference/state-carry";
import { numbers } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test.each([
  [false, 1, 3],
  [true, 1, 3],
  [false, 7, 130],
  [true, 7, 130],
])(
  "stateCarry carries on what a step ended with, unless it was not finite (%s), %i × %i",
  async (notFinite, rows, width) => {
    const bench = new Workbench(gpu());
    const [was, is] = [numbers(rows * width, 1), numbers(rows * width, 2)];
    const carried = bench.tensor("carried", [rows, width], was);
    const gate = bench.tensor("gate", [1], [Number(notFinite)], { type: "u32" });
    const ended = bench.tensor("ended", [rows, width], is);
    bench.plan.gated(gate, () => stateCarry(bench.plan, { ended, carried }));
    expect([...(await bench.run({ carried })).carried]).toEqual([...reference.stateCarry(is, was, notFinite)]);
  },
);
