// What a loss is: what targets are, and how a row's loss is made of them.

/** A class a row, of all outputs. */
export interface ClassLoss {
  readonly name: string;
  readonly targets: "classes";
  /** ε: the share of each target that is spread over all classes. */
  readonly labelSmoothing: number;
  /** What each class counts; 1 each without it. */
  readonly classWeights?: readonly number[];
}

/** A value for each output. */
export interface ValueLoss {
  readonly name: string;
  readonly targets: "values";
  /** From the least to the most that a target may be; any finite number without it. */
  readonly range?: readonly [least: number, most: number] | undefined;
  /** Numbers that the formula takes, by name. */
  readonly options: Readonly<Record<string, number>>;
  /** WGSL that defines `lossAt` of four values, for shaders/value-loss.wgsl. */
  readonly source: string;
  /** The loss and its derivative in float64. */
  reference(o: number, y: number): { readonly value: number; readonly derivative: number };
  /** What files hold: its name and options; `readCheckpoint` is given the loss again. */
  toJSON(): string;
}

export type Loss = ClassLoss | ValueLoss;

/** Those that have names of their own, in files and in the option `loss`. */
export type LossName = "cross-entropy" | "mean-squared-error";
