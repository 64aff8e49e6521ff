// The worked example as a network and a batch, and its values on the GPU and in the float64 reference: what the page and
// the terminal's program share.

import {
  type Gpu,
  networkConfig,
  type Pass,
  type ReferenceParameters,
  readTensors,
  referenceBackward,
  referenceForward,
  type Tensor,
  type UniformConfig,
} from "../../src/index";
import type { CellName } from "./cells";

/** The words of the worked example. */
export const iLikeNlp: readonly string[] = ["I", "like", "NLP"];

/** The worked example's letters for the parameters; bʰ is the GRU's alone. */
export const letters: Readonly<Record<string, string>> = {
  "layer0.inputWeight": "W",
  "layer0.recurrentWeight": "Wʰ",
  "layer0.bias": "b",
  "layer0.recurrentBias": "bʰ",
  outputWeight: "V",
  outputBias: "b_output",
};

/** Words, and the class that a network is to tell after the last of them. */
export interface Sentence {
  words: readonly string[];
  target: number;
}

export interface Example {
  words: readonly string[];
  /** The different words, in the order in which they first come: word i is one-hot at i. */
  vocabulary: readonly string[];
  /** The vocabulary and the answer; with one word there is another class, as one alone leaves nothing to learn. */
  classes: readonly string[];
  target: number;
  cell: CellName;
  config: UniformConfig;
  /** Inputs [T, B, vocabulary], targets [B] */
  batch: { inputs: Float32Array; targets: Int32Array };
  shape: { steps: number; batch: number };
}

export const vocabularyOf = (words: readonly string[]): string[] => [...new Set(words)];

/** @param answer may be a word that is not in the sentence. */
export const classesOf = (words: readonly string[], answer = words[0]!): string[] => {
  const classes = vocabularyOf([...words, answer]);
  return classes.length > 1 ? classes : [...classes, "another word"];
};

/**
 * @param sentences of the same words, in any order; the first gives the vocabulary.
 * @param options.classes those of the first sentence unless given
 */
export function exampleOf(
  sentences: readonly [Sentence, ...Sentence[]],
  options: { hidden: number; seed: number; cell?: CellName; classes?: readonly string[] },
): Example {
  const [{ words, target }] = sentences;
  const { hidden, seed, cell = "elman", classes = classesOf(words) } = options;
  const vocabulary = vocabularyOf(words);
  const steps = words.length;
  const batch = sentences.length;
  const inputs = new Float32Array(steps * batch * vocabulary.length);
  for (const [row, sentence] of sentences.entries()) {
    for (const [t, word] of sentence.words.entries()) {
      inputs[(t * batch + row) * vocabulary.length + vocabulary.indexOf(word)] = 1;
    }
  }
  const config = networkConfig({
    cell,
    inputs: vocabulary.length,
    hidden,
    outputs: classes.length,
    input: "features",
    readout: "last-step",
    seed,
  });
  const targets = Int32Array.from(sentences, (sentence) => sentence.target);
  return { words, vocabulary, classes, target, cell, config, batch: { inputs, targets }, shape: { steps, batch } };
}

export type Numbers = Float32Array | Float64Array;

/** What a training step computes of one sentence, before the update. */
export interface Values {
  /** h_0 … h_T [T + 1, H] */
  hidden: Numbers;
  /** o, ŷ [K], and L [1] */
  logits: Numbers;
  probabilities: Numbers;
  loss: Numbers;
  /** dL/do [K] */
  dLogits: Numbers;
  /** dL/dh_t by all paths [T + 1, H], slab 0 for h_0 */
  dHidden: Numbers;
  /** By the parameters' names, summed over time */
  gradients: Record<string, Numbers>;
  /** c_0 … c_T of an LSTM [T + 1, H] */
  cellStates?: Numbers | undefined;
  /** What the GPU keeps of each step: the gates [T, G·H] behind their functions, da [T, G·H]; of a GRU m and dm [T, H] */
  kept?: {
    gates: Numbers;
    dPreactivation: Numbers;
    candidate: Numbers | undefined;
    dCandidate: Numbers | undefined;
  };
}

/** Runs a pass on what was written, forward and then back, and reads all that it leaves on both ways. */
export async function valuesOnGpu(gpu: Gpu, pass: Pass): Promise<Values> {
  const { hidden, cellStates, logits, probabilities, losses, dLogits, dHidden } = pass.tensors;
  const ofParameters = Object.values(pass.gradients!.tensors);
  // The way back leaves their gradients where gates and candidates were.
  const written = [...pass.program.steps()].flatMap((step) => (step.kind === "dispatch" ? step.written : []));
  const named = (wanted: string) => written.find(({ name }) => name === wanted);
  const [gate, candidate] = [named("gate")!, named("candidate")];
  const inPlace = candidate ? [gate, candidate] : [gate];
  const read = (tensors: readonly Tensor[], encode: (encoder: GPUCommandEncoder) => void) =>
    readTensors(gpu, tensors, "valuesOnGpu", undefined, undefined, encode) as Promise<Float32Array[]>;

  const [gates, m] = await read(inPlace, (encoder) => pass.encodeForward(encoder));
  const wanted = [hidden, logits, probabilities!, losses, dLogits!, dHidden![0]!, ...ofParameters, ...cellStates];
  const back = await read([...inPlace, ...wanted], (encoder) => pass.encodeBackward(encoder));
  const [da, dm] = back.splice(0, inPlace.length);
  const [h, o, p, loss, dO, dH, ...rest] = back;
  return {
    hidden: h!,
    cellStates: cellStates.length > 0 ? rest.at(-1) : undefined,
    logits: o!,
    probabilities: p!,
    loss: loss!,
    dLogits: dO!,
    dHidden: dH!,
    gradients: Object.fromEntries(ofParameters.map(({ name }, i) => [name, rest[i]!])),
    kept: { gates: gates!, candidate: m, dPreactivation: da!, dCandidate: dm },
  };
}

export function valuesOnReference({ config, batch, shape }: Example, parameters: ReferenceParameters): Values {
  const data = { ...batch, ...shape };
  const run = referenceForward(config, parameters, data);
  const back = referenceBackward(config, parameters, data, run);
  return {
    hidden: run.sweeps[0]!.hidden,
    cellStates: run.finalCellState.length > 0 ? run.sweeps[0]!.cell : undefined,
    logits: run.logits,
    probabilities: run.probabilities,
    loss: Float64Array.of(run.loss),
    dLogits: run.dLogits,
    dHidden: back.hidden[0]!,
    gradients: back.parameters,
  };
}
