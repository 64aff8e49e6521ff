// LSTM, GRU and SimpleRNN of Keras, and their variables by the library's names.

import type { NamedCell } from "../cells/cells";
import type { DefinedCell } from "../cells/define-cell";
import { hardGru } from "../cells/hard-gru";
import { hardLstm } from "../cells/hard-lstm";
import type { FloatTensor } from "../interchange/safetensors";
import type { ParameterValues } from "../network/parameters";

import type { SaidLayer } from "./said-layer";
import { variables, type Weights, type Wrapped } from "./weights";

/** What it is, and whether it gives h of every step. */
export interface Recurrent {
  readonly cell: NamedCell | { readonly cell: DefinedCell };
  readonly gates: number;
  /** Of a GRU: that it resets behind the product; else before. */
  readonly reset?: "before" | "after";
  readonly hidden: number;
  readonly bias: boolean;
  readonly isEvery: boolean;
}

type Kind = Pick<Recurrent, "cell" | "gates" | "reset">;

const cells: Readonly<Record<string, (layer: SaidLayer, gateActivations: Weights["gateActivations"]) => Kind>> = {
  LSTM(layer, gateActivations) {
    layer.word("activation", ["tanh"]);
    const isHard = layer.word("recurrent_activation", gateActivations) === "hard_sigmoid";
    return { cell: { cell: isHard ? hardLstm : "lstm" }, gates: 4 };
  },
  GRU(layer, gateActivations) {
    layer.word("activation", ["tanh"]);
    const reset = layer.switch("reset_after", false) ? "after" : "before";
    const isHard = layer.word("recurrent_activation", gateActivations) === "hard_sigmoid";
    if (isHard && reset === "after") layer.refuse('has reset_after true with "hard_sigmoid"', "false, or sigmoid");
    return { cell: isHard ? { cell: hardGru } : { cell: "gru", reset }, gates: 3, reset };
  },
  SimpleRNN: (layer) => ({ cell: { cell: "elman", activation: layer.word("activation", ["tanh", "relu"]) }, gates: 1 }),
};

export const isRecurrent = (kind: string): boolean => Object.hasOwn(cells, kind);

/** @param backwards whether it is to read from the last step to the first */
export function recurrentOf(layer: SaidLayer, { gateActivations }: Weights, backwards = false): Recurrent {
  const read = {
    ...cells[layer.kind]!(layer, gateActivations),
    hidden: layer.size("units"),
    bias: layer.switch("use_bias", true),
    isEvery: layer.switch("return_sequences", false),
  };
  if (layer.switch("go_backwards", false) !== backwards) {
    layer.refuse(`has go_backwards ${!backwards}`, String(backwards), "turn its sequences");
  }
  layer.finish();
  return read;
}

/**
 * Adds the parameters of one direction. Keras' matrices are those of here; its gates lie in the same order (i f c o of an LSTM), but
 * for a GRU's: z r h, where here they are r z n. With reset_after a GRU has two biases, of which those of z and r are added.
 *
 * @param inputs the width of what it reads, where that is known
 * @returns that width
 */
export function addRecurrent(
  parameters: ParameterValues,
  prefix: string,
  { gates, reset, hidden, bias }: Recurrent,
  from: { weights: Weights; layer: SaidLayer; inputs: number | undefined; wrapped?: Wrapped },
): number {
  const columns = gates * hidden;
  const isGru = reset !== undefined;
  const isTwo = reset === "after";
  const shapes = {
    kernel: [from.inputs, columns],
    recurrent_kernel: [hidden, columns],
    ...(bias && { bias: isTwo ? [2, columns] : [columns] }),
  };
  const [kernel, recurrentKernel, own] = variables(from.weights, from.layer, shapes, from.wrapped);
  const inOrder = (tensor: FloatTensor) => (isGru ? resetFirst(tensor, hidden) : tensor);
  parameters.set(`${prefix}inputWeight`, inOrder(kernel!));
  parameters.set(`${prefix}recurrentWeight`, inOrder(recurrentKernel!));
  if (own) {
    const { data } = inOrder(own);
    const added = columns - hidden;
    const sum = data.slice(0, columns);
    if (isTwo) for (let i = 0; i < added; i++) sum[i]! += data[columns + i]!;
    parameters.set(`${prefix}bias`, { shape: [columns], data: sum });
    if (isGru) {
      const apart = isTwo ? data.slice(columns + added) : new Float32Array(hidden);
      parameters.set(`${prefix}recurrentBias`, { shape: [hidden], data: apart });
    }
  }
  return kernel!.shape[0]!;
}

/** Columns z r h as r z h: [rows, 3·H]. */
function resetFirst({ shape, data }: FloatTensor, hidden: number): FloatTensor {
  const turned = data.slice();
  for (let row = 0; row < data.length; row += 3 * hidden) {
    turned.set(data.subarray(row, row + hidden), row + hidden);
    turned.set(data.subarray(row + hidden, row + 2 * hidden), row);
  }
  return { shape, data: turned };
}
