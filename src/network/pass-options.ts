// What a user says of a pass, checked.

import { shown, TempogradError } from "../errors";
import type { DeviceTraits } from "../gpu/traits";
import type { Schedule } from "../ops/recurrence";
import { architectureOf } from "../parts/architecture";
import type { BatchShape } from "./batch";
import type { NetworkConfig } from "./config";
import { expectKnown, expectSize, expectSwitch } from "./expect";

/**
 * In what numbers a pass computes. `mixed`: what steps leave, what passes back between layers and the weights that products
 * read are stored in half precision; sums, states beside h, the loss, parameters and their gradients are in single.
 */
export type Precision = "single" | "mixed";

export interface PassOptions extends BatchShape {
  /** How the recurrences are dispatched; without it, as `openGpu`'s tuning says, by default "fused" where the device can. */
  schedule?: Schedule | undefined;
  /** Compute ŷ = softmax(o). */
  probabilities?: boolean;
  /** Go back through time: gradients of all parameters. */
  gradients?: boolean;
  /** Gradients, and with them dL/dh_t by all paths, and dL/dx_t (for tokens, of the one-hot x). */
  traceGradients?: boolean;
  /**
   * Gradients of these parameters alone: names, or how they begin, such as "layer1.". Default all. What only others need is
   * not computed.
   */
  trainable?: readonly string[] | undefined;
  /** Drop out between layers, as the network's `dropout` says. */
  training?: boolean;
  /** How many losses are kept on the GPU. Default 1. */
  lossCapacity?: number;
  /**
   * For gradients through long sequences: keep the states of every k-th step alone, k a divisor of `steps`, and compute
   * the steps between again on the way back. The same gradients; k steps' memory, and a third more time. What is read of
   * every step, `layers`, `hidden`, `cellStates`, `logits` and `dLogits`, is then of the first k steps.
   */
  checkpointEvery?: number | undefined;
  /**
   * Whether its states are joints between passes: it begins with what `initialState` holds on the GPU, leaves in `finalState`
   * what it ends with and, with gradients, takes dL/d(final states) from `dFinalState` and leaves `dInitialState`.
   */
  joined?: boolean;
  /**
   * Whether x_t are made outside, on the GPU, for a network that reads features: batches bring none. A run reads what
   * `tensors.inputs` [T, B, I] holds, zero unless written, and with gradients leaves dL/dx_t in `tensors.dInputs`, alike. A row
   * is stored in a multiple of four numbers, what is beyond I zero: leave it so.
   */
  ownInputs?: boolean;
  /**
   * Default "single". "mixed", on devices with half precision: half of the memory of what steps leave, and weights that stand
   * still of wider layers. The way back is scaled, gradients are not: by `tensors.lossScaling`, whose first number a trainer
   * adapts; in a pass alone it stays, and where gradients overflow, `notFinite` tells.
   */
  precision?: Precision | undefined;
}

const switches = [
  "initialState",
  "weights",
  "carryState",
  "probabilities",
  "gradients",
  "traceGradients",
  "training",
  "joined",
  "ownInputs",
] as const satisfies readonly (keyof PassOptions)[];

const passOptions: readonly (keyof PassOptions)[] = [
  "steps",
  "batch",
  ...switches,
  "sourceSteps",
  "trainable",
  "schedule",
  "lossCapacity",
  "checkpointEvery",
  "precision",
];

/** What of a pass and its network may not go with something else. */
function traitsOf(config: NetworkConfig, options: PassOptions) {
  const { input, encoder, layers, readout, loss } = architectureOf(config);
  const bidirectional = layers.some(({ directions }) => directions === 2);
  const projected = layers.some(({ projection }) => projection !== undefined);
  const { weights, initialState, carryState, joined, ownInputs, probabilities, gradients, traceGradients } = options;
  return {
    ...{ weights, initialState, carryState, joined, ownInputs, probabilities, traceGradients },
    trainable: options.trainable !== undefined,
    checkpointEvery: options.checkpointEvery !== undefined,
    'schedule "wavefront"': options.schedule === "wavefront",
    'precision "mixed"': options.precision === "mixed",
    "a pass without gradients": !gradients && !traceGradients,
    "an encoder": encoder !== undefined,
    "an input of tokens": input.tokens !== undefined,
    "a network without a loss": loss.targets === "none",
    "a readout of hidden states": readout.bare,
    "an adaptive readout": readout.clusters !== undefined,
    "gradients of an adaptive readout": readout.clusters !== undefined && Boolean(gradients || traceGradients),
    "a bidirectional network": bidirectional,
    "a projected layer": projected,
    "layers that are projected in both directions": projected && bidirectional,
  };
}

type Trait = keyof ReturnType<typeof traitsOf>;

const atFirst = "whose final state is what the layers begin with"; // of an encoder

const single = "which is computed in single precision alone";

