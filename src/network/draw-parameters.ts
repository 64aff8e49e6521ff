// Draws the initial values of parameters, from a seed. Only + − × ÷ and √ make them, which IEEE 754 rounds alike everywhere:
// the same seed gives the same values on every machine.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { cellOf } from "../cells/cells";
import { elements } from "../gpu/tensor";
import { parameterShapes } from "../parts/parameter-shapes";
import type { NetworkConfig } from "./config";
import { generatorOf } from "./generator";
import type { Draw, orthogonal as orthogonalBlock } from "./orthogonal";
import type { ParameterValues } from "./parameters";

/** Numbers that are drawn at once. */
const pieceLength = 2 ** 17;

/** As `initialParameters`, in pieces of a few milliseconds. @param orthogonal where the configuration says so */
export function* drawParameters(
  config: NetworkConfig,
  orthogonal: typeof orthogonalBlock | undefined,
): Generator<undefined, ParameterValues> {
  const { initializer, recurrentInitializer, seed } = config;
  const generator = generatorOf(seed);
  const draw = () => uniformFloat64(generator);
  const values: ParameterValues = new Map();
  for (const [name, { shape, parts = 1, layer, fanIn }] of Object.entries(parameterShapes(config))) {
    const kind = name.endsWith("recurrentWeight") ? recurrentInitializer : initializer;
    const [rows = 0, columns = 0] = shape;
    const data = new Float32Array(elements(shape));
    if (kind === "orthogonal") {
      for (let part = 0; part < parts; part++) yield* orthogonal!(data, rows, columns, part * rows, draw);
    } else if (kind === "uniform" || isAlwaysUniform(name)) yield* uniform(data, 1 / Math.sqrt(fanIn), draw);
    else if (shape.length > 1) yield* uniform(data, Math.sqrt(6 / (rows + columns / parts)), draw);
    if (layer?.forgetBias !== undefined && name.endsWith(".bias")) {
      const { forgetGate = 0 } = cellOf(layer);
      data.fill(layer.forgetBias, forgetGate * layer.hidden, (forgetGate + 1) * layer.hidden);
    }
    values.set(name, { shape, data });
  }
  return values;
}

const isAlwaysUniform = (name: string): boolean => name === "embeddingWeight" || name.endsWith("unitParameters");

/** Fills `data` with numbers in ±bound. */
function* uniform(data: Float32Array, bound: number, draw: Draw): Generator<undefined, void> {
  for (let i = 0; i < data.length; i++) {
    data[i] = (2 * draw() - 1) * bound;
    if (i % pieceLength === pieceLength - 1) yield;
  }
}
