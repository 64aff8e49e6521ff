// Holds a cell's kernels against its twin: the two sweeps through time, over any sizes, lengths and directions.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cell, carriesOf, isScanned, type ReferenceCell } from "../../src/cells/cell";
import { cellNames, loadCells, type NamedCell } from "../../src/cells/cells";
import { referenceCellOf } from "../../src/cells/reference-cells";
import { describe as planned } from "../../src/gpu/describe";
import type { Gpu } from "../../src/gpu/device";
import { oneSlab } from "../../src/ops/operands";
import { recurrenceBackward, recurrenceForward, type SweepSchedule } from "../../src/ops/recurrence";
import { scanBackward, scanForward } from "../../src/ops/scan";
import { concatenate, joinColumns, splitColumns } from "../../src/reference/columns";
import * as recurrence from "../../src/reference/recurrence";
import * as scan from "../../src/reference/scan";
import { integers, numbers, worstError } from "../numbers";
import { Workbench } from "../workbench";

export interface SweepCase {
  steps: number;
  batch: number;
  hidden: number;
  seed: number;
  /** 2: the sweep is one of two side by side. */
  directions: 1 | 2;
  reverse: boolean;
  /** Read at the end of the sweep, not at every step. */
  lastStep: boolean;
  /** The scale of a, to saturate the gates. */
  scale?: number;
}

const cases: fc.Arbitrary<SweepCase> = fc
  .record({
    steps: fc.integer({ min: 1, max: 9 }),
    batch: fc.integer({ min: 1, max: 20 }),
    hidden: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 130 })),
    seed: fc.nat(1e6),
    directions: fc.constantFrom<1 | 2>(1, 2),
    reverse: fc.boolean(),
    lastStep: fc.boolean(),
  })
  .map((shape) => ({ ...shape, reverse: shape.reverse && shape.directions === 2 }));

/** A cell, in WGSL and in float64. */
export interface Twins {
  cell: Cell;
  twin: ReferenceCell;
  /** States beside h, from 0, that divide: they begin above zero. */
  positive?: readonly number[];
  /** The scale of a that saturates it, where it is not 1e4. */
  saturating?: number;
}

const cellOf = await loadCells(cellNames.map((cell) => ({ cell })));

/** A cell of the table. */
export const twinsOf = (options: NamedCell): Twins => ({ cell: cellOf(options), twin: referenceCellOf(options) });

/** How a cell meets its past: the shape of U, u or nothing. */
const recurrentShape = ({ recurrent, gates }: Cell, width: number): [rows: number, columns: number] =>
  ({ full: [width, gates * width], unit: [gates, width], none: [0, 0] })[recurrent] as [number, number];

/**
 * Both sweeps on the GPU and on the reference: every state, and every gradient that the sweeps make.
 * @param schedule of no meaning for cells whose units do not meet: those are scanned.
 */
