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
  type UniformConfig,
} from "../../src/index";

/** The words of the worked example. */
export const iLikeNlp: readonly string[] = ["I", "like", "NLP"];

/** The worked example's letters for the parameters. */
export const letters: Readonly<Record<string, string>> = {
  "layer0.inputWeight": "W",
  "layer0.recurrentWeight": "Wʰ",
  "layer0.bias": "b",
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
  /** The vocabulary; with one word there is another class, as one alone leaves nothing to learn. */
  classes: readonly string[];
  target: number;
  config: UniformConfig;
  /** Inputs [T, B, vocabulary], targets [B] */
  batch: { inputs: Float32Array; targets: Int32Array };
  shape: { steps: number; batch: number };
}

export const vocabularyOf = (words: readonly string[]): string[] => [...new Set(words)];

export const classesOf = (words: readonly string[]): string[] => {
  const vocabulary = vocabularyOf(words);
  return vocabulary.length > 1 ? vocabulary : [...vocabulary, "another word"];
};

/** @param sentences of the same words, in any order; the first gives the vocabulary. */
export function exampleOf(
  sentences: readonly [Sentence, ...Sentence[]],
  { hidden, seed }: { hidden: number; seed: number },
): Example {
  const [{ words, target }] = sentences;
  const vocabulary = vocabularyOf(words);
  const classes = classesOf(words);
  const steps = words.length;
  const batch = sentences.length;
  const inputs = new Float32Array(steps * batch * vocabulary.length);
  for (const [row, sentence] of sentences.entries()) {
    for (const [t, word] of sentence.words.entries()) {
      inputs[(t * batch + row) * vocabulary.length + vocabulary.indexOf(word)] = 1;
    }
  }
  const config = networkConfig({
    cell: "elman",
    inputs: vocabulary.length,
    hidden,
    outputs: classes.length,
    input: "features",
    readout: "last-step",
    seed,
  });
  const targets = Int32Array.from(sentences, (sentence) => sentence.target);
  return { words, vocabulary, classes, target, config, batch: { inputs, targets }, shape: { steps, batch } };
}

type Numbers = Float32Array | Float64Array;

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
}

/** @param pass with probabilities and traceGradients, run before. */
export async function valuesOnGpu(gpu: Gpu, { tensors, gradients }: Pass): Promise<Values> {
  const { hidden, logits, probabilities, losses, dLogits, dHidden } = tensors;
  const ofParameters = Object.values(gradients!.tensors);
  const wanted = [hidden, logits, probabilities!, losses, dLogits!, dHidden![0]!, ...ofParameters];
  const [h, o, p, loss, dO, dH, ...rest] = (await readTensors(gpu, wanted)) as Float32Array[];
  return {
    hidden: h!,
    logits: o!,
    probabilities: p!,
    loss: loss!,
    dLogits: dO!,
    dHidden: dH!,
    gradients: Object.fromEntries(ofParameters.map(({ name }, i) => [name, rest[i]!])),
  };
}

export function valuesOnReference({ config, batch, shape }: Example, parameters: ReferenceParameters): Values {
  const data = { ...batch, ...shape };
  const run = referenceForward(config, parameters, data);
  const back = referenceBackward(config, parameters, data, run);
  return {
    hidden: run.sweeps[0]!.hidden,
    logits: run.logits,
    probabilities: run.probabilities,
    loss: Float64Array.of(run.loss),
    dLogits: run.dLogits,
    dHidden: back.hidden[0]!,
    gradients: back.parameters,
  };
}
