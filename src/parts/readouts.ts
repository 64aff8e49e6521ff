// Where a network's outputs are read from its last layer, as a part of a network.

import type { AdaptiveOptions } from "./adaptive";

/** What `everyStep`, `lastStep`, `everyHidden` or `lastHidden` answers. */
export interface Readout {
  readonly kind: "every-step" | "last-step";
  /** K: classes, or values; "hidden" where o is h itself, D·H or projected D·P wide. */
  readonly outputs: number | "hidden";
  /** Whether o has a bias. */
  readonly bias: boolean;
  /** Whether V is the embedding, transposed. */
  readonly tied: boolean;
  /** Where outputs are in clusters by how frequent they are. */
  readonly adaptive?: AdaptiveOptions;
}

/** What an output layer has beside its width. */
export interface ReadoutOptions {
  /** Default true. */
  bias?: boolean;
  /**
   * Whether the output layer's weight is that of the input's `embedding` (Press and Wolf 2017): with as many outputs as
   * tokens, and the embedding as wide as what the last layer gives, in one direction. Default false.
   */
  tied?: boolean;
  /**
   * For large vocabularies whose outputs are sorted from the most frequent down, with cross-entropy: adaptive softmax (Grave et al.
   * 2017), as torch.nn.AdaptiveLogSoftmaxWithLoss has it. A step of training computes seldom outputs only of the rows whose targets
   * are among them. What is predicted is of all outputs, o = ln ŷ. `bias` is the head's. Default: a plain softmax.
   */
  adaptive?: AdaptiveOptions;
}

const readout = (kind: Readout["kind"], outputs: Readout["outputs"], options: ReadoutOptions): Readout => ({
  ...{ kind, outputs, bias: true, tied: false },
  ...options,
});

/** o = h_t·V + b_o at every step. */
export const everyStep = (outputs: number, options: ReadoutOptions = {}): Readout =>
  readout("every-step", outputs, options);

/** o = h_T·V + b_o after the last step of each sequence: of a bidirectional layer, where each direction ends. */
export const lastStep = (outputs: number, options: ReadoutOptions = {}): Readout =>
  readout("last-step", outputs, options);

const bare: ReadoutOptions = { bias: false, tied: false };

/**
 * o = h_t at every step, without parameters: for a readout of one's own, which reads h and gives back dL/dh_t. Of a
 * bidirectional layer both directions, side by side.
 */
export const everyHidden = (): Readout => readout("every-step", "hidden", bare);

/** o = h_T after the last step of each sequence, alike: of a bidirectional layer, where each direction ends. */
export const lastHidden = (): Readout => readout("last-step", "hidden", bare);
