// Holds an optimizer's kernel against its twin: several steps over parameters of any size.

import fc from "fast-check";
import { expect } from "vitest";
import type { Gpu } from "../../src/gpu/device";
import type { Dispatch } from "../../src/gpu/plan";
import type { Tensor } from "../../src/gpu/tensor";
import { packUniform } from "../../src/gpu/uniform";
import type { OptimizerNumbers } from "../../src/training/optimizers";
import { numbers, worstError } from "../numbers";
import { Workbench } from "../workbench";

interface Case {
  gpu: Gpu;
  /** The optimizer's numbers at a step, from 1, by the names of its shader. */
  scalars: (step: number) => OptimizerNumbers;
  /** Names of the state it keeps. */
  state: string[];
  add: (bench: Workbench, tensors: { update: Tensor; gradient: Tensor; parameter: Tensor }, state: Tensor[]) => void;
  reference: (parameter: Float64Array, gradient: Float32Array, step: number, state: Float64Array[]) => void;
}

export async function expectUpdatesAgree({ gpu, scalars, state, add, reference }: Case): Promise<void> {
  const size = fc.integer({ min: 1, max: 130 });
  await fc.assert(
    fc.asyncProperty(size, size, fc.nat(1e6), async (rows, width, seed) => {
      const bench = new Workbench(gpu);
      const shape = [rows, width];
      const before = numbers(rows * width, seed);
      const parameter = bench.tensor("parameter", shape, before);
      const kept = state.map((name) => bench.tensor(name, shape));
      const expected = Float64Array.from(before);
      const expectedState = state.map(() => new Float64Array(rows * width));
      for (const step of [1, 2, 3]) {
        const dParameter = numbers(rows * width, seed + step, 100 ** (1 - step)); // small after large: digits cancel
        const update = bench.tensor(`update ${step}`, [8]);
        add(bench, { update, gradient: bench.tensor(`gradient ${step}`, shape, dParameter), parameter }, kept);
        const { shader } = bench.plan.nodes.at(-1) as Dispatch;
        const bytes = new ArrayBuffer(32);
        packUniform(shader.uniform("update"), scalars(step) as Record<string, number>, new DataView(bytes), "test");
        gpu.device.queue.writeBuffer(update.buffer, 0, bytes);
        reference(expected, dParameter, step, expectedState);
      }
      const wanted: Record<string, Tensor> = {
        parameter,
        ...Object.fromEntries(state.map((name, i) => [name, kept[i]!])),
      };
      const got = await bench.run(wanted);
      expect(worstError(got.parameter!, expected)).toBeLessThan(1e-5);
      for (const [i, name] of state.entries())
        expect(worstError(got[name]!, expectedState[i]!), name).toBeLessThan(1e-5);
    }),
    { numRuns: 10 },
  );
}
