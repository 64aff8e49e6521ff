// The initial values of parameters, from a seed. Only + − × ÷ and √ make them, which IEEE 754 rounds alike everywhere:
// the same seed gives the same values on every machine.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { cellOf } from "../cells/cells";
import { elements } from "../gpu/tensor";
import type { NetworkConfig } from "./config";
import { generatorOf } from "./generator";
import { type ParameterValues, parameterShapes } from "./parameters";

/** A number from 0 to 1. */
type Draw = () => number;

/**
 * "uniform": in ±1/√hidden, as PyTorch initialises `nn.RNN`, `nn.GRU` and `nn.LSTM` (and `nn.Linear` with `hidden`
 * inputs). "glorot": in ±√(6 / (rows + columns)) of each gate (Glorot and Bengio 2010). "orthogonal": UᵀU = 1 for each
 * gate (Saxe, McClelland and Ganguli 2014). Biases are zero but for "uniform"; unit parameters are always "uniform".
 */
export function initialParameters(config: NetworkConfig): ParameterValues {
  const { hidden, initializer, recurrentInitializer, forgetBias } = config;
  const { gates, forgetGate } = cellOf(config);
  const generator = generatorOf(config.seed);
  const draw = () => uniformFloat64(generator);
  const values: ParameterValues = new Map();
  for (const [name, { shape, parts = 1 }] of Object.entries(parameterShapes(config))) {
    const recurrent = name.endsWith("recurrentWeight");
    const kind = name.endsWith("unitParameters") ? "uniform" : recurrent ? recurrentInitializer : initializer;
    const [rows = 0, columns = 0] = shape;
    let data: Float32Array;
    if (kind === "orthogonal")
      data = sideBySide(
        Array.from({ length: gates }, () => orthogonal(hidden, draw)),
        hidden,
      );
    else if (kind === "uniform") data = uniform(elements(shape), 1 / Math.sqrt(hidden), draw);
    else if (shape.length === 1) data = new Float32Array(rows);
    else data = uniform(elements(shape), Math.sqrt(6 / (rows + columns / parts)), draw);
    if (forgetBias !== undefined && forgetGate !== undefined && /layer.*bias$/.test(name)) {
      data.fill(forgetBias, forgetGate * hidden, (forgetGate + 1) * hidden);
    }
    values.set(name, { shape, data });
  }
  return values;
}

const uniform = (length: number, bound: number, draw: Draw): Float32Array =>
  Float32Array.from({ length }, () => (2 * draw() - 1) * bound);

/**
 * A square matrix with orthonormal rows: vectors of sums of twelve uniforms, near enough to normal that no direction
 * is preferred, and Gram and Schmidt's process, twice against rounding.
 */
function orthogonal(size: number, draw: Draw): Float64Array[] {
  const rows: Float64Array[] = [];
  while (rows.length < size) {
    const row = Float64Array.from({ length: size }, () => {
      let sum = -6;
      for (let i = 0; i < 12; i++) sum += draw();
      return sum;
    });
    for (const other of [...rows, ...rows]) {
      let dot = 0;
      for (let j = 0; j < size; j++) dot += row[j]! * other[j]!;
      for (let j = 0; j < size; j++) row[j]! -= dot * other[j]!;
    }
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (norm > 1e-6) rows.push(row.map((value) => value / norm)); // else it lay in the span of the others: draw again
  }
  return rows;
}

/** Square matrices as the blocks of columns of one. */
function sideBySide(blocks: Float64Array[][], size: number): Float32Array {
  const data = new Float32Array(size * size * blocks.length);
  for (let row = 0; row < size; row++) {
    for (const [block, rows] of blocks.entries()) data.set(rows[row]!, (row * blocks.length + block) * size);
  }
  return data;
}
