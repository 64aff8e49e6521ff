// What a network predicts, and how that follows from its loss.

import type { ClassLoss, LabelLoss, NoLoss, PlainLoss } from "../losses/loss";
import type { States } from "./read-states";

interface WithStates {
  /** Where they are asked for: what each sequence ends with. */
  states?: States;
}

/** Of cross-entropy, and of losses of labels. */
export interface ClassPrediction extends WithStates {
  /** Of cross-entropy the likeliest class of each step, [steps]; of labels 1 where it is there by half or more, else 0, [steps, outputs]. */
  classes: Int32Array;
  /** [steps, outputs], softmax(o) of cross-entropy, σ(o) of labels. */
  probabilities: Float32Array;
  values?: never;
}

/** Of other losses, and of none. */
export interface ValuePrediction extends WithStates {
  /** o [steps, outputs] */
  values: Float32Array;
  classes?: never;
  probabilities?: never;
}

/** Row-major; where the last step is read, of one step. */
export type Prediction = ClassPrediction | ValuePrediction;

/** What a network of this config predicts. */
export type PredictionOf<Config> = Config extends { readonly loss: infer Loss } ? PredictionBy<Loss> : Prediction;

type PredictionBy<Loss> = Loss extends "cross-entropy" | ClassLoss | LabelLoss
  ? ClassPrediction
  : Loss extends "mean-squared-error" | PlainLoss | NoLoss
    ? ValuePrediction
    : Prediction;
