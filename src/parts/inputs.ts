// What a step reads, as a part of a network.

/** What a step reads: what `tokens`, `features` or `embedding` answers. */
export interface Input {
  readonly kind: "tokens" | "features" | "embedding";
  /** How many tokens there are, where a step reads a token's number. */
  readonly tokens?: number;
  /** I: the width of x. */
  readonly width: number;
  /** Of an embedding: whether only the rows of tokens that occur in a batch have a gradient and are updated. */
  readonly sparse?: boolean;
}

/** How an embedding learns. */
export interface EmbeddingOptions {
  /**
   * For large vocabularies: the gradient is of the rows of tokens that occur in a batch alone, and so is the update. All other
   * rows stay as they are, and with them what the optimizer keeps of them. So it is the same as without, but faster, for `sgd`
   * without momentum and weight decay. Others are lazy, as torch.optim.SparseAdam is: a row that does not occur neither moves on
   * by its momentum nor decays. The pass's gradient is [rows, width], row r that of token `tokenRows`[r]. Default false.
   */
  sparse?: boolean;
}

/** A step reads a token's number, and x is one-hot: the lowest layer takes rows of its W. */
export const tokens = (count: number): Input => ({ kind: "tokens", tokens: count, width: count });

/** A step reads a vector of so many features. */
export const features = (width: number): Input => ({ kind: "features", width });

/** A step reads a token's number, and x is its row of the parameter `embeddingWeight` [count, width]. */
export const embedding = (count: number, width: number, options: EmbeddingOptions = {}): Input => ({
  ...{ kind: "embedding", tokens: count, width },
  ...options,
});
