// Writes on: feeds a network its own choices, one token at a time, all of it on the GPU.

import { expectOptions, shown, TempogradError } from "../errors";
import { expectLiving } from "../gpu/lifetime";
import { readTensors, roundUp } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { Input } from "../parts/inputs";
import { borrow } from "./borrow";
import { roundedSize, sideBySide } from "./columns";
import { expectKnown, expectSeed, expectSize } from "./expect";
import type { Network } from "./network";
import { notFiniteNetwork } from "./not-finite";
import type { States } from "./read-states";
import { expectStates } from "./state-rows";
import { first, writerOf } from "./writer";

/** What is written on, how long, and how boldly. */
export interface GenerateOptions<Source = ArrayLike<number>> {
  /** Tokens to begin with, at least one; they are not part of the answer. */
  prompt: ArrayLike<number>;
  /** Of a network with an encoder, what that reads first: tokens, or features [steps, inputs]. Or a list of such, of any lengths. */
  source?: Source;
  /** What the layers begin with before the prompt, as a sequence ended: `states` of `predict`. Without it, zero; of an encoder its own. */
  initialState?: States;
  /** How many tokens to write. */
  length: number;
  /** Divides the logits: below 1 bolder, above 1 wilder. Default 1. */
  temperature?: number;
  /** Choose among this many of the likeliest tokens; 1 always takes the likeliest. Without it, among all. */
  topK?: number;
  /** The same seed writes the same text. Default 1. */
  seed?: number;
  /** Called with the new tokens, a few dozen at a time, as they come; not of a list of sources. */
  onTokens?: (tokens: Int32Array) => void;
  /** Gives up writing. */
  signal?: AbortSignal;
}

/** Beyond these the shader's float32 quotients overflow, or all vanish. */
const leastTemperature = 1e-30;
const mostTemperature = 1e30;

/** Tokens of a submit: long ones get a device reset on some systems. */
const tokensPerSubmit = 32;

/**
 * Draws each next token from softmax(o / temperature). One readback for all; with `onTokens`, one for a few dozen.
 * Of a list of sources, up to 32 are answered side by side, each as if alone: with the same prompt and the same seed.
 * @returns the tokens written, `length` of them; of a list of sources a list, one for each.
 * @throws where the network does not predict tokens from tokens at every step, an option is out of range, parameters or
 *   logits are not finite, the network was destroyed, the device was lost or has no room; or `signal`'s reason.
 * @example
 * ```ts
 * import { generate } from "tempograd";
 *
 * const tokens = await generate(network, { prompt: vocabulary.encode("to "), length: 20, temperature: 0.8, seed: 1 });
 * console.log(vocabulary.decode(tokens));
 * ```
 */
export function generate(network: Network, options: GenerateOptions): Promise<Int32Array>;
export function generate(
  network: Network,
  options: GenerateOptions<readonly ArrayLike<number>[]>,
): Promise<Int32Array[]>;
export async function generate(
  network: Network,
  options: GenerateOptions<ArrayLike<number> | readonly ArrayLike<number>[]>,
): Promise<Int32Array | Int32Array[]> {
  expectLiving("generate", "network", network, "Network.create");
  expectOptions("generate", options);
  const { source } = options;
  const several = isList(source);
  const sources: readonly ArrayLike<number>[] = several ? source : [source ?? []];
  checkOptions(network, options);
  const { tokens, width = 1 } = architectureOf(network.config).encoder?.input ?? {};
  const longest = sources.reduce((most, { length }) => Math.max(most, length), 0);
  const sourceSteps = roundedSize(longest / (tokens === undefined ? width : 1));
  const batch = Math.min(sideBySide, roundedSize(sources.length));
  let answers: Int32Array[] = [];
  for (let at = 0; at < sources.length; at += batch) {
    answers = answers.concat(await written(network, sources.slice(at, at + batch), { batch, sourceSteps }, options));
  }
  return several ? answers : answers[0]!;
}

const isList = (source: unknown): source is readonly ArrayLike<number>[] =>
  Array.isArray(source) && source.length > 0 && typeof source[0] !== "number";

