// What a user says of a pass, checked.

import { TempogradError } from "../errors";
import type { Schedule } from "../ops/recurrence";
import { architectureOf } from "../parts/architecture";
import type { BatchShape } from "./batch";
import type { NetworkConfig } from "./config";
import { expectKnown, expectSize, expectSwitch, shown } from "./expect";

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
];

/** @throws where an option is unknown, of another type or out of range, or does not go with another. */
export function checkPassOptions(config: NetworkConfig, options: PassOptions): void {
  expectSize("Pass", "steps", options.steps);
  expectSize("Pass", "batch", options.batch);
  expectSize("Pass", "lossCapacity", options.lossCapacity ?? 1);
  expectKnown("Pass", options, passOptions);
  for (const name of switches) expectSwitch("Pass", name, options[name]);
  if (options.trainable !== undefined && !options.gradients && !options.traceGradients) {
    throw new TempogradError(
      "option",
      "Pass: trainable is given for a pass without gradients; leave it out, or set gradients.",
    );
  }
  expectSource(config, options);
  expectOwnLoss(config, options);
  const { layers } = architectureOf(config);
  const bidirectional = layers.some(({ directions }) => directions === 2);
  const projected = layers.some(({ projection }) => projection !== undefined);
  expectSegments({ bidirectional, projected }, options);
  if (projected && options.traceGradients) {
    throw new TempogradError(
      "option",
      "Pass: traceGradients does not go with a projected layer, whose h is not what its sweep goes through; leave one out.",
    );
  }
  expectJoined(projected, options);
  if (projected && bidirectional && options.initialState) {
    throw new TempogradError(
      "option",
      "Pass: initialState does not go with layers that are projected in both directions; leave one out.",
    );
  }
  if (options.carryState && bidirectional) {
    throw new TempogradError("option", "Pass: carryState does not go with a bidirectional network; leave one out.");
  }
  if (![undefined, "fused", "unrolled", "wavefront"].includes(options.schedule)) {
    throw new TempogradError(
      "option",
      `Pass: schedule is ${shown(options.schedule)}, expected "fused", "unrolled" or "wavefront".`,
    );
  }
}

/** @throws unless there are source steps where a network has an encoder, and what goes with it. */
function expectSource(config: NetworkConfig, options: PassOptions): void {
  const { encoder } = architectureOf(config);
  if (!encoder) {
    if (options.sourceSteps === undefined) return;
    throw new TempogradError(
      "option",
      `Pass: sourceSteps is ${shown(options.sourceSteps)}, expected none; the network has no encoder.`,
    );
  }
  expectSize("Pass", "sourceSteps", options.sourceSteps);
  const { carryState, initialState, joined, checkpointEvery, schedule, traceGradients } = options;
  const own = { carryState, initialState, joined };
  const others = { ...own, checkpointEvery, traceGradients, wavefront: schedule === "wavefront" };
  const [other] = given(others);
  if (other) {
    throw new TempogradError(
      "option",
      `Pass: ${other} does not go with an encoder, whose final state is what the layers begin with; leave it out.`,
    );
  }
}

/** The names of what is asked for. */
export const given = (options: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(options).filter((name) => options[name]);

/** @throws where a network without a loss is asked for what needs one. */
function expectOwnLoss(config: NetworkConfig, { weights, checkpointEvery }: PassOptions): void {
  if (architectureOf(config).loss.targets !== "none") return;
  const other = weights ? "weights" : checkpointEvery === undefined ? undefined : "checkpointEvery";
  if (!other) return;
  const why = weights
    ? "whose rows count what is made of them outside"
    : "whose outputs are wanted of all steps at once";
  throw new TempogradError("option", `Pass: ${other} does not go with a network without a loss, ${why}; leave it out.`);
}

/** @throws where `joined` does not go with the rest. */
function expectJoined(projected: boolean, options: PassOptions): void {
  if (!options.joined) return;
  const { initialState, carryState, checkpointEvery, schedule } = options;
  const others = {
    "initialState: the states lie on the GPU, to be copied to": initialState,
    "carryState: each run begins with what it is given": carryState,
    "checkpointEvery, which keeps other states": checkpointEvery,
    'schedule "wavefront", which takes no gradient of states': schedule === "wavefront",
    "a projected layer, whose last state is not what its sweep ends with": projected,
  };
  const [other] = given(others);
  if (other) throw new TempogradError("option", `Pass: joined does not go with ${other}; leave one out.`);
}

/** @throws where `checkpointEvery` does not go with the rest. */
function expectSegments(
  { bidirectional, projected }: { bidirectional: boolean; projected: boolean },
  options: PassOptions,
): void {
  const { checkpointEvery: every, steps, gradients, traceGradients, probabilities } = options;
  if (every === undefined) return;
  expectSize("Pass", "checkpointEvery", every, steps);
  if (steps % every !== 0) {
    throw new TempogradError(
      "option",
      `Pass: checkpointEvery is ${every}, expected a divisor of steps, ${steps}; choose one, or pad the steps.`,
    );
  }
  const [other] = given({
    "a bidirectional network, whose sweeps need all steps at once": bidirectional,
    "a projected layer, whose last state is not what the next segment's sweep begins with": projected,
    ...{ traceGradients, probabilities },
    "a pass without gradients": !gradients,
  });
  if (other) throw new TempogradError("option", `Pass: checkpointEvery does not go with ${other}; leave one out.`);
}

/** The sections that a run leaves out while what an earlier one found not finite still stands: nothing is changed then. */
export const unlatched = "unlatched";

/** The sections of the way forward and of the way back: what is encoded in halves leaves the other out. */
export const forwardHalf = "forward";
export const backwardHalf = "backward";
