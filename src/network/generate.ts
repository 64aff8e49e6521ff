// Writes on: feeds a network its own choices, one token at a time.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { mersenne } from "pure-rand/generator/mersenne";
import { matrixOf, readFloats, writeTensor } from "../gpu/tensor";
import { expectSeed, expectSize } from "./config";
import type { Network } from "./network";

export interface GenerateOptions {
  /** Tokens to begin with, at least one; they are not part of the answer. */
  prompt: ArrayLike<number>;
  /** How many tokens to write. */
  length: number;
  /** Divides the logits: below 1 bolder, above 1 wilder. Default 1. */
  temperature?: number;
  /** Default 1. */
  seed?: number;
}

/**
 * Draws each next token from softmax(o / temperature). One readback a token: for samples, not inside training.
 * @returns the tokens written, `length` of them.
 * @throws where the network does not predict tokens from tokens at every step, or an option is out of range.
 */
export async function generate(network: Network, options: GenerateOptions): Promise<Int32Array> {
  const { prompt, length, temperature = 1, seed = 1 } = options;
  const { gpu, config } = network;
  expectSize("generate", "length", length);
  if (
    config.input !== "tokens" ||
    config.readout !== "every-step" ||
    config.outputs > config.inputs ||
    config.bidirectional
  ) {
    throw new Error(
      `generate: the network reads ${config.inputs} ${config.input} and predicts ${config.outputs} classes at ${config.readout}; expected tokens in and the same tokens out at every step, in one direction.`,
    );
  }
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new Error(`generate: temperature is ${temperature}, expected a finite number above 0.`);
  }
  expectSeed("generate", seed);
  if (prompt.length === 0) throw new Error("generate: prompt is empty, expected at least one token to begin with.");
  for (let i = 0; i < prompt.length; i++) {
    const token = prompt[i]!;
    if (!Number.isInteger(token) || token < 0 || token >= config.inputs) {
      throw new Error(`generate: prompt[${i}] is ${token}, expected a token from 0 to ${config.inputs - 1}.`);
    }
  }
  const pass = await network.pass({ steps: 1, batch: 1, initialState: true });
  try {
    const { layers, cellStates, logits } = pass.tensors;
    const { inputs, initialState, initialCellState } = pass.batch.tensors;
    const row = 4 * matrixOf(layers[0]!).storedWidth; // bytes of h_t, for one sequence
    const random = mersenne(seed);
    const written = new Int32Array(length);
    pass.write({ inputs: Int32Array.of(prompt[0]!), targets: Int32Array.of(-1) });
    for (let i = 0; i < prompt.length + length - 1; i++) {
      const token = i < prompt.length ? prompt[i]! : written[i - prompt.length]!;
      writeTensor(gpu, inputs!, [token]);
      const encoder = gpu.device.createCommandEncoder({ label: "generate" });
      pass.encode(encoder);
      for (const [layer, { buffer }] of layers.entries()) {
        encoder.copyBufferToBuffer(buffer, row, initialState!.buffer, initialState!.offset + layer * row, row);
      }
      for (const [layer, { buffer }] of cellStates.entries()) {
        encoder.copyBufferToBuffer(buffer, row, initialCellState!.buffer, initialCellState!.offset + layer * row, row);
      }
      gpu.device.queue.submit([encoder.finish()]);
      if (i >= prompt.length - 1) {
        written[i - prompt.length + 1] = draw(await readFloats(gpu, logits), temperature, uniformFloat64(random));
      }
    }
    return written;
  } finally {
    pass.destroy();
  }
}

/** The first class whose cumulative probability exceeds `uniform`. */
function draw(logits: Float32Array, temperature: number, uniform: number): number {
  const largest = logits.reduce((most, logit) => Math.max(most, logit));
  const weights = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [k, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return k;
  }
  return weights.length - 1;
}
