// What the parameters of a model are called in PyTorch's state_dict and in the library, and how they lie there.

import {
  type CellName,
  coupledLstm,
  type DefinedCell,
  indrnn,
  minGru,
  minLstm,
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
  readonly own?: readonly ("weight_hh" | "peephole" | "recurrent")[];
}

/** The cells that files name. */
export const modelCells: Readonly<Record<string, CellWords>> = {
  elman: { cell: "elman", gates: 1 },
  gru: { cell: "gru", gates: 3 },
  lstm: { cell: "lstm", gates: 4 },
  "peephole-lstm": { cell: peepholeLstm, gates: 4, own: ["weight_hh", "peephole"] },
  "coupled-lstm": { cell: coupledLstm, gates: 3, own: ["weight_hh"] },
  slstm: { cell: slstm, gates: 4, own: ["weight_hh"] },
  indrnn: { cell: indrnn, gates: 1, own: ["recurrent"] },
  mingru: { cell: minGru, gates: 2, own: [] },
  minlstm: { cell: minLstm, gates: 3, own: [] },
};

/** One tensor of a state_dict. */
interface Twin {
  readonly theirs: string;
  readonly shape: readonly number[];
  /** The library's parameter; without it, all zeros. */
  readonly ours?: string;
  /** How it lies in theirs: alike, as a matrix transposed, as its one row, or behind zeros for the GRU's other gates. */
  readonly way?: "transposed" | "row" | "candidate";
}

/** All tensors of a network's state_dict. */
function twinsOf(config: PartsConfig): Twin[] {
  const { encoder, readout } = config;
  const own = encoder ? "decoder." : "";
  const ofSource = encoder ? twinsOfSequence(encoder, "encoder.", "encoder.") : [];
  const twins = [...ofSource, ...twinsOfSequence(config, "", own)];
  const { outputs, bias, tied } = readout;
  if (outputs === "hidden") return twins;
  const { hidden, projection = hidden, bidirectional } = config.layers.at(-1)!;
  const shape = [outputs, projection * (bidirectional ? 2 : 1)];
  const weight = tied ? { ours: "embeddingWeight" } : { ours: "outputWeight", way: "transposed" as const };
  twins.push({ theirs: `${own}fc.weight`, shape, ...weight });
  if (bias) twins.push({ theirs: `${own}fc.bias`, shape: [outputs], ours: "outputBias" });
  return twins;
}

/** Those of an input and its layers, whose names begin so. */
function twinsOfSequence({ input, layers }: Pick<PartsConfig, "input" | "layers">, ours: string, theirs: string) {
  const twins: Twin[] = [];
  const embedded = { shape: [input.tokens ?? 0, input.width], ours: `${ours}embeddingWeight` };
  if (input.kind === "embedding") twins.push({ theirs: `${theirs}embedding.weight`, ...embedded });
  let inputs = input.width;
  for (const [number, { cell, hidden, bias, bidirectional, projection }] of layers.entries()) {
    const { gates, own } = modelCells[typeof cell === "string" ? cell : cell.name]!;
    const columns = gates * hidden;
    const width = projection ?? hidden;
    for (const direction of bidirectional ? ["", "reverse"] : [""]) {
      const prefix = `${ours}layer${number}.${direction && `${direction}.`}`;
      const suffix = own ? "" : `_l0${direction && `_${direction}`}`;
      const add = (name: string, shape: number[], parameter?: string, way?: Twin["way"]) =>
        twins.push({
          ...{ theirs: `${theirs}rnn.${number}.${name}${suffix}`, shape },
          ...(parameter && { ours: prefix + parameter }),
          ...(way && { way }),
        });
      add("weight_ih", [columns, inputs], "inputWeight", "transposed");
      if (!own || own.includes("weight_hh")) add("weight_hh", [columns, width], "recurrentWeight", "transposed");
      if (own?.includes("recurrent")) add("recurrent", [hidden], "recurrentWeight", "row");
      if (own?.includes("peephole")) add("peephole", [3, hidden], "unitParameters");
      if (projection) add("weight_hr", [projection, hidden], "projectionWeight", "transposed");
      if (bias) add(own ? "bias" : "bias_ih", [columns], "bias");
      if (bias && !own) add("bias_hh", [columns], ...(cell === "gru" ? (["recurrentBias", "candidate"] as const) : []));
    }
    inputs = width * (bidirectional ? 2 : 1);
  }
  return twins;
}

/**
 * The library's parameters of a network from the tensors of its state_dict, which are called `prefix` and their name.
 * @throws where one is missing or of another shape, or where they say more than the library has parameters for: a second
 *   bias that is not zero, an output layer that is not the embedding it is tied to.
 */
export function fromStateDict(
  config: PartsConfig,
  tensors: ReadonlyMap<string, TensorData>,
  prefix: string,
): ParameterValues {
  const parameters: ParameterValues = new Map();
  for (const { theirs, shape, ours, way } of twinsOf(config)) {
    const { data } = expectTensor(tensors, prefix + theirs, shape, "F32");
    if (!ours || parameters.has(ours)) continue;
    const values = Float32Array.from(data);
    const [rows = 0, columns = 0] = shape;
    const candidate = (2 * rows) / 3;
    if (way === "transposed") parameters.set(ours, { shape: [columns, rows], data: transposed(values, columns) });
    else if (way === "row") parameters.set(ours, { shape: [1, rows], data: values });
    else if (way) parameters.set(ours, { shape: [rows - candidate], data: values.slice(candidate) });
    else parameters.set(ours, { shape: [...shape], data: values });
  }
  for (const [name, { data }] of toStateDict(config, parameters)) {
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
  parameters: ReadonlyMap<string, { data: Float32Array }>,
): Map<string, { data: Float32Array }> {
  return new Map(
    twinsOf(config).map(({ theirs, shape, ours, way }) => {
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
export function theirNames(config: PartsConfig): Map<string, string> {
  const named = twinsOf(config).flatMap(({ ours, theirs }) => (ours ? [[ours, theirs] as const] : []));
  return new Map(named.reverse());
}

/** [rows, columns] → [columns, rows] */
function transposed(data: Float32Array, columns: number): Float32Array {
  const rows = data.length / columns;
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
}
