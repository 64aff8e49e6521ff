// What a network was trained on, as every file of one says it: without that, other data would be read as what it is not.

import {
  type NetworkConfig,
  type NetworkOptions,
  type PieceKind,
  type UniformOptions,
  Vocabulary,
  type WindowShape,
} from "../../src/index";
import { unknownPieces, unknownSymbol } from "./characters";
import type { LabelledFile } from "./labelled-file";
import { piecesOf } from "./pieces";
import { listed, refusal, shown } from "./refusal";

/** How features are standardised: (value − mean) / deviation, for each feature of a step. */
export interface Scale {
  mean: readonly number[];
  deviation: readonly number[];
}

/** What a network does, in words. */
export const answers = {
  character: "predicts the next character or word of a text",
  class: "tells the class of a sequence",
  sum: "adds two numbers",
  parity: "tells the product so far of a stream of ±1",
  forecast: "forecasts a series",
  date: "writes a date as ISO 8601",
} as const;

/** What other data must have in common with that which a network was trained on. */
export interface TrainedOn {
  answer: keyof typeof answers;
  /** The characters that it reads, or pieces of another kind, in the order of their tokens; none where it reads numbers. */
  symbols: readonly string[];
  /** What they are, unless they are characters. */
  kind?: PieceKind;
  /** In the order of the network's outputs, or what it writes with; none where it answers otherwise. */
  classes: readonly string[];
  /** What a header called the steps of a series, in order; none where there was no header. */
  columns: readonly string[];
  /** Of the features of a series that has a class; null elsewhere. */
  scale: Scale | null;
  /** How a series is read and forecast, with its scale; where that is done. */
  windows?: WindowShape;
}

/** Of what a network does not read. */
export const nothing = { symbols: [], classes: [], columns: [], scale: null } as const;

export const trainedOnText = ({ symbols, kind }: Vocabulary): TrainedOn => ({
  ...{ ...nothing, answer: "character", symbols },
  ...(kind !== "characters" && { kind }),
});
export const trainedOnSums: TrainedOn = { ...nothing, answer: "sum" };
export const trainedOnParity: TrainedOn = { ...nothing, answer: "parity" };
export const trainedOnSeries = (windows: WindowShape): TrainedOn => ({ ...nothing, answer: "forecast", windows });

/** What data says of a network: what that reads and answers. */
export interface Ends
  extends Pick<UniformOptions, "inputs" | "outputs" | "input" | "readout" | "loss" | "classWeights"> {
  /** Of an encoder–decoder: how many tokens there are of what its encoder reads. */
  encoder?: number;
}

/** @throws unless a network is such as these pages and programs make: of one kind of cell and one width, perhaps with an encoder. */
export function endsOf(network: NetworkConfig | NetworkOptions): Ends {
  if ("cell" in network) return network;
  const { input, readout, encoder, layers, loss } = network;
  const all = [...layers, ...(encoder?.layers ?? [])];
  const alike = all.every(({ cell, hidden }) => cell === layers[0]!.cell && hidden === layers[0]!.hidden);
  const classes =
    loss === undefined || loss === "cross-entropy" || (typeof loss === "object" && loss.targets === "classes");
  const tokens = [input, encoder?.input].every((read) => read?.kind === "tokens");
  if (encoder && alike && tokens && classes && readout.kind === "every-step" && readout.outputs !== "hidden") {
    const own = { input: "tokens", readout: "every-step", loss: "cross-entropy" } as const;
    return { ...own, inputs: input.width, outputs: readout.outputs, encoder: encoder.input.width };
  }
  throw new Error(
    "The file is of a network made of parts, expected one kind of cell and one width, or an encoder–decoder of such; open it in the program that made it.",
  );
}

/** What one of the pieces of a text is called. */
export const nounOf = (kind: PieceKind = "characters"): string => kind.slice(0, -1);

/** What to do where data is not of the kind that a network was trained on. */
const cure = "give data such as it was trained on, or train a new network";
const asTrainedOn = (what: string) => `${what}, as the network was trained on`;

/** Rarer ones share one symbol. */
const mostSymbols: Readonly<Record<PieceKind, number>> = { characters: 64, graphemes: 256, words: 2000 };

/**
 * The vocabulary of a text; of what a network was trained on, where there is such.
 * @param kind what a text is cut into that no network was trained on.
 * @throws where the network does not know a piece of the text.
 */
export function vocabularyOf(
  name: string,
  text: string,
  trained?: TrainedOn,
  kind: PieceKind = "characters",
): Vocabulary {
  if (!trained) return Vocabulary.fromText(text, { limit: mostSymbols[kind], kind });
  const vocabulary = new Vocabulary(trained.symbols, { kind: trained.kind ?? "characters" });
  const unknown = unknownPieces(trained.symbols, piecesOf(text, trained.kind));
  if (unknown.length > 0 && !trained.symbols.includes(unknownSymbol)) {
    const expected = asTrainedOn(`only the ${vocabulary.size} ${vocabulary.kind}`);
    throw refusal(name, `has ${listed(unknown)}`, expected, cure);
  }
  return vocabulary;
}

/**
 * A file as a network reads it that was trained on another: its classes are that one's, in that order.
 * @throws where it has other classes, columns or sequences.
 */
export function asTrained(file: LabelledFile, trained: TrainedOn): LabelledFile {
  const { name, classes } = file;
  const kindOf = (inputs: number | undefined) => (inputs === undefined ? "texts" : `series of ${inputs} values a step`);
  const got = kindOf(file.kind === "features" ? file.inputs : undefined);
  const expected = kindOf(trained.scale?.mean.length);
  if (got !== expected) throw refusal(name, `has ${got}`, asTrainedOn(expected), cure);
  const unknown = classes.filter((label) => !trained.classes.includes(label));
  if (unknown.length > 0) {
    const known = `the classes ${listed(trained.classes)}`;
    throw refusal(name, `has the class${unknown.length > 1 ? "es" : ""} ${listed(unknown)}`, asTrainedOn(known), cure);
  }
  const columns = file.kind === "features" ? file.columns : [];
  const at = columns.findIndex((column, i) => column !== (trained.columns[i] ?? column));
  if (at >= 0) {
    const called = `calls value ${at + 1} ${shown(columns[at])}`;
    throw refusal(
      name,
      called,
      asTrainedOn(shown(trained.columns[at])),
      "put the columns in that order, or train a new network",
    );
  }
  const indices = classes.map((label) => trained.classes.indexOf(label));
  const items = file.items.map((item) => ({ ...item, label: indices[item.label]! }));
  return { ...file, classes: [...trained.classes], items } as LabelledFile;
}