export async function bothSweeps(
  gpu: Gpu,
  { cell, twin, positive = [] }: Twins,
  schedule: SweepSchedule,
  shape: SweepCase,
) {
  const { steps, batch, hidden: width, seed, directions, reverse, lastStep, scale = 1 } = shape;
  const bench = new Workbench(gpu);
  const part = reverse ? 1 : 0;
  const slab = batch * width;
  const outputs = directions * width;
  const preactivation = numbers(steps * batch * cell.gates * width, seed, scale);
  const weightShape = recurrentShape(cell, width);
  const weight = numbers(weightShape[0] * weightShape[1], seed + 1, isScanned(cell) ? 1 : 1 / Math.sqrt(width));
  const lengths = integers(batch, seed + 2, 1, steps);
  const initial = numbers(slab, seed + 3);
  const initialCells = Array.from({ length: twin.states }, (_, s) =>
    numbers(slab, seed + 40 + s).map((value) => (positive.includes(s) ? Math.abs(value) + 0.5 : value)),
  );
  const unitParameters = numbers(cell.unitParameters.length * width, seed + 7);
  const recurrentBias = twin.hasRecurrentBias ? numbers(width, seed + 5) : new Float32Array();
  const dOut = numbers((lastStep ? 1 : steps) * batch * outputs, seed + 6);
  /** This direction's columns of one row of a tensor of both. */
  const mine = (data: ArrayLike<number>, row: number) =>
    Array.from({ length: width }, (_, j) => data[row * outputs + part * width + j]!);

  const states = new Float32Array((steps + directions) * batch * outputs);
  for (let b = 0; b < batch; b++) {
    const row = (reverse ? steps + 1 : 0) * batch + b;
    states.set(initial.subarray(b * width, (b + 1) * width), row * outputs + part * width);
  }
  const cellStates = new Float32Array(twin.states * (steps + 1) * slab);
  for (const [s, initial] of initialCells.entries()) cellStates.set(initial, s * (steps + 1) * slab);
  const sides = { parts: directions };
  const hidden = bench.tensor("hidden", [steps + directions, batch, outputs], states, sides);
  const gates = { parts: cell.gates };
  const full = !isScanned(cell);
  const recurrentWeight =
    weight.length > 0 ? bench.tensor("recurrentWeight", weightShape, weight, full ? gates : {}) : undefined;
  const sweep = {
    cell,
    reverse,
    part,
    hidden,
    lengths: bench.tensor("lengths", [batch], lengths, { type: "i32" }),
    gate: bench.tensor("gate", [steps, batch, cell.gates * width], preactivation, gates),
    cellState:
      cell.states > 0 ? bench.tensor("cellState", [cell.states * (steps + 1), batch, width], cellStates) : undefined,
    unitParameters:
      unitParameters.length > 0
        ? bench.tensor("unitParameters", [cell.unitParameters.length, width], unitParameters)
        : undefined,
    candidate: cell.candidate ? bench.tensor("candidate", [steps, batch, width]) : undefined,
    recurrentBias: cell.candidate ? bench.tensor("recurrentBias", [width], recurrentBias) : undefined,
  };
  if (full) recurrenceForward(bench.plan, { ...sweep, schedule, recurrentWeight: recurrentWeight! });
  else scanForward(bench.plan, { ...sweep, recurrentWeight });
  const forward = planned(bench.plan).total.dispatches;
  const dHidden = bench.tensor("dHidden", [steps + 1, batch, width]);
  const before = numbers(carriesOf(cell) * slab, seed + 8); // of a run before: none of it counts
  const carry = bench.tensor("carry", [carriesOf(cell), batch, width], before, {}, false);
  const dUnits = bench.tensor("dUnitParameters", [Math.max(1, cell.unitParameters.length), width]);
  const dOutput = bench.tensor("dOutput", lastStep ? [batch, outputs] : [steps, batch, outputs], dOut, sides);
  const dUnitParameters = unitParameters.length > 0 ? oneSlab(dUnits) : undefined;
  const back = { ...sweep, dOutput, carry, dHidden, dUnitParameters };
  const dRecurrent = bench.tensor("dRecurrent", full || !recurrentWeight ? [1] : weightShape);
  if (full) recurrenceBackward(bench.plan, { ...back, schedule, recurrentWeight: recurrentWeight! });
  else scanBackward(bench.plan, { ...back, recurrentWeight, dRecurrent: recurrentWeight && oneSlab(dRecurrent) });
  const backward = planned(bench.plan).total.dispatches - forward;
  const got = await bench.run({
    ...{ hidden, dGate: sweep.gate, dHidden, carry, dUnits, dRecurrent },
    cellState: sweep.cellState ?? dUnits,
  });

  const whole = { cell: twin, steps, batch, hidden: width, lengths, reverse };
  const weights = { recurrentWeight: weight, recurrentBias, unitParameters };
  const initialCell = joinColumns(
    initialCells.map((values) => Float64Array.from(values)),
    width,
  );
  const forwardOnReference = full ? recurrence.recurrenceForward : scan.scanForward;
  const backwardOnReference = full ? recurrence.recurrenceBackward : scan.scanBackward;
  const expected = forwardOnReference(whole, preactivation, weights, { hidden: initial, cell: initialCell });
  const rows = Array.from({ length: batch * steps }, (_, row) => row);
  const none = new Float64Array(steps * slab);
  const atEvery = lastStep ? none : Float64Array.from(rows.flatMap((row) => mine(dOut, row)));
  const atEnd = lastStep
    ? Float64Array.from(rows.slice(0, batch).flatMap((row) => mine(dOut, row)))
    : new Float64Array(slab);
  const expectedBack = backwardOnReference(whole, preactivation, weights, expected, atEvery, atEnd);
  const swept = Array.from({ length: (steps + 1) * batch }, (_, row) => {
    const i = Math.floor(row / batch);
    return mine(got.hidden, (reverse ? steps + 1 - i : i) * batch + (row % batch));
  });
  return {
    dispatches: { forward, backward },
    hidden: swept.flat(),
    got: { ...got, dRecurrent: full || !recurrentWeight ? [] : got.dRecurrent },
    /** State after state, as the GPU has them. */
    cellStates: {
      got: cell.states > 0 ? got.cellState : [],
      expected: concatenate(splitColumns(expected.cell, twin.states, width)),
    },
    dInitialCells: {
      got: got.carry.slice(slab, (1 + twin.states) * slab),
      expected: concatenate(splitColumns(expectedBack.cell.slice(0, twin.states * slab), twin.states, width)),
    },
    expected,
    back: expectedBack,
  };
}

