// What a visitor asks a network and what it answers, as plain data: each problem reads its own questions.

import type { Prediction, SequenceInputs } from "../../src/index";

/** A name and how likely it is. */
export type Share = readonly [name: string, share: number];

export type Answer =
  /** The next pieces of a text, the likeliest first; and what of it the network does not read, in words. */
  | { kind: "next"; shares: Share[]; unread: string | undefined }
  /** All classes, the likeliest first; and the true one, where the question is held out. */
  | { kind: "class"; shares: Share[]; truth: string | undefined }
  | { kind: "sum"; answer: number; truth: number }
  /** The product of a stream so far at each step, as told and as it is: "+" or "−". */
  | { kind: "signs"; told: string[]; truth: string[]; share: number }
  /** What was written symbol by symbol, how likely each was behind those before, and what it should be, where that is known. */
  | { kind: "written"; symbols: string[]; shares: number[]; truth: { text: string; place: Place } | undefined }
  /** A series, and of the steps from `at` on what came, and the forecast with its interval of 80%. */
  | { kind: "forecast"; name: string; first: number; past: number[]; truth: number[]; forecast: Interval };

/** Whether what is asked is held out, may be learned from, or is beyond all that is. */
export type Place = "held out" | "learned" | "beyond";

interface Interval {
  low: number[];
  middle: number[];
  high: number[];
}

/** A held-out item that was told as something else than it is. */
export interface Misread {
  /** As a question. */
  question: string;
  truth: string;
  told: string;
  share: number;
}

/** How many held-out items there are and were told right; and those told wrong, the surest first. */
export interface Tested {
  count: number;
  right: number;
  /** Of classes, how many of each were told as which [truth][told]. */
  table: { classes: readonly string[]; confusion: number[][] } | undefined;
  misread: Misread[];
}

export interface Asking {
  /** What a question is. */
  reads: "text" | "row" | "sum" | "signs" | "window" | "date";
  /** How many held-out questions there are to draw; without end where that is undefined. */
  count: number | undefined;
  /** A held-out one, by its place. */
  example(at: number): string;
  /** @throws where it cannot be read as a question, with what to do. */
  read(question: string): { inputs: SequenceInputs; answer(prediction: Prediction): Answer };
  /** All that is held out, where each has one answer that is right. */
  heldOut?: { inputs: SequenceInputs[]; tested(predictions: readonly Prediction[]): Tested };
}

/** The likeliest of some names, the first before the others. */
export function likeliest(names: readonly string[], shares: ArrayLike<number>, most = names.length): Share[] {
  const all = names.map((name, i): Share => [name, shares[i]!]);
  return all.sort(([, a], [, b]) => b - a).slice(0, most);
}

/** ŷ of the last step. */
export const lastOf = ({ probabilities }: Prediction, classes: number): Float32Array =>
  probabilities!.subarray(probabilities!.length - classes);
