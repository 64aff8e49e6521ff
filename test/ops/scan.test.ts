// How cells whose units do not meet are swept. Their numbers, beside the twin's, are in test/cells.

import { describe, expect, test } from "vitest";
import { describe as planned } from "../../src/gpu/describe";
import { Plan } from "../../src/gpu/plan";
import { type DefinedCell, indrnn, minGru, Network } from "../../src/index";
import { scanForward } from "../../src/ops/scan";
import { useGpu } from "../workbench";
import { twinsOf } from "./sweeps";

const gpu = useGpu();

const options = { inputs: 3, hidden: 6, outputs: 2, input: "features", readout: "every-step" } as const;

describe("a network whose units do not meet", () => {
  test.each(["fused", "unrolled"] as const)(
    "has a dispatch a sweep and no product with its past, %s",
    async (schedule) => {
      const labelsOf = async (cell: DefinedCell, steps: number) => {
        const network = await Network.create(gpu(), { ...options, cell, layers: 2 });
        const pass = await network.pass({ steps, batch: 4, schedule, gradients: true });
        const labels = planned(pass.program.plan).lines.map(({ label }) => label);
        network.destroy();
        return labels;
      };
      const labels = await labelsOf(minGru, 3);
      expect(labels.filter((label) => /^mingru (forward|backward)$/.test(label))).toHaveLength(4);
      expect(labels.join()).not.toMatch(/dU|h_\{t−1\}/);
      expect(await labelsOf(minGru, 50)).toEqual(labels);
      expect((await labelsOf(indrnn, 3)).filter((label) => label.startsWith("du = "))).toHaveLength(2);
    },
  );

  test("has no place for a whole U, nor for what begins one", async () => {
    const shapes = async (cell: DefinedCell) => {
      const network = await Network.create(gpu(), { ...options, cell });
      const { recurrentWeight } = { recurrentWeight: network.parameters.tensors["layer0.recurrentWeight"] };
      network.destroy();
      return recurrentWeight?.shape;
    };
    expect(await shapes(indrnn)).toEqual([1, 6]);
    expect(await shapes(minGru)).toBeUndefined();
    for (const recurrentInitializer of ["orthogonal", "glorot"] as const) {
      await expect(Network.create(gpu(), { ...options, cell: indrnn, recurrentInitializer })).rejects.toThrow(
        `Network: recurrentInitializer is "${recurrentInitializer}" for cell "indrnn", expected "uniform"`,
      );
    }
  });

  test("refuses the wavefront, by name", async () => {
    const network = await Network.create(gpu(), { ...options, cell: minGru, layers: 2 });
    await expect(network.pass({ steps: 3, batch: 2, schedule: "wavefront" })).rejects.toThrow(
      'schedule is "wavefront" for 2 × mingru',
    );
    network.destroy();
  });
});

test("a scan is given u where the cell has one, and cells with a full U are not scanned", () => {
  const plan = new Plan("test", gpu().traits);
  const scan = (cell: Parameters<typeof twinsOf>[0], recurrentWeight?: boolean) => () =>
    scanForward(plan, {
      cell: twinsOf(cell).cell,
      reverse: false,
      part: 0,
      lengths: plan.tensor("lengths", [2], { type: "i32" }),
      gate: plan.tensor("gate", [3, 2, 4 * twinsOf(cell).cell.gates]),
      hidden: plan.tensor("hidden", [4, 2, 4]),
      recurrentWeight: recurrentWeight ? plan.tensor("u", [twinsOf(cell).cell.gates, 4]) : undefined,
    });
  expect(scan({ cell: indrnn }, true)).not.toThrow();
  expect(scan({ cell: indrnn })).toThrow('"indrnn" with the recurrent "unit" is given no recurrent weight');
  expect(scan({ cell: minGru }, true)).toThrow('"mingru" with the recurrent "none" is given a recurrent weight');
  expect(scan({ cell: "elman" }, true)).toThrow("other cells are swept by recurrence");
});