/** Declares the tests that every cell must pass. */
export function testSweeps(
  gpu: () => Gpu,
  title: string,
  twins: Twins,
  schedules: SweepSchedule[] = isScanned(twins.cell) ? ["fused"] : ["fused", "unrolled"],
): void {
  const { flags, unitParameters } = twins.cell;
  describe.each(schedules)(`${title}, %s`, (schedule) => {
    test("has the reference's states and gradients for any sizes, lengths and directions", async () => {
      await fc.assert(
        fc.asyncProperty(cases, async (shape) => {
          // Two runs a shape: most of the time goes into compiling for it.
          for (const seed of [shape.seed, shape.seed + 100]) {
            const swept = await bothSweeps(gpu(), twins, schedule, { ...shape, seed });
            const { hidden, got, cellStates, dInitialCells, expected, back } = swept;
            expect(worstError(hidden, expected.hidden)).toBeLessThan(2e-5);
            expect(worstError(got.dGate, back.preactivation)).toBeLessThan(2e-5);
            expect(worstError(got.dHidden, back.hidden)).toBeLessThan(2e-5);
            expect(worstError(cellStates.got, cellStates.expected)).toBeLessThan(2e-5);
            expect(worstError(dInitialCells.got, dInitialCells.expected)).toBeLessThan(2e-5);
            if (unitParameters.length > 0) expect(worstError(got.dUnits, back.unitParameters)).toBeLessThan(2e-5);
            if (isScanned(twins.cell)) {
              expect(worstError(got.dRecurrent, back.recurrentWeight)).toBeLessThan(2e-5);
            }
          }
        }),
        { numRuns: 5 },
      );
    });

    test("stays finite where the gates' inputs are ±1e4, and two runs give the same bits", async () => {
      const shape: SweepCase = {
        steps: 4,
        batch: 9,
        hidden: 13,
        seed: 3,
        directions: 1,
        reverse: false,
        lastStep: false,
        scale: flags.relu ? 1 : (twins.saturating ?? 1e4),
      };
      const first = await bothSweeps(gpu(), twins, schedule, shape);
      expect(worstError(first.hidden, first.expected.hidden)).toBeLessThan(2e-5);
      expect(worstError(first.got.dGate, first.back.preactivation)).toBeLessThan(2e-5);
      const second = await bothSweeps(gpu(), twins, schedule, shape);
      expect(second.got).toEqual(first.got);
    });
  });
}
