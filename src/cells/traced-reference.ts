// The twin in float64 of a cell whose equations were traced.

import type { TracedCell } from "../expressions/cell";
import { matmul, matmulTransposeB, type Numbers } from "../reference/matmul";
import { addOuterProduct, type CellState, type CellWeights, type ReferenceCell } from "./cell";

/** What a unit has of so many rows, one after the other. */
const column = (values: Numbers, rows: number, unit: number): number[] =>
  Array.from({ length: rows }, (_, row) => values[row * (values.length / rows) + unit]!);

/** Of values by unit, so many from `first` on as rows, one after the other. */
const rows = (units: readonly ArrayLike<number>[], first: number, count: number): Float64Array =>
  Float64Array.from(
    { length: count * units.length },
    (_, i) => units[i % units.length]![first + Math.floor(i / units.length)]!,
  );

/** How many gates a cell has, states beside h, and gates whose recurrent product is no other than h₋₁·U. */
function countsOf({ gates, states, apart, projections }: TracedCell) {
  const special = apart.length + projections.length > 0;
  return { count: gates.length, states: states.length - 1, special, full: special ? gates.length - 1 : gates.length };
}

/**
 * What the equations of a cell take at a step, of a row, from a_t [G·H] and the state before: of each unit gates, the value
 * apart where there is one, states before, parameters; and what U of the last gate multiplies.
 */
export function unitInputs(
  cell: TracedCell,
): (a: Numbers, before: CellState, weights: CellWeights) => { units: number[][]; multiplied: Numbers } {
  const { apart, parameters, twin } = cell;
  const { count, states, full } = countsOf(cell);

  /** What the past adds to the gates, [G·H]. */
  function productOf(hidden: Numbers, weight: Numbers): Float64Array {
    const width = hidden.length;
    if (cell.recurrent === "full") return matmul(hidden, weight, 1, width, count * width);
    return Float64Array.from({ length: count * width }, (_, i) => (weight[i] ?? 0) * hidden[i % width]!);
  }

  return (a, before, { recurrentWeight, recurrentBias, unitParameters }) => {
    const width = before.hidden.length;
    const product = productOf(before.hidden, recurrentWeight);
    const units = Array.from({ length: width }, (_, j) => {
      const gates = Array.from(
        { length: count },
        (_, g) => a[g * width + j]! + (g < full ? product[g * width + j]! : 0),
      );
      const past = product[full * width + j]! + (recurrentBias[j] ?? 0);
      return [
        ...gates,
        ...(apart.length > 0 ? [past] : []),
        before.hidden[j]!,
        ...column(before.cell, states, j),
        ...column(unitParameters, parameters.length, j),
      ];
    });
    if (!twin.projection) return { units, multiplied: before.hidden };
    const multiplied = Float64Array.from(units, (unit) => twin.projection!.forward(unit)[0]!);
    const second = matmul(multiplied, recurrentWeight, 1, width, count * width);
    for (const [j, unit] of units.entries()) unit[full]! += second[full * width + j]! + recurrentBias[j]!;
    return { units, multiplied };
  };
}

export function tracedReference(cell: TracedCell): ReferenceCell {
  const { apart, parameters, twin } = cell;
  const { count, states, special, full } = countsOf(cell);
  const inputsOf = unitInputs(cell);

  /** What it gets back of their gradients, [H]; its own goes to `dWeight`. */
  function productBack(da: Numbers, hidden: Numbers, weight: Numbers, dWeight: Float64Array): Float64Array {
    const width = hidden.length;
    if (cell.recurrent === "full") {
      addOuterProduct(dWeight, hidden, da);
      return matmulTransposeB(da, weight, 1, count * width, width);
    }
    const dHidden = new Float64Array(width);
    for (let i = 0; i < weight.length; i++) {
      dWeight[i]! += hidden[i % width]! * da[i]!;
      dHidden[i % width]! += weight[i]! * da[i]!;
    }
    return dHidden;
  }

  return {
    gates: count,
    states,
    hasRecurrentBias: special,
    forward(a, before, weights) {
      const { units } = inputsOf(a, before, weights);
      const after = units.map((unit) => Float64Array.from(twin.forward(unit)));
      return { hidden: rows(after, 0, 1), cell: rows(after, 1, states) };
    },
    backward(a, before, weights, dAfter, dWeights) {
      const width = before.hidden.length;
      const { units, multiplied } = inputsOf(a, before, weights);
      const gradients = units.map((unit, j) => {
        const d = [dAfter.hidden[j]!, ...column(dAfter.cell, states, j)];
        return Float64Array.from(twin.backward([...unit, ...d]));
      });
      const onlyBlock = (gate: number, values: Numbers) => {
        const all = new Float64Array(count * width);
        all.set(values, gate * width);
        return all;
      };
      let passed: Numbers = new Float64Array(width);
      if (special) {
        // The last gate's own product: of h, into the value apart, or of what is projected, into the gate.
        const last = onlyBlock(full, rows(gradients, apart.length > 0 ? count : full, 1));
        addOuterProduct(dWeights.recurrentWeight, multiplied, last);
        for (let j = 0; j < width; j++) dWeights.recurrentBias[j]! += last[full * width + j]!;
        passed = matmulTransposeB(last, weights.recurrentWeight, 1, count * width, width);
      }
      if (twin.projection) {
        for (const [j, unit] of units.entries()) {
          const more = twin.projection.backward([...unit, passed[j]!]);
          for (const [i, value] of more.entries()) gradients[j]![i]! += value;
        }
      }
      const preactivation = rows(gradients, 0, count);
      const summed = preactivation.map((value, i) => (i < full * width ? value : 0));
      const hidden = productBack(summed, before.hidden, weights.recurrentWeight, dWeights.recurrentWeight);
      const first = count + apart.length; // of the states before
      const beside = rows(gradients, first, 1);
      for (let j = 0; j < width; j++) hidden[j]! += beside[j]! + (apart.length > 0 ? passed[j]! : 0);
      const dParameters = rows(gradients, first + 1 + states, parameters.length);
      for (const [i, share] of dParameters.entries()) dWeights.unitParameters[i]! += share;
      return { preactivation, hidden, cell: rows(gradients, first + 1, states) };
    },
  };
}
