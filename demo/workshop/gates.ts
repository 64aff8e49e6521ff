// The gates of each layer, direction and unit over a sequence, and the states beside h, by the float64 reference.

import { gatesOf } from "../../src/cells/gate-values";
import { type Batch, referenceForward } from "../../src/index";
import { mostUnits, type UnitSeries } from "../through-time/unroll";
import type { UniformNetwork } from "./reference-answers";

/**
 * @param batch of one sequence.
 * @returns for each layer and direction its gates, then its states beside h; nothing where the cell has neither
 */
export function unitSeries({ config, parameters }: UniformNetwork, steps: number, batch: Batch): UnitSeries[][] {
  const { hidden, bidirectional } = config;
  const cell = gatesOf(config);
  const directions = bidirectional ? 2 : 1;
  const count = Math.min(mostUnits, hidden);
  const live = batch.lengths?.[0] ?? steps;
  if (cell.gates.length + cell.states.length === 0) return [];
  const { sweeps } = referenceForward(config, parameters, { ...batch, steps, batch: 1 });
  return sweeps.map((sweep, row) => {
    const backwards = row % directions === 1;
    const prefix = `layer${Math.floor(row / directions)}.${backwards ? "reverse." : ""}`;
    const weights = {
      recurrentWeight: parameters[`${prefix}recurrentWeight`] ?? [],
      recurrentBias: parameters[`${prefix}recurrentBias`] ?? new Float64Array(hidden),
      unitParameters: parameters[`${prefix}unitParameters`] ?? [],
    };
    const width = sweep.preactivation.length / steps;
    const beside = cell.states.length * hidden;
    const series = [...cell.gates, ...cell.states].map((name) => ({
      name,
      values: new Float32Array(steps * count).fill(Number.NaN),
    }));
    for (let t = 0; t < live; t++) {
      const slab = backwards ? steps - t : t + 1; // of what the sweep begins with is the first
      const stateAt = (at: number) => ({
        hidden: sweep.hidden.subarray(at * hidden, (at + 1) * hidden),
        cell: sweep.cell.subarray(at * beside, (at + 1) * beside),
      });
      const gates = cell.at(sweep.preactivation.subarray(t * width, (t + 1) * width), stateAt(slab - 1), weights);
      const all = [gates, stateAt(slab).cell].flatMap((values) => [...values]);
      for (const [i, { values }] of series.entries()) {
        values.set(all.slice(i * hidden, i * hidden + count), t * count);
      }
    }
    return series;
  });
}
