// Writes on: feeds a network its own choices, one token at a time, all of it on the GPU.

import { expectOptions, shown, TempogradError } from "../errors";
import { expectLiving } from "../gpu/lifetime";
import type { Plan } from "../gpu/plan";
import {
  type PlannedTensor,
  readbackBytes,
  readTensors,
  roundUp,
  type Tensor,
  whole,
  writeTensor,
} from "../gpu/tensor";
import { finiteCheck } from "../ops/finite-check";
import { sample, sampleSettings, settingsSpec } from "../ops/sample";
import { architectureOf } from "../parts/architecture";
import type { Input } from "../parts/inputs";
import { borrow } from "./borrow";
import { expectKnown, expectSeed, expectSize } from "./expect";
import { planInference } from "./inference";
import type { Network } from "./network";
import { notFiniteNetwork } from "./not-finite";
import { loadWays } from "./pass-ways";
import type { States } from "./read-states";
import { emptyStates, expectStates, partsOfStates } from "./state-rows";
import { stateSpecs } from "./state-specs";
import { copyStates, statesIn } from "./states";

/** What is written on, how long, and how boldly. */
export interface GenerateOptions {
  /** Tokens to begin with, at least one; they are not part of the answer. */
  prompt: ArrayLike<number>;
  /** Of a network with an encoder, what that reads first: tokens, or features [steps, inputs]. */
  source?: ArrayLike<number>;
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
  /** Called with the new tokens, a few dozen at a time, as they come. */
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
 * @returns the tokens written, `length` of them.
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
export async function generate(network: Network, options: GenerateOptions): Promise<Int32Array> {
  expectLiving("generate", "network", network, "Network.create");
  expectOptions("generate", options);
  const { prompt, source, initialState, length, temperature = 1, topK = 0, seed = 1, onTokens, signal } = options;
  const { gpu, config } = network;
  checkOptions(network, options);
  signal?.throwIfAborted();
  const all = prompt.length + length;
  const room = roundUp(all, roomOf);
  return borrow(
    network,
    `generate ${room}, ${source?.length ?? 0}`,
    () => writerOf(network, room, source?.length ?? 0),
    async (writer) => {
      const { program, tokens, notFinite, staging } = writer;
      writer.begin(prompt, source ?? [], initialState, {
        temperature,
        topK: Math.min(topK, architectureOf(config).readout.outputs),
        seed,
        prompt: prompt.length,
        room: all,
      });
      const written = new Int32Array(length);
      let streamed = prompt.length;
      const read = async (end: number) => {
        const news = slice(tokens, streamed, end);
        const [values, found] = await readTensors(gpu, [news, notFinite], "generate", staging);
        if (found![0] !== 0) throw notFiniteNetwork("generate");
        written.set(values!, streamed - prompt.length);
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
      return written;
    },
  );
}

/** Places for tokens come by so many, so that texts of about the same length share a program. */
const roomOf = 4096;

/** The section of what is done before the first token alone. */
const first = "first";

/** A step of the network that reads what the one before it wrote. */
async function writerOf(network: Network, room: number, sourceLength: number) {
  const { gpu, config } = network;
  const { parameters } = network.programs;
  const plan = network.programs.plan("generate");
  const { settings } = plan.group("settings", { settings: settingsSpec }, "uniform").tensors;
  const tokens = plan.tensor("tokens", [room], { type: "i32" });
  const position = plan.tensor("position", [1], { type: "u32" });
  const notFinite = plan.tensor("notFinite", [1], { type: "u32" });
  const staging = plan.buffer("readback", readbackBytes([tokens, notFinite]), "readback");
  const state = plan.group<string>("state", stateSpecs(config, 1));
  const ways = await loadWays(gpu.traits, config, { steps: 1, batch: 1 }, false);
  const { encoder } = architectureOf(config);
  const source = encoder && sourceOf(plan, encoder.input, sourceLength);
  plan.section(first, () => {
    for (const { buffer } of [position, notFinite]) plan.clear({ buffer, offset: 0 }, buffer.size);
    finiteCheck(plan, { tensor: whole(parameters, "parameters"), notFinite });
    if (!encoder || !source) return;
    const { encoders } = ways;
    const options = { steps: 1, sourceSteps: source.shape[0]!, batch: 1 };
    const batch = { source, sourceLengths: plan.tensor("sourceLengths", [1], { type: "i32" }) };
    const reads = encoders!.encoding({ plan, parameters: parameters.tensors, options, batch, ways }, encoder);
    reads.read();
    const given = statesIn(state.tensors);
    copyStates(plan, reads.layers, "final", (name) => given(name.slice(encoder.prefix.length)));
  });
  const { inputs, outputs } = planInference(plan, config, parameters.tensors, {}, ways, state);
  const logits = { ...outputs, shape: [1, architectureOf(config).readout.outputs] };
  sample(plan, { logits, settings, position, tokens, next: inputs, notFinite });
  const program = await network.programs.realise(plan, "generate", "generation");
  const own = { settings: program.tensor(settings), tokens: program.tensor(tokens), next: program.tensor(inputs) };
  const states = Object.values(program.group(state).tensors);
  const real = { ...own, source: source && program.tensor(source) };
  return {
    program,
    tokens: real.tokens,
    notFinite: program.tensor(notFinite),
    staging: program.buffer(staging),
    /** Puts there what is to be written on. */
    begin(
      prompt: ArrayLike<number>,
      read: ArrayLike<number>,
      initial: States | undefined,
      how: Parameters<typeof sampleSettings>[0],
    ): void {
      const given = partsOfStates(config, initial ?? emptyStates(config, 1), 1);
      for (const [i, tensor] of states.entries()) writeTensor(gpu, tensor, given[i]!);
      if (real.source) writeTensor(gpu, real.source, read);
      writeTensor(gpu, real.settings, sampleSettings(how));
      writeTensor(gpu, slice(real.tokens, 0, prompt.length), prompt);
      writeTensor(gpu, real.next, [prompt[0]!]);
    },
    destroy: () => program.destroy(),
  };
}

/** Where an encoder reads. */
const sourceOf = (plan: Plan, { tokens, width }: Input, length: number): PlannedTensor =>
  tokens === undefined
    ? plan.tensor("source", [length / width, 1, width])
    : plan.tensor("source", [length, 1], { type: "i32" });

/** The tokens from one place up to another. */
const slice = (tokens: Tensor, from: number, to: number): Tensor => ({
  ...tokens,
  ...{ shape: [to - from], offset: tokens.offset + 4 * from, size: 4 * (to - from) },
});

function checkOptions({ config }: Network, options: GenerateOptions): void {
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
  expectSource(encoder?.input, options.source);
  if (options.initialState) {
    if (encoder) {
      const expected = "none; the network has an encoder, which gives it";
      throw new TempogradError("option", `generate: initialState is given, expected ${expected}.`);
    }
    expectStates("generate", "initialState", config, options.initialState);
  }
  if (!(prompt?.length > 0))
    throw new TempogradError(
      "batch",
      `generate: prompt is ${prompt ? "empty" : shown(prompt)}, expected at least one token to begin with.`,
    );
  for (let i = 0; i < prompt.length; i++) {
    const token = prompt[i]!;
    if (!Number.isInteger(token) || token < 0 || token >= tokens) {
      throw new TempogradError(
        "batch",
        `generate: prompt[${i}] is ${token}, expected a token from 0 to ${tokens - 1}.`,
      );
    }
  }
}

/** @throws unless a source is given where there is an encoder, and is what that reads. */
function expectSource(input: Input | undefined, source: ArrayLike<number> | undefined): void {
  if (!input) {
    if (source === undefined) return;
    throw new TempogradError("batch", "generate: source is given, expected none; the network has no encoder.");
  }
  const { tokens, width } = input;
  const multiple = tokens === undefined ? width : 1;
  const length = source?.length ?? 0;
  if (!source || length === 0 || length % multiple !== 0) {
    const expected = tokens === undefined ? `features of ${width} a step, for one step or more` : "one token or more";
    throw new TempogradError(
      "batch",
      `generate: source has ${length} values, expected ${expected}; give what the encoder is to read.`,
    );
  }
  for (let i = 0; i < length; i++) {
    const value = source[i]!;
    if (tokens === undefined ? Number.isFinite(value) : Number.isInteger(value) && value >= 0 && value < tokens)
      continue;
    const expected = tokens === undefined ? "a finite number" : `a token from 0 to ${tokens - 1}`;
    throw new TempogradError("batch", `generate: source[${i}] is ${value}, expected ${expected}.`);
  }
}
