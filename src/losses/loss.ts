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
  /** Numbers that the formula takes, by name, alike for all outputs. */
  readonly options: Readonly<Record<string, number>>;
  /** Whether each output is the logit of a label that is there or not: σ(o) is then what is predicted, else o. */
  readonly labels?: true;
  /** After how many outputs those options begin anew that differ by output; 1 where none does. */
  readonly period: number;
  /** WGSL that defines `lossAt` of four values and their place, for shaders/value-loss.wgsl. */
  readonly source: string;
  /** The loss and its derivative in float64. @param output the index of the output; 0 unless given. */
  reference(o: number, y: number, output?: number): { readonly value: number; readonly derivative: number };
  /** What files hold: its name and options; `readCheckpoint` is given the loss again. */
  toJSON(): string;
}

/** Of labels, there or not, any number of them a row. */
export type LabelLoss = ValueLoss & { readonly labels: true };

/** Of values. */
export type PlainLoss = ValueLoss & { readonly labels?: never };

/** None: what reaches the outputs on the way back comes from outside. */
export interface NoLoss {
  readonly name: "none";
  readonly targets: "none";
}

/** Of classes, of values, or none. */
export type Loss = ClassLoss | ValueLoss | NoLoss;

/** For networks whose loss is made elsewhere: on the GPU, or of numbers. */
export const noLoss = (): NoLoss => ({ name: "none", targets: "none" });

/** Those that have names of their own, in files and in the option `loss`. */
export type LossName = "cross-entropy" | "mean-squared-error";
