// LSTM, GRU and SimpleRNN of Keras, and their variables by the library's names.

import { cellOf, type NamedCell } from "../cells/cells";
import type { FloatTensor } from "../interchange/safetensors";
import type { ParameterValues } from "../network/parameters";
import type { SaidLayer } from "./said-layer";
import { variables, type Weights, type Wrapped } from "./weights";

/** What it is, and whether it gives h of every step. */
export interface Recurrent {
  readonly named: NamedCell;
  readonly hidden: number;
  readonly bias: boolean;
  readonly isEvery: boolean;
}

const cells: Readonly<Record<string, (layer: SaidLayer) => NamedCell>> = {
  LSTM(layer) {
    expectGates(layer);
    return { cell: "lstm" };
  },
  GRU(layer) {
    expectGates(layer);
    return { cell: "gru", reset: layer.switch("reset_after", false) ? "after" : "before" };
  },
  SimpleRNN: (layer) => ({ cell: "elman", activation: layer.word("activation", ["tanh", "relu"]) }),
};

export const isRecurrent = (kind: string): boolean => Object.hasOwn(cells, kind);

function expectGates(layer: SaidLayer): void {
  layer.word("activation", ["tanh"]);
  layer.word("recurrent_activation", ["sigmoid"]);
}

/** @param backwards whether it is to read from the last step to the first */
export function recurrentOf(layer: SaidLayer, backwards = false): Recurrent {
  const read = {
    named: cells[layer.kind]!(layer),
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
  { named, hidden, bias }: Recurrent,
  from: { weights: Weights; layer: SaidLayer; inputs: number | undefined; wrapped?: Wrapped },
): number {
  const { gates } = cellOf(named);
  const columns = gates * hidden;
  const isGru = named.cell === "gru";
  const isTwo = isGru && named.reset === "after";
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