/** Of each source the tokens that follow. */
async function written(
  network: Network,
  sources: readonly ArrayLike<number>[],
  { batch, sourceSteps }: { batch: number; sourceSteps: number },
  { prompt, length, initialState, temperature = 1, topK = 0, seed = 1, onTokens, signal }: GenerateOptions<unknown>,
): Promise<Int32Array[]> {
  const { gpu, config } = network;
  signal?.throwIfAborted();
  const all = prompt.length + length;
  const room = roundUp(all, roomOf);
  return borrow(
    network,
    `generate ${batch}, ${room}, ${sourceSteps}`,
    () => writerOf(network, { batch, room, sourceSteps }),
    async (writer) => {
      const { program, tokens, notFinite, staging } = writer;
      const { outputs } = architectureOf(config).readout;
      writer.begin(prompt, sources, initialState, { temperature, topK: Math.min(topK, outputs), seed, room: all });
      const answers = sources.map(() => new Int32Array(length));
      let streamed = prompt.length;
      const read = async (end: number) => {
        const [values, found] = await readTensors(gpu, [tokens(streamed, end), notFinite], "generate", staging);
        if (found![0] !== 0) throw notFiniteNetwork("generate");
        for (const [row, answer] of answers.entries()) {
          for (let at = streamed; at < end; at++) answer[at - prompt.length] = values![(at - streamed) * batch + row]!;
        }
        streamed = end;
        return values as Int32Array;
      };
      for (let done = 0; done < all - 1; ) {
        signal?.throwIfAborted();
        program.lifetime.expect("generate");
        const end = Math.min(all - 1, done + tokensPerSubmit);
        const { errors } = gpu.scoped(() => {
          const encoder = gpu.device.createCommandEncoder({ label: "generate" });
          for (; done < end; done++) program.encode(encoder, done === 0 ? [] : [first]);
          gpu.device.queue.submit([encoder.finish()]);
        });
        await gpu.expectNone("generate", errors);
        if (onTokens && done >= streamed) onTokens(await read(done + 1));
        else await gpu.answered("generate", gpu.device.queue.onSubmittedWorkDone()); // at most a submit ahead of the device
      }
      if (streamed < all) await read(all);
      return answers;
    },
  );
}

/** Places for tokens come by so many, so that texts of about the same length share a program. */
const roomOf = 4096;

function checkOptions({ config }: Network, options: GenerateOptions<unknown>): void {
  const { prompt, length, temperature = 1, topK = 0, seed = 1 } = options;
  expectKnown("generate", options, [
    "prompt",
    "source",
    "initialState",
    "length",
    "temperature",
    "topK",
    "seed",
    "onTokens",
    "signal",
  ]);
  expectSize("generate", "length", length);
  const { input, layers, readout, loss } = architectureOf(config);
  const { tokens = 0 } = input;
  const oneWay = layers.every(({ directions }) => directions === 1);
  const writes = loss.targets === "classes" && readout.kind === "every-step";
  if (tokens < readout.outputs || !writes || !oneWay) {
    throw new TempogradError(
      "option",
      `generate: the network reads ${tokens || input.width} ${input.kind} and predicts ${readout.outputs} outputs at ${readout.kind} by ${loss.name}; expected tokens in and the same tokens out at every step by cross-entropy, in one direction.`,
    );
  }
  if (!(temperature >= leastTemperature && temperature <= mostTemperature)) {
    throw new TempogradError(
      "option",
      `generate: temperature is ${shown(temperature)}, expected a number from ${leastTemperature} to ${mostTemperature}; topK 1 always takes the likeliest.`,
    );
  }
  if (options.topK !== undefined) expectSize("generate", "topK", topK);
  expectSeed("generate", seed);
  const { encoder } = architectureOf(config);
  const none = (name: "source" | "onTokens" | "initialState", why: string) => {
    if (options[name] === undefined) return;
    const code = name === "source" ? "batch" : "option";
    throw new TempogradError(code, `generate: ${name} is given, expected none; ${why}.`);
  };
  const { source } = options;
  const several = isList(source);
  if (several) none("onTokens", "ask for one source after the other");
  if (encoder) {
    none("initialState", "the network has an encoder, which gives it");
    const sources = several ? source : [source as ArrayLike<number>];
    for (const [i, one] of sources.entries()) expectTokens(several ? `source[${i}]` : "source", encoder.input, one);
  } else none("source", "the network has no encoder");
  if (options.initialState) expectStates("generate", "initialState", config, options.initialState);
  expectTokens("prompt", input, prompt);
}

/** @throws unless these are what an input reads, for one step or more. */
function expectTokens(name: string, { tokens, width }: Input, given: ArrayLike<number> | undefined): void {
  const length = given?.length ?? 0;
  const [steps, one] =
    tokens === undefined
      ? [length / width, `a finite number, ${width} a step`]
      : [length, `a token from 0 to ${tokens - 1}`];
  if (length === 0 || !Number.isInteger(steps)) {
    const got = length === 0 ? "is empty" : `has ${length} values`;
    throw new TempogradError("batch", `generate: ${name} ${got}, expected one step or more, each ${one}; give it.`);
  }
  for (let i = 0; i < length; i++) {
    const value = given![i]!;
    if (tokens === undefined ? Number.isFinite(value) : Number.isInteger(value) && value >= 0 && value < tokens)
      continue;
    throw new TempogradError("batch", `generate: ${name}[${i}] is ${value}, expected ${one}.`);
  }
}
