import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Activation, recurrenceBackward, recurrenceForward, type Schedule } from "../../src/ops/recurrence";
import * as reference from "../../src/reference/recurrence";
import { integers, numbers, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const schedules: Schedule[] = ["fused", "unrolled"];
const shapes = fc.record({
  steps: fc.integer({ min: 1, max: 9 }),
  batch: fc.integer({ min: 1, max: 40 }),
  hidden: fc.integer({ min: 1, max: 130 }),
  seed: fc.nat(1e6),
  activation: fc.constantFrom<Activation>("tanh", "relu"),
});

interface Case {
  steps: number;
  batch: number;
  hidden: number;
  seed: number;
  activation: Activation;
  /** The scale of a, to saturate f. */
  scale?: number;
}

async function forward(schedule: Schedule, { steps, batch, hidden, seed, activation, scale = 1 }: Case) {
  const bench = new Workbench(gpu());
  const preactivation = numbers(steps * batch * hidden, seed, scale);
  const recurrentWeight = numbers(hidden * hidden, seed + 1, 1 / Math.sqrt(hidden));
  const lengths = integers(batch, seed + 2, 1, steps);
  const initial = numbers(batch * hidden, seed + 3);
  const states = new Float32Array((steps + 1) * batch * hidden);
  states.set(initial);
  const h = bench.tensor("hidden", [steps + 1, batch, hidden], states);
  recurrenceForward(bench.plan, {
    schedule,
    activation,
    preactivation: bench.tensor("preactivation", [steps, batch, hidden], preactivation),
    recurrentWeight: bench.tensor("recurrentWeight", [hidden, hidden], recurrentWeight),
    lengths: bench.tensor("lengths", [batch], lengths, "i32"),
    hidden: h,
  });
  const dispatches = bench.plan.describe().total.dispatches;
  const shape = { steps, batch, hidden, activation };
  const expected = reference.recurrenceForward(shape, preactivation, recurrentWeight, lengths, initial);
  return { got: (await bench.run({ h })).h, expected, dispatches };
}

/** The backward sweep, with dOutput at every step or at the last of each sequence. */
async function backward(schedule: Schedule, { steps, batch, hidden, seed, activation }: Case, lastStep: boolean) {
  const bench = new Workbench(gpu());
  const h = numbers((steps + 1) * batch * hidden, seed);
  const recurrentWeight = numbers(hidden * hidden, seed + 1, 1 / Math.sqrt(hidden));
  const lengths = integers(batch, seed + 2, 1, steps);
  const dOutput = numbers((lastStep ? 1 : steps) * batch * hidden, seed + 3);
  const dPreactivation = bench.tensor("dPreactivation", [steps, batch, hidden]);
  const dHidden = bench.tensor("dHidden", [steps + 1, batch, hidden]);
  recurrenceBackward(bench.plan, {
    schedule,
    activation,
    recurrentWeight: bench.tensor("recurrentWeight", [hidden, hidden], recurrentWeight),
    lengths: bench.tensor("lengths", [batch], lengths, "i32"),
    hidden: bench.tensor("hidden", [steps + 1, batch, hidden], h),
    dOutput: bench.tensor("dOutput", lastStep ? [batch, hidden] : [steps, batch, hidden], dOutput),
    dPreactivation,
    dHidden,
  });
  const everyStep = lastStep ? new Float32Array(steps * batch * hidden) : dOutput;
  for (let b = 0; lastStep && b < batch; b++) {
    everyStep.set(dOutput.subarray(b * hidden, (b + 1) * hidden), ((lengths[b]! - 1) * batch + b) * hidden);
  }
  const shape = { steps, batch, hidden, activation };
  const expected = reference.recurrenceBackward(shape, h, everyStep, recurrentWeight, lengths);
  return { got: await bench.run({ dPreactivation, dHidden }), expected };
}

describe.each(schedules)("the recurrence, %s", (schedule) => {
  test("forward is the reference's for any sizes and lengths", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const { got, expected } = await forward(schedule, shape);
        expect(worstError(got, expected)).toBeLessThan(1e-5);
      }),
      { numRuns: 12 },
    );
  });

  test("backward is the reference's for any sizes and lengths, read at every step or the last", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.boolean(), async (shape, lastStep) => {
        const { got, expected } = await backward(schedule, shape, lastStep);
        expect(worstError(got.dPreactivation, expected.dPreactivation)).toBeLessThan(1e-5);
        expect(worstError(got.dHidden, expected.dHidden)).toBeLessThan(1e-5);
      }),
      { numRuns: 12 },
    );
  });

  test("tanh of ±1e4 is ±1, never NaN", async () => {
    const shape = { steps: 3, batch: 5, hidden: 7, seed: 3, activation: "tanh", scale: 1e4 } as const;
    const { got, expected } = await forward(schedule, shape);
    expect(worstError(got, expected)).toBeLessThan(1e-5);
    expect(Math.max(...got)).toBe(1);
  });

  test("two runs give the same bits", async () => {
    const shape = { steps: 5, batch: 11, hidden: 37, seed: 5, activation: "tanh" } as const;
    expect((await forward(schedule, shape)).got).toEqual((await forward(schedule, shape)).got);
  });
});

test("The fused schedule takes one dispatch whatever the number of steps, the unrolled one a dispatch a step", async () => {
  const shape = { batch: 3, hidden: 6, seed: 1, activation: "tanh" } as const;
  for (const steps of [2, 9]) {
    expect((await forward("fused", { ...shape, steps })).dispatches).toBe(1);
    expect((await forward("unrolled", { ...shape, steps })).dispatches).toBe(steps);
  }
});

test("A hidden size beyond a workgroup is refused by the fused schedule, with the cure, and done by the unrolled one", async () => {
  const shape = { steps: 1, batch: 1, hidden: 2050, seed: 1, activation: "tanh" } as const;
  await expect(forward("fused", shape)).rejects.toThrow('use schedule "unrolled"');
  const { got, expected } = await forward("unrolled", shape);
  expect(worstError(got, expected)).toBeLessThan(1e-5);
});
