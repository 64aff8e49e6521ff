// How cells whose units do not meet are swept. Their numbers, beside the twin's, are in test/cells.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { describe as planned } from "../../src/gpu/describe";
import { Plan } from "../../src/gpu/plan";
import {
  type DefinedCell,
  defineCell,
  type Gpu,
  indrnn,
  minGru,
  minLstm,
  Network,
  openGpu,
  readTensors,
  sigmoid,
  tanh,
} from "../../src/index";
import { scanForward } from "../../src/ops/scan";
import { numbers, worstError } from "../numbers";
import { asOnGpu, useGpu } from "../workbench";
import { bothSweeps, twinsOf } from "./sweeps";

const gpu = useGpu();

const options = { inputs: 3, hidden: 6, outputs: 2, input: "features", readout: "every-step" } as const;

// What a GPU has of a scan whose threads are few; a software adapter never has.
let likeGpu: Gpu;
beforeAll(async () => {
  likeGpu = asOnGpu(await openGpu({ device: gpu().device, tuning: "default" }));
});

/** A line whose slope is no number between 0 and 1, and whose way back keeps values. */
const leaky = defineCell({
  name: "leaky",
  gates: ["a", "b", "c"],
  states: ["h"],
  recurrent: "none",
  step: ({ a, b, c }, { h }) => ({
    h: tanh(a.plus(b))
      .times(h.minus(0.5))
      .plus(sigmoid(a.plus(c))),
  }),
});

const long = fc
  .record({
    steps: fc.integer({ min: 128, max: 300 }),
    batch: fc.integer({ min: 1, max: 3 }),
    hidden: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(1e6),
    directions: fc.constantFrom<1 | 2>(1, 2),
    reverse: fc.boolean(),
    lastStep: fc.boolean(),
  })
  .map((shape) => ({ ...shape, reverse: shape.reverse && shape.directions === 2 }));

test.each([minGru, minLstm, leaky].map((cell) => [cell.name, cell] as const))(
  "in chunks of time, the states and gradients of %s are the twin's",
  async (_, cell) => {
    await fc.assert(
      fc.asyncProperty(long, async (shape) => {
        const { dispatches, hidden, got, expected, back } = await bothSweeps(
          likeGpu,
          twinsOf({ cell }),
          "fused",
          shape,
        );
        expect(dispatches).toEqual({ forward: 3, backward: 3 });
        expect(worstError(hidden, expected.hidden)).toBeLessThan(2e-5);
        expect(worstError(got.dGate, back.preactivation)).toBeLessThan(2e-5);
        expect(worstError(got.dHidden, back.hidden)).toBeLessThan(2e-5);
      }),
      { numRuns: 8 },
    );
  },
);

test("time is cut where a step is a line, time is long, and rows and units do not fill a GPU", () => {
  const dispatches = (cell: DefinedCell, software: boolean, [steps, batch, hidden]: [number, number, number]) => {
    const plan = new Plan("test", { ...gpu().traits, software });
    const { cell: planable } = twinsOf({ cell });
    const tensor = (name: string, shape: number[]) => plan.tensor(name, shape);
    scanForward(plan, {
      cell: planable,
      ...{ reverse: false, part: 0 },
      lengths: plan.tensor("lengths", [batch], { type: "i32" }),
      gate: tensor("gate", [steps, batch, planable.gates * hidden]),
      hidden: tensor("hidden", [steps + 1, batch, hidden]),
      recurrentWeight: cell === indrnn ? tensor("u", [planable.gates, hidden]) : undefined,
    });
    return planned(plan).total.dispatches;
  };
  expect(dispatches(minGru, false, [128, 2, 8])).toBe(3);
  expect(dispatches(minGru, false, [127, 2, 8])).toBe(1);
  expect(dispatches(minGru, false, [4096, 128, 512])).toBe(1);
  expect(dispatches(indrnn, false, [128, 2, 8])).toBe(1);
  expect(dispatches(minGru, true, [128, 2, 8])).toBe(1);
});

test("chunks go on from segment to segment", async () => {
  const network = await Network.create(likeGpu, { ...options, cell: minGru, layers: 2, loss: "mean-squared-error" });
  const size = { steps: 384, batch: 2 };
  const data = {
    inputs: numbers(384 * 2 * 3, 1),
    targets: numbers(384 * 2 * 2, 2),
    lengths: Int32Array.of(384, 150),
  };
  const gradients = async (checkpointEvery?: number) => {
    const pass = await network.pass({ ...size, gradients: true, checkpointEvery });
    pass.write(data);
    pass.run();
    return readTensors(likeGpu, Object.values(pass.gradients!.tensors));
  };
  const [whole, cut] = [await gradients(), await gradients(128)];
  for (const [i, values] of whole.entries()) expect(worstError(cut[i]!, values)).toBeLessThan(1e-5);
  network.destroy();
});

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
