// The networks of the page, their parameters, and the sequence that they read.

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import {
  type Batch,
  type BatchShape,
  initialParameters,
  networkConfig,
  type ReferenceParameters,
  type UniformConfig,
} from "../../src/index";
import { maximum } from "../extremes";
import { choices, type Settings } from "./settings";
import { spectralRadius } from "./spectrum";

/** H of the networks whose gradients are shown. */
export const hidden = 16;

/** A network with parameters and a batch to take forward and back. */
export interface Work {
  config: UniformConfig;
  parameters: ReferenceParameters;
  /** Padded to the most steps there may be, so that a network is laid out once. */
  batch: Batch;
  shape: BatchShape;
  /** T of the sequence. */
  steps: number;
}

export const mostSteps = maximum(choices.steps);

const networkOf = (cell: "elman" | "lstm", readout: "last-step" | "every-step", seed = 1) =>
  networkConfig({ cell, inputs: 1, hidden, outputs: 2, input: "features", readout, loss: "cross-entropy", seed });

/** An Elman network that tells at every step which of two signs it was. */
export const teller = (seed?: number) => networkOf("elman", "every-step", seed);

/** One loss, behind the last step: −ln ŷ of the first of two classes. */
export function lastStepWork(cell: "elman" | "lstm", settings: Settings): Work {
  const config = networkOf(cell, "last-step");
  const parameters = drawn(config, settings);
  const bias = parameters["layer0.bias"]!;
  if (cell === "lstm") bias.fill(settings.forget, hidden, 2 * hidden); // gates i f g o
  return { config, parameters, ...sequence(settings, Int32Array.of(0)) };
}

/** A loss at every step: which sign came `distance` steps ago; + before the first one. */
export function everyStepWork(settings: Settings): Work {
  const config = teller();
  const read = signs(settings.seed);
  const targets = Int32Array.from(read, (_, t) => (read[t - settings.distance]! < 0 ? 1 : 0));
  return { config, parameters: drawn(config, settings), ...sequence(settings, targets) };
}

const sequence = ({ steps, input, seed }: Settings, targets: Batch["targets"]) => ({
  batch: { inputs: signs(seed).map((sign) => sign * input), targets, lengths: Int32Array.of(steps) },
  shape: { steps: mostSteps, batch: 1 },
  steps,
});

/** What the seed gives, as float32 holds it, without biases, and with each gate's block of Wʰ scaled to a spectral radius. */
function drawn(config: UniformConfig, { seed, size }: Settings): ReferenceParameters {
  const values = Object.fromEntries(
    [...initialParameters({ ...config, seed })].map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  values["layer0.bias"]!.fill(0);
  const whole = values["layer0.recurrentWeight"]!;
  const gates = whole.length / hidden ** 2;
  for (let gate = 0; gate < gates; gate++) {
    const factor = size / spectralRadius(blockOf(whole, gate));
    for (let row = 0; row < hidden; row++) {
      const from = (row * gates + gate) * hidden;
      for (let i = from; i < from + hidden; i++) whole[i] = Math.fround(whole[i]! * factor);
    }
  }
  return values;
}

/** The block of a gate [H, H] in a weight [H, G·H]. */
export function blockOf(weight: ArrayLike<number>, gate: number): Float64Array {
  const columns = weight.length / hidden;
  return Float64Array.from({ length: hidden ** 2 }, (_, i) => {
    return weight[Math.floor(i / hidden) * columns + gate * hidden + (i % hidden)]!;
  });
}

const signs = (seed: number): Float32Array => {
  const generator = xoroshiro128plus(seed);
  return Float32Array.from({ length: mostSteps }, () => 2 * uniformInt(generator, 0, 1) - 1);
};

/** Streams without end of ±1 [steps, batch, 1], a row each that goes on from batch to batch; to be said is as in `everyStepWork`. */
export function* echoes({ steps, batch, distance, seed }: BatchShape & { distance: number; seed: number }) {
  const generator = xoroshiro128plus(seed);
  const past = new Float32Array(distance * batch).fill(1); // x_{t − d} of each row at t mod d
  for (let t = 0; ; ) {
    const inputs = new Float32Array(steps * batch);
    const targets = new Int32Array(steps * batch);
    for (let at = 0; at < steps * batch; t++) {
      for (let row = 0; row < batch; row++, at++) {
        const slot = (t % distance) * batch + row;
        targets[at] = past[slot]! < 0 ? 1 : 0;
        past[slot] = inputs[at] = 2 * uniformInt(generator, 0, 1) - 1;
      }
    }
    yield { inputs, targets } satisfies Batch;
  }
}
