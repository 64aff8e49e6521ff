// Adaptive softmax (Grave et al. 2017, "Efficient softmax approximation for GPUs"): frequent outputs in a head, others in tails.

/** How outputs are parted: `adaptive` of a readout. */
export interface AdaptiveOptions {
  /**
   * Where clusters of outputs begin, ascending, which are sorted from the most frequent down: the head has the first of them, and
   * for each tail, from a cutoff to the next, one number more.
   */
  readonly cutoffs: readonly number[];
  /** By what each tail's width is divided: tail i reads ⌊D·H / divValue^(i + 1)⌋ numbers. Default 4, as in PyTorch. */
  readonly divValue?: number;
}

/** Outputs that are seldom: o = (h·P)·V, within the cluster. */
export interface Tail {
  /** How the names of its parameters begin: `tail0.`. */
  readonly name: string;
  /** Which output is its first, and how many it has. */
  readonly first: number;
  readonly count: number;
  /** Of h·P. */
  readonly width: number;
}

export interface Clusters {
  /** The width of the head: its outputs, and one for each tail. */
  readonly head: number;
  /** How many outputs of the network are in the head. */
  readonly frequent: number;
  readonly tails: readonly Tail[];
}

/** @param depth of what is read, D·H */
export function clustersOf({ cutoffs, divValue = 4 }: AdaptiveOptions, outputs: number, depth: number): Clusters {
  const ends = [...cutoffs.slice(1), outputs];
  const tails = cutoffs.map((first, i) => ({
    ...{ name: `tail${i}.`, first, count: ends[i]! - first },
    width: Math.floor(depth / divValue ** (i + 1)),
  }));
  const [frequent = outputs] = cutoffs;
  return { head: frequent + tails.length, frequent, tails };
}
