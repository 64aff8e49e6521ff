// The twin in float64 of a cell whose equations were traced.

import type { TracedCell } from "../expressions/cell";
import { matmul, matmulTransposeB, type Numbers } from "../reference/matmul";
import { addOuterProduct, type CellState, type CellWeights, noCellState, type ReferenceCell } from "./cell";

export function tracedReference(cell: TracedCell): ReferenceCell {
  const { states, apart, projections, twin } = cell;
  const count = cell.gates.length;
  const hasCellState = states.length > 1;
  const special = apart.length + projections.length > 0;
  const full = special ? count - 1 : count;

  /** What the past adds to the gates, [G·H]. */
  function productOf(hidden: Numbers, weight: Numbers): Float64Array {
    const width = hidden.length;
    if (cell.recurrent === "full") return matmul(hidden, weight, 1, width, count * width);
    return Float64Array.from({ length: count * width }, (_, i) => (weight[i] ?? 0) * hidden[i % width]!);
  }

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

  /** Of each unit: gates, the value apart where there is one, and the states before; and what U of the last gate multiplies. */
  function inputsOf(a: Numbers, before: CellState, { recurrentWeight, recurrentBias }: CellWeights) {
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
        ...(hasCellState ? [before.cell[j]!] : []),
      ];
    });
    if (!twin.projection) return { units, multiplied: before.hidden };
    const multiplied = Float64Array.from(units, (unit) => twin.projection!.forward(unit)[0]!);
    const second = matmul(multiplied, recurrentWeight, 1, width, count * width);
    for (const [j, unit] of units.entries()) unit[full]! += second[full * width + j]! + recurrentBias[j]!;
    return { units, multiplied };
  }

  return {
    gates: count,
    hasCellState,
    hasRecurrentBias: special,
    forward(a, before, weights) {
      const { units } = inputsOf(a, before, weights);
      const after = units.map((unit) => Float64Array.from(twin.forward(unit)));
      const state = (index: number) => Float64Array.from(after, (values) => values[index]!);
      return { hidden: state(0), cell: hasCellState ? state(1) : noCellState };
    },
    backward(a, before, weights, dAfter, dWeights) {
      const width = before.hidden.length;
      const { units, multiplied } = inputsOf(a, before, weights);
      const gradients = units.map((unit, j) => {
        const d = [dAfter.hidden[j]!, ...(hasCellState ? [dAfter.cell[j]!] : [])];
        return Float64Array.from(twin.backward([...unit, ...d]));
      });
      const of = (index: number) => Float64Array.from(gradients, (values) => values[index]!);
      const onlyBlock = (gate: number, values: Numbers) => {
        const all = new Float64Array(count * width);
        all.set(values, gate * width);
        return all;
      };
      let passed: Numbers = new Float64Array(width);
      if (special) {
        // The last gate's own product: of h, into the value apart, or of what is projected, into the gate.
        const last = onlyBlock(full, of(apart.length > 0 ? count : full));
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
      const preactivation = Float64Array.from(
        { length: count * width },
        (_, i) => gradients[i % width]![Math.floor(i / width)]!,
      );
      const summed = preactivation.map((value, i) => (i < full * width ? value : 0));
      const hidden = productBack(summed, before.hidden, weights.recurrentWeight, dWeights.recurrentWeight);
      const beside = of(count + apart.length);
      for (let j = 0; j < width; j++) hidden[j]! += beside[j]! + (apart.length > 0 ? passed[j]! : 0);
      return { preactivation, hidden, cell: hasCellState ? of(count + apart.length + 1) : noCellState };
    },
  };
}
