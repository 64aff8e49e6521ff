// A cell whose h is projected, h_t = y_t·P of what the cell makes, y (Sak et al. 2014), in float64, step by step.

import { addOuterProduct, type CellState, type CellWeights, type ReferenceCell } from "../cells/cell";
import { matmul, matmulTransposeB, type Numbers } from "./matmul";

/** The cell with h of another width, as torch.nn.LSTM has it with `proj_size`. */
export function projected(cell: ReferenceCell, hidden: number, width: number): ReferenceCell {
  const columns = cell.gates * hidden;
  /** What the cell is given: a_t + h_{t−1}·U, and no h. */
  const inside = (a: Numbers, before: CellState, weights: CellWeights) => {
    const product = matmul(before.hidden, weights.recurrentWeight, 1, width, columns);
    return {
      a: product.map((value, j) => value + a[j]!),
      before: { hidden: new Float64Array(hidden), cell: before.cell },
      weights: { ...weights, recurrentWeight: new Float64Array(hidden * columns) },
    };
  };
  return {
    ...cell,
    forward(a, before, weights) {
      const at = inside(a, before, weights);
      const { hidden: y, cell: beside } = cell.forward(at.a, at.before, at.weights);
      return { hidden: matmul(y, weights.projectionWeight!, 1, hidden, width), cell: beside };
    },
    backward(a, before, weights, dAfter, dWeights) {
      const at = inside(a, before, weights);
      const { hidden: y } = cell.forward(at.a, at.before, at.weights);
      addOuterProduct(dWeights.projectionWeight!, y, dAfter.hidden);
      const dy = matmulTransposeB(dAfter.hidden, weights.projectionWeight!, 1, width, hidden);
      const none = { ...dWeights, recurrentWeight: new Float64Array(hidden * columns) };
      const back = cell.backward(at.a, at.before, at.weights, { hidden: dy, cell: dAfter.cell }, none);
      addOuterProduct(dWeights.recurrentWeight, before.hidden, back.preactivation);
      const dHidden = matmulTransposeB(back.preactivation, weights.recurrentWeight, 1, columns, width);
      return { ...back, hidden: dHidden };
    },
  };
}
