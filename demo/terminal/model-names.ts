// What the parameters of a model are called in PyTorch's state_dict and in the library, and how they lie there.

import {
  type CellName,
  coupledLstm,
  type DefinedCell,
  type ParameterValues,
  type PartsConfig,
  peepholeLstm,
  slstm,
  type TensorData,
} from "../../src/index";
import { expectTensor, refuse } from "./recording-metadata";

interface CellWords {
  readonly cell: CellName | DefinedCell;
  readonly gates: number;
  /** What a cell that torch.nn has not calls what it meets its past with, or nothing. */
  readonly own?: readonly ("weight_hh" | "peephole")[];
}

/** The cells that files name. */
export const modelCells: Readonly<Record<string, CellWords>> = {
  elman: { cell: "elman", gates: 1 },
  gru: { cell: "gru", gates: 3 },
  lstm: { cell: "lstm", gates: 4 },
  "peephole-lstm": { cell: peepholeLstm, gates: 4, own: ["weight_hh", "peephole"] },
  "coupled-lstm": { cell: coupledLstm, gates: 3, own: ["weight_hh"] },
  slstm: { cell: slstm, gates: 4, own: ["weight_hh"] },
};

/** One tensor of a state_dict. */
interface Twin {
  readonly theirs: string;
  readonly shape: readonly number[];
  /** The library's parameter; without it, all zeros. */
  readonly ours?: string;
  /** How it lies in theirs: alike, as a matrix transposed, or behind zeros for the GRU's other gates. */
  readonly way?: "transposed" | "candidate";
}

/**
 * All tensors of a network's state_dict.
 * @param hasOutputs whether there is an output layer, "fc"
 */
function twinsOf({ input, layers, readout }: PartsConfig, hasOutputs: boolean): Twin[] {
  const twins: Twin[] = [];
  const embedded = { shape: [input.tokens ?? 0, input.width], ours: "embeddingWeight" };
  if (input.kind === "embedding") twins.push({ theirs: "embedding.weight", ...embedded });
  let inputs = input.width;
  for (const [number, { cell, hidden, bias, bidirectional, projection }] of layers.entries()) {
    const { gates, own } = modelCells[typeof cell === "string" ? cell : cell.name]!;
    const columns = gates * hidden;
    const width = projection ?? hidden;
    const add = (theirs: string, shape: number[], more: Pick<Twin, "ours" | "way">) =>
      twins.push({ theirs: `rnn.${number}.${theirs}`, shape, ...more });
    const matrix = (ours: string) => ({ ours, way: "transposed" as const });
    if (own) {
      const prefix = `layer${number}.`;
      add("weight_ih", [columns, inputs], matrix(`${prefix}inputWeight`));
      if (own.includes("weight_hh")) add("weight_hh", [columns, hidden], matrix(`${prefix}recurrentWeight`));
      if (own.includes("peephole")) add("peephole", [3, hidden], { ours: `${prefix}unitParameters` });
      add("bias", [columns], { ours: `${prefix}bias` });
    } else {
      for (const way of bidirectional ? ["", "reverse"] : [""]) {
        const prefix = `layer${number}.${way && `${way}.`}`;
        const suffix = `_l0${way && `_${way}`}`;
        add(`weight_ih${suffix}`, [columns, inputs], matrix(`${prefix}inputWeight`));
        add(`weight_hh${suffix}`, [columns, width], matrix(`${prefix}recurrentWeight`));
        if (projection) add(`weight_hr${suffix}`, [projection, hidden], matrix(`${prefix}projectionWeight`));
        if (!bias) continue;
        add(`bias_ih${suffix}`, [columns], { ours: `${prefix}bias` });
        const candidate = { ours: `${prefix}recurrentBias`, way: "candidate" } as const;
        add(`bias_hh${suffix}`, [columns], cell === "gru" ? candidate : {});
      }
    }
    inputs = width * (bidirectional ? 2 : 1);
  }
  if (!hasOutputs) return twins;
  const { outputs, bias, tied } = readout;
  const weight = tied ? { ours: "embeddingWeight" } : { ours: "outputWeight", way: "transposed" as const };
  twins.push({ theirs: "fc.weight", shape: [outputs, inputs], ...weight });
  if (bias) twins.push({ theirs: "fc.bias", shape: [outputs], ours: "outputBias" });
  return twins;
}

/**
 * The library's parameters of a network from the tensors of its state_dict, which are called `prefix` and their name.
 * @throws where one is missing or of another shape, or where they say more than the library has parameters for: a second
 *   bias that is not zero, an output layer that is not the embedding it is tied to.
 */
export function fromStateDict(
  config: PartsConfig,
  hasOutputs: boolean,
  tensors: ReadonlyMap<string, TensorData>,
  prefix: string,
): ParameterValues {
  const parameters: ParameterValues = new Map();
  for (const { theirs, shape, ours, way } of twinsOf(config, hasOutputs)) {
    const { data } = expectTensor(tensors, prefix + theirs, shape, "F32");
    if (!ours || parameters.has(ours)) continue;
    const values = Float32Array.from(data);
    const [rows = 0, columns = 0] = shape;
    const candidate = (2 * rows) / 3;
    if (way === "transposed") parameters.set(ours, { shape: [columns, rows], data: transposed(values, columns) });
    else if (way) parameters.set(ours, { shape: [rows - candidate], data: values.slice(candidate) });
    else parameters.set(ours, { shape: [...shape], data: values });
  }
  for (const [name, { data }] of toStateDict(config, hasOutputs, parameters)) {
    const given = tensors.get(prefix + name)!.data;
    const other = data.findIndex((value, i) => value !== given[i]);
    if (other < 0) continue;
    const cure = "the library has no parameter for it";
    refuse(`tensor "${prefix}${name}"`, `${given[other]} at ${other}`, `${data[other]}`, cure);
  }
  return parameters;
}

/** The state_dict of a network's parameters, or likewise of their gradients: the inverse of `fromStateDict`. */
export function toStateDict(
  config: PartsConfig,
  hasOutputs: boolean,
  parameters: ReadonlyMap<string, { data: Float32Array }>,
): Map<string, { data: Float32Array }> {
  return new Map(
    twinsOf(config, hasOutputs).map(({ theirs, shape, ours, way }) => {
      const [rows = 0] = shape;
      const data = new Float32Array(shape.reduce((size, length) => size * length, 1));
      const values = ours === undefined ? undefined : parameters.get(ours)!.data;
      if (way === "transposed") data.set(transposed(values!, rows));
      else if (values) data.set(values, data.length - values.length);
      return [theirs, { data }];
    }),
  );
}

/** By each of the library's parameters, what PyTorch calls it: of an embedding that is tied, by that name. */
export function theirNames(config: PartsConfig, hasOutputs: boolean): Map<string, string> {
  const named = twinsOf(config, hasOutputs).flatMap(({ ours, theirs }) => (ours ? [[ours, theirs] as const] : []));
  return new Map(named.reverse());
}

/** [rows, columns] → [columns, rows] */
function transposed(data: Float32Array, columns: number): Float32Array {
  const rows = data.length / columns;
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
}