/** What does not go with what, and why. */
const clashes: readonly (readonly [Trait, Trait, why?: string])[] = [
  ["carryState", "an encoder", atFirst],
  ["initialState", "an encoder", atFirst],
  ["joined", "an encoder", atFirst],
  ["checkpointEvery", "an encoder", atFirst],
  ["traceGradients", "an encoder", atFirst],
  ['schedule "wavefront"', "an encoder", atFirst],
  ["weights", "a network without a loss", "whose rows count what is made of them outside"],
  ["checkpointEvery", "a network without a loss", "whose outputs are wanted of all steps at once"],
  ["trainable", "a pass without gradients"],
  ["checkpointEvery", "a bidirectional network", "whose sweeps need all steps at once"],
  ["checkpointEvery", "a projected layer", "whose last state is not what the next segment's sweep begins with"],
  ["checkpointEvery", "traceGradients"],
  ["checkpointEvery", "probabilities"],
  ["checkpointEvery", "a pass without gradients"],
  ["traceGradients", "a projected layer", "whose h is not what its sweep goes through"],
  ["joined", "initialState", "as the states lie on the GPU, to be copied to"],
  ["joined", "carryState", "as each run begins with what it is given"],
  ["joined", "checkpointEvery", "which keeps other states"],
  ["joined", 'schedule "wavefront"', "which takes no gradient of states"],
  ["joined", "a projected layer", "whose last state is not what its sweep ends with"],
  ["ownInputs", "an encoder", "which has an input beside"],
  ["ownInputs", "an input of tokens", "which are no numbers to be differentiated by"],
  ["ownInputs", "checkpointEvery", "which reads a batch in segments"],
  ['precision "mixed"', 'schedule "wavefront"', single],
  ['precision "mixed"', "checkpointEvery", single],
  ['precision "mixed"', "joined", "whose states and gradients are taken as they are"],
  ['precision "mixed"', "ownInputs", "whose gradients are taken as they are"],
  ['precision "mixed"', "traceGradients", "whose gradients are read as they are"],
  ['precision "mixed"', "an encoder", single],
  ['precision "mixed"', "a projected layer", single],
  ['precision "mixed"', "a network without a loss", "whose gradients are made outside"],
  ['precision "mixed"', "a readout of hidden states", "which are read as they are"],
  ['precision "mixed"', "an adaptive readout", single],
  ["checkpointEvery", "an adaptive readout", "whose rows are sorted by their targets of all steps at once"],
  ["probabilities", "gradients of an adaptive readout", "which computes no other outputs than targets ask for"],
  ["initialState", "layers that are projected in both directions"],
  ["carryState", "a bidirectional network"],
];

/** @throws where an option is unknown, of another type or out of range, or does not go with another or the device. */
export function checkPassOptions(
  config: NetworkConfig,
  options: PassOptions,
  { f16 }: Pick<DeviceTraits, "f16"> = { f16: true },
): void {
  const { steps, batch, lossCapacity = 1, schedule, precision } = options;
  expectSize("Pass", "steps", steps);
  expectSize("Pass", "batch", batch);
  expectSize("Pass", "lossCapacity", lossCapacity);
  expectKnown("Pass", options, passOptions);
  for (const name of switches) expectSwitch("Pass", name, options[name]);
  if (![undefined, "fused", "unrolled", "wavefront"].includes(schedule)) {
    throw new TempogradError(
      "option",
      `Pass: schedule is ${shown(schedule)}, expected "fused", "unrolled" or "wavefront".`,
    );
  }
  if (![undefined, "single", "mixed"].includes(precision)) {
    throw new TempogradError("option", `Pass: precision is ${shown(precision)}, expected "single" or "mixed".`);
  }
  if (precision === "mixed" && !f16) {
    throw new TempogradError(
      "option",
      'Pass: precision is "mixed" on a device without the feature "shader-f16", expected one with it; ask for it where you make the device yourself and its adapter has it, else leave precision out.',
    );
  }
  expectSource(config, options);
  const traits = traitsOf(config, options);
  const clash = clashes.find(([one, other]) => traits[one] && traits[other]);
  if (clash) {
    const [one, other, why] = clash;
    throw new TempogradError(
      "option",
      `Pass: ${one} does not go with ${other}${why ? `, ${why}` : ""}; leave one out.`,
    );
  }
  expectSegments(options);
}

/** @throws unless there are source steps where a network has an encoder, and there alone. */
function expectSource(config: NetworkConfig, { sourceSteps }: PassOptions): void {
  if (architectureOf(config).encoder) {
    expectSize("Pass", "sourceSteps", sourceSteps);
  } else if (sourceSteps !== undefined) {
    throw new TempogradError(
      "option",
      `Pass: sourceSteps is ${shown(sourceSteps)}, expected none; the network has no encoder.`,
    );
  }
}

/** @throws unless segments cover the steps. */
function expectSegments({ checkpointEvery: every, steps }: PassOptions): void {
  if (every === undefined) return;
  expectSize("Pass", "checkpointEvery", every, steps);
  if (steps % every === 0) return;
  throw new TempogradError(
    "option",
    `Pass: checkpointEvery is ${every}, expected a divisor of steps, ${steps}; choose one, or pad the steps.`,
  );
}
