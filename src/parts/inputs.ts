// What a step reads, as a part of a network.

/** What a step reads: what `tokens`, `features` or `embedding` answers. */
export interface Input {
  readonly kind: "tokens" | "features" | "embedding";
  /** How many tokens there are, where a step reads a token's number. */
  readonly tokens?: number;
  /** I: the width of x. */
  readonly width: number;
}

/** A step reads a token's number, and x is one-hot: the lowest layer takes rows of its W. */
export const tokens = (count: number): Input => ({ kind: "tokens", tokens: count, width: count });

/** A step reads a vector of so many features. */
export const features = (width: number): Input => ({ kind: "features", width });

/** A step reads a token's number, and x is its row of the parameter `embeddingWeight` [count, width]. */
export const embedding = (count: number, width: number): Input => ({ kind: "embedding", tokens: count, width });
