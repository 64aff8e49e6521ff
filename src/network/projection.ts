// A layer whose h is projected, h_t = y_t·P of what the cell makes, y (Sak et al. 2014). Loaded where there is one.
//
// h meets the next step by U alone: a_t = x_t·W + b + h_{t−1}·U = x_t·W + b + y_{t−1}·(P·U). So the sweeps are those of a
// layer that is not projected and whose recurrent weight is P·U, and all h are one product. h_0, which is no y·P, meets
// the first step by itself.

import type { Plan } from "../gpu/plan";
import { matrixOf, type PlannedTensor } from "../gpu/tensor";
import { matmul, type View } from "../ops/matmul";
import { oneSlab } from "../ops/operands";
import { type Direction, type DirectionSlabs, endOf, fullOf, type Layer, stepsOf, sweepOf } from "./layer";

const partOf = (view: View, part: number): View => ({ ...view, parts: [part, 1] });

/** The rows of the first step in `tensor`: of h_0, of a_1. */
const firstRows = (tensor: PlannedTensor, batch: number): View => ({ tensor, rows: [0, batch] });

/** U, P and P·U of a direction. */
const weightsOf = ({ parameters, product }: Direction) => ({
  u: { tensor: parameters.recurrentWeight! },
  p: { tensor: parameters.projectionWeight! },
  product: product!,
});

/** From a = x·W + b to h. */
export function projectedForward(plan: Plan, layer: Layer, direction: Direction, part: number): void {
  const { hidden, ops } = layer;
  const { gate } = direction;
  const { u, p, product } = weightsOf(direction);
  const [steps = 0, batch = 0] = gate.shape;
  const unprojected = layer.unprojected!;
  matmul(plan, { label: "P·U", a: p, b: u, out: { tensor: product } });
  if (part === 0) {
    const a = partOf(firstRows(hidden, batch), 0);
    matmul(plan, { label: "a_1 += h_0·U", a, b: u, out: firstRows(gate, batch), accumulate: true });
  }
  const sweep = { ...sweepOf(layer, direction, part), ...fullOf(layer, direction), hidden: unprojected };
  ops.recurrence!.recurrenceForward(plan, sweep);
  const [a, out] = [unprojected, hidden].map((tensor) => partOf(stepsOf(tensor, steps, batch), part));
  matmul(plan, { label: "h = y·P", a: a!, b: p, out: out! });
}

/** da, then dP = Σ y_tᵀ·dh_t and dU = Σ h_{t−1}ᵀ·da_t, where h_{t−1} is y_{t−1}·P. */
export function projectedBackward(
  plan: Plan,
  layer: Layer,
  direction: Direction,
  part: number,
  dOutput: PlannedTensor,
  { recurrentWeight: dU, projectionWeight: dP }: DirectionSlabs,
): void {
  const { hidden, ops } = layer;
  const { gate, carry } = direction;
  const { u, p, product } = weightsOf(direction);
  const unprojected = layer.unprojected!;
  const [steps = 0, batch = 0] = gate.shape;
  const { parts = 1 } = hidden;
  const [height = 0] = product.shape;
  const dUnprojected = plan.tensor("dUnprojected", [...dOutput.shape.slice(0, -1), parts * height], { parts });
  const dh = partOf({ tensor: dOutput }, part);
  matmul(plan, { label: "dy = dh·Pᵀ", transpose: "b", a: dh, b: p, out: partOf({ tensor: dUnprojected }, part) });
  const sweep = { ...sweepOf(layer, direction, part), ...fullOf(layer, direction), hidden: unprojected };
  ops.recurrence!.recurrenceBackward(plan, { ...sweep, dOutput: dUnprojected, carry: carry! });

  if (!dU && !dP) return;
  const dProduct = { tensor: plan.tensor("d(P·U)", product.shape, { parts: gate.parts ?? 1 }) };
  const before = partOf({ tensor: unprojected, rows: [part === 1 ? 2 * batch : 0, steps * batch] }, part);
  const [da, ofProduct] = [{ tensor: gate }, oneSlab(dProduct.tensor)];
  matmul(plan, { label: "d(P·U) = Σ y_{t−1}ᵀ·da_t", transpose: "a", a: before, b: da, out: ofProduct });
  if (dP) {
    const atEnd = dOutput.shape.length === 2;
    const y = atEnd ? endOf(unprojected, steps, batch, part) : partOf(stepsOf(unprojected, steps, batch), part);
    matmul(plan, { label: "dP = Σ y_tᵀ·dh_t", transpose: "a", a: y, b: dh, out: dP });
    const out = { ...dP, count: 1 };
    matmul(plan, { label: "dP += d(P·U)·Uᵀ", transpose: "b", a: dProduct, b: u, out, accumulate: true });
  }
  if (dU) {
    matmul(plan, { label: "dU = Pᵀ·d(P·U)", transpose: "a", a: p, b: dProduct, out: dU });
    if (part === 1) return;
    const da1 = plan.tensor("da_1", [batch, gate.shape[2]!], { parts: gate.parts ?? 1 });
    plan.copy(gate, da1, 4 * batch * matrixOf(da1).storedWidth);
    const first = { a: partOf(firstRows(hidden, batch), 0), b: { tensor: da1 } };
    matmul(plan, { label: "dU += h_0ᵀ·da_1", transpose: "a", ...first, out: dU, accumulate: true });
  }
}
