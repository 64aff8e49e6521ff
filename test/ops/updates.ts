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
  add: (
    bench: Workbench,
    tensors: { update: Tensor; gradient: Tensor; parameter: Tensor; rows?: Tensor },
    state: Tensor[],
  ) => void;
  reference: (parameter: Float64Array, gradient: Float32Array, step: number, state: Float64Array[]) => void;
}

export async function expectUpdatesAgree({ gpu, scalars, state, add, reference }: Case): Promise<void> {
  const size = fc.integer({ min: 1, max: 130 });
  await fc.assert(
    fc.asyncProperty(size, size, fc.nat(1e6), fc.boolean(), async (rows, width, seed, sparse) => {
      const bench = new Workbench(gpu);
      const shape = [rows, width];
      const before = numbers(rows * width, seed);
      const parameter = bench.tensor("parameter", shape, before);
      const kept = state.map((name) => bench.tensor(name, shape));
      const expected = Float64Array.from(before);
      const expectedState = state.map(() => new Float64Array(rows * width));
      for (const step of [1, 2, 3]) {
        const scale = 100 ** (1 - step); // small after large: digits cancel
        const places = sparse ? somePlaces(rows, seed + step) : Array.from({ length: rows }, (_, row) => row);
        const dParameter = numbers(places.length * width, seed + step, scale);
        const update = bench.tensor(`update ${step}`, [8]);
        const gradient = bench.tensor(`gradient ${step}`, [places.length, width], dParameter);
        const ofRows = sparse && { rows: bench.tensor(`rows ${step}`, [places.length], places, { type: "i32" }) };
        add(bench, { update, gradient, parameter, ...ofRows }, kept);
        const { shader } = bench.plan.nodes.at(-1) as Dispatch;
        const bytes = new ArrayBuffer(32);
        packUniform(shader.uniform("update"), scalars(step) as Record<string, number>, new DataView(bytes), "test");
        gpu.device.queue.writeBuffer(update.buffer, 0, bytes);
        for (const [i, row] of places.entries()) {
          if (row < 0) continue;
          const part = (of: Float64Array) => of.subarray(row * width, (row + 1) * width);
          const ofRow = dParameter.subarray(i * width, (i + 1) * width);
          reference(part(expected), ofRow, step, expectedState.map(part));
        }
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

/** Some of so many rows, each once, in any order, and −1 for none between and behind them. */
function somePlaces(rows: number, seed: number): number[] {
  const keys = numbers(rows, seed + 7);
  const order = Array.from({ length: rows }, (_, row) => row).sort((a, b) => keys[a]! - keys[b]!);
  return [...order.map((row, i) => (i % 3 === 1 ? -1 : row)), -1];
}
