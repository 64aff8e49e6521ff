// A recurrent layer, as a part of a network.

import type { CellName, CellOptions, NamedCell } from "../cells/cells";
import type { DefinedCell } from "../cells/define-cell";

/** What a layer has beside its cell and its width. */
export interface LayerOptions {
  /** Whether it also reads from the last step to the first. Default false. */
  bidirectional?: boolean;
  /** The share of what it reads that is dropped while training, from 0 to below 1. Default 0. */
  dropout?: number;
  /** Whether its gates have biases. Default true. */
  bias?: boolean;
}

/** What `lstm`, `gru`, `elman` or `layer` answers. */
export interface Layer extends NamedCell, Required<LayerOptions> {
  /** H: the width of the cell's states, and of h unless it is projected. */
  readonly hidden: number;
  /** P: the width that an LSTM's h is projected to (Sak et al. 2014; `proj_size` in PyTorch). */
  readonly projection?: number;
  /** What an LSTM's forget gate has for its bias at first. */
  readonly forgetBias?: number;
}

type Own<Name extends keyof Layer> = Partial<Pick<Layer, Name>>;

/** A layer of any cell: by name, or one that `defineCell` made. */
export const layer = (
  cell: CellName | DefinedCell,
  hidden: number,
  options: LayerOptions & CellOptions & Own<"projection" | "forgetBias"> = {},
): Layer => ({ ...{ cell, hidden, bidirectional: false, dropout: 0, bias: true }, ...options });

/** h_t = f(a_t); f is tanh, or relu. */
export const elman = (hidden: number, options: LayerOptions & Pick<CellOptions, "activation"> = {}): Layer =>
  layer("elman", hidden, options);

/** A gated recurrent unit (Cho et al. 2014); its reset gate acts after the product with h, as in PyTorch, or before. */
export const gru = (hidden: number, options: LayerOptions & Pick<CellOptions, "reset"> = {}): Layer =>
  layer("gru", hidden, options);

/** A long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000). */
export const lstm = (hidden: number, options: LayerOptions & Own<"projection" | "forgetBias"> = {}): Layer =>
  layer("lstm", hidden, options);
