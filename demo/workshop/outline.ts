// What of a training one needs to know to use its file elsewhere, as plain data.

import type { PieceKind } from "../../src/index";
import type { Settings } from "../tasks/fields";

export interface Outline {
  step: number;
  cell: Settings["cell"];
  reset: Settings["reset"];
  activation: Settings["activation"];
  inputs: number;
  hidden: number;
  layers: number;
  bidirectional: boolean;
  readout: "every-step" | "last-step";
  answers: "classes" | "values";
  /** Levels of the loss, where it is of some. */
  quantiles: readonly number[] | undefined;
  /** Of an encoder–decoder, what its decoder reads first, how many tokens it writes, and what with. */
  translation: { prompt: readonly number[]; length: number; symbols: readonly string[] } | undefined;
  /** What it reads, for example: a text and its tokens, or features [steps, inputs]. */
  example: { text: string; kind: PieceKind; tokens: number[] } | { features: number[] };
}
