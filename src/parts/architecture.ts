// What a network is made of, however it was said: by its parts, or in the short form.

import type { NamedCell } from "../cells/cells";
import { type CrossEntropyOptions, crossEntropy } from "../losses/cross-entropy";
import type { Loss, LossName } from "../losses/loss";
import { meanSquaredError } from "../losses/mean-squared-error";
import { type Clusters, clustersOf } from "./adaptive";
import { features, type Input, tokens } from "./inputs";
import { type Layer, layer } from "./layers";
import type { Readout } from "./readouts";

/** A network by its parts. */
export interface Parts {
  readonly input: Input;
  /** From the lowest, which reads the input, to the highest, which is read. */
  readonly layers: readonly Layer[];
  readonly readout: Readout;
  /** Reads another sequence first; its final states are what the layers begin with. They are as many and as wide as its own. */
  readonly encoder?: Encoder;
  /** Default "cross-entropy". */
  readonly loss?: LossName | Loss;
  /** Default 1. */
  readonly seed?: number;
}

/** What reads the source of an encoder–decoder (Sutskever et al. 2014): layers of one direction. */
export interface Encoder {
  readonly input: Input;
  readonly layers: readonly Layer[];
}

/** A network of one kind of cell and one width. */
export interface ShortForm extends NamedCell, CrossEntropyOptions {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly layers?: number;
  readonly bidirectional?: boolean;
  readonly input: "tokens" | "features";
  readonly readout: "every-step" | "last-step";
  readonly loss?: LossName | Loss;
  readonly dropout?: number;
  readonly forgetBias?: number;
  readonly seed?: number;
}

/** A layer in its place. */
export interface StackedLayer extends Layer {
  /** From 0, the lowest. */
  readonly number: number;
  /** I: the width of what it reads. */
  readonly inputs: number;
  /** D: 2 where it is bidirectional, else 1. */
  readonly directions: number;
  /** The width of h, in each direction: H, or P. */
  readonly width: number;
  /** How the names of each direction's parameters and states begin: `layer0.`, `layer0.reverse.`. */
  readonly names: readonly string[];
  /** What tells its dropout's masks from those of other layers. */
  readonly mask: number;
}

/** What goes through time: an input and the layers above it. */
export interface Sequence {
  readonly input: Input;
  readonly layers: readonly StackedLayer[];
  /** What the names of its parameters begin with. */
  readonly prefix: string;
}

/** A readout in its place. */
export interface PlacedReadout extends Readout {
  /** K: the width of o. */
  readonly outputs: number;
  /** Whether o is h itself. */
  readonly bare: boolean;
  /** D where o is h itself, whose directions lie side by side; else 1. */
  readonly parts: number;
  /** Where it is adaptive. */
  readonly clusters?: Clusters | undefined;
}

export interface Architecture extends Sequence {
  readonly encoder: Sequence | undefined;
  readonly readout: PlacedReadout;
  readonly loss: Loss;
  readonly seed: number;
}

export const isParts = (said: Parts | ShortForm): said is Parts => typeof said.layers === "object";

const known = new WeakMap<object, Architecture>();

/** It is made once of what is frozen, as completed options are; what may be changed since is read again. */
export function architectureOf(said: Parts | ShortForm): Architecture {
  let architecture = Object.isFrozen(said) ? known.get(said) : undefined;
  if (!architecture) {
    const parts = isParts(said) ? said : partsOf(said);
    const { input, readout, loss = "cross-entropy", encoder, seed = 1 } = parts;
    const own = { input, layers: stacked(parts, "", 0), prefix: "" };
    architecture = {
      ...{ ...own, readout: placed(readout, own), seed },
      encoder: encoder && { input: encoder.input, layers: stacked(encoder, ofEncoder, mostLayers), prefix: ofEncoder },
      loss: lossOf(loss),
    };
    known.set(said, architecture);
  }
  return architecture;
}

function partsOf(short: ShortForm): Parts {
  const { cell, activation, reset, inputs, hidden, outputs, layers: count = 1, loss = "cross-entropy", seed } = short;
  const { bidirectional = false, dropout = 0, forgetBias } = short;
  const own = { activation, reset, forgetBias, bidirectional };
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return {
    input: short.input === "tokens" ? tokens(inputs) : features(inputs),
    layers: Array.from({ length: count }, (_, number) =>
      layer(cell, hidden, { ...given, dropout: number > 0 ? dropout : 0 }),
    ),
    readout: { kind: short.readout, outputs, bias: true, tied: false },
    loss: loss === "cross-entropy" ? crossEntropy(short) : loss,
    ...(seed !== undefined && { seed }),
  };
}

/** So that masks of an encoder's layers are others. */
export const mostLayers = 1000;

const ofEncoder = "encoder.";

function stacked({ input, layers }: Encoder, prefix: string, firstMask: number): StackedLayer[] {
  let inputs = input.width;
  return layers.map((layer, number) => {
    const { bidirectional, hidden, projection: width = hidden } = layer;
    const directions = bidirectional ? 2 : 1;
    const names = [`${prefix}layer${number}.`, `${prefix}layer${number}.reverse.`].slice(0, directions);
    const placed = { ...layer, number, inputs, directions, width, names, mask: firstMask + number };
    inputs = directions * width;
    return placed;
  });
}

function placed(readout: Readout, own: Sequence): PlacedReadout {
  const { outputs } = readout;
  if (outputs !== "hidden") {
    const { adaptive } = readout;
    const clusters = adaptive && clustersOf(adaptive, outputs, depthOf(own));
    return { ...readout, outputs, bare: false, parts: 1, clusters };
  }
  return { ...readout, outputs: depthOf(own), bare: true, parts: own.layers.at(-1)!.directions };
}

const lossOf = (loss: LossName | Loss): Loss =>
  loss === "cross-entropy" ? crossEntropy() : loss === "mean-squared-error" ? meanSquaredError() : loss;

/** h_T or what is given for it: D·H, or D·P, of the highest layer. */
export const depthOf = ({ layers }: Sequence): number => {
  const { directions, width } = layers.at(-1)!;
  return directions * width;
};
