// Predicts again and again, for batches of one size: nothing is allocated after it was made.

import { shown, TempogradError } from "../errors";
import type { Lifetime } from "../gpu/lifetime";
import { readbackBytes, type TypedArray, whole } from "../gpu/tensor";
import { noLoss } from "../losses/loss";
import { classScores } from "../ops/class-scores";
import { finiteCheck } from "../ops/finite-check";
import { architectureOf } from "../parts/architecture";
import { type BatchInputs, onlyRow } from "./batch";
import { type Changes, countOf } from "./changes";
import { checkBatch } from "./check-batch";
import type { NetworkConfig } from "./config";
import { expectKnown, expectSwitch } from "./expect";
import type { Network } from "./network";
import { notFiniteNetwork } from "./not-finite";
import { Pass } from "./pass";
import type { PassOptions } from "./pass-options";
import type { PassPlan } from "./pass-plan";
import type { Prediction } from "./prediction";
import { type Reading, readingOf } from "./reading";
import { softmax } from "./softmax";
import { emptyStates, partsOfStates } from "./state-rows";
import { stateSpecs } from "./state-specs";
import { copyStates, statesIn } from "./states";

/** The section that checks all parameters, once after each change: of a single step it takes as long as the rest. */
const parametersToo = "parameters too";

/** The size of a run, and which states go in and out. */
export interface PredictorOptions {
  /** T: time steps of a run. Default 1. */
  steps?: number | undefined;
  /** B: sequences side by side. Default 1. */
  batch?: number | undefined;
  /** Of a network with an encoder: steps of what that reads. */
  sourceSteps?: number | undefined;
  /** Whether runs may bring an initial state. Default false. */
  initialState?: boolean | undefined;
  /** Whether a run goes on from the states that the last one ended with, until `begin()`. Default false. */
  carryState?: boolean | undefined;
  /** Whether the states that a run ends with are answered. Default false. */
  states?: boolean | undefined;
}

/**
 * A network that was laid out for predictions of one size; `network.predictor` makes it.
 * @example
 * ```ts
 * using predictor = await network.predictor({ carryState: true }); // a step of one sequence
 * for (const token of text.subarray(0, 3)) {
 *   const { classes } = await predictor.run({ inputs: Int32Array.of(token) });
 *   console.log(vocabulary.decode(classes));
 * }
 * ```
 */
export class Predictor<Result extends Prediction = Prediction> {
  readonly options: Readonly<PredictorOptions>;
  readonly #reading: Reading;
  readonly #classes: number | undefined;
  readonly #labels: boolean;
  readonly #found = new Uint32Array(1);
  #own: { readonly result: Result; readonly arrays: readonly TypedArray[] } | undefined;
  readonly #changes: Changes;
  #busy = false;

  /** @param config of the network, with its loss. @param changes of its parameters */
  constructor(reading: Reading, config: NetworkConfig, options: PredictorOptions, changes: Changes) {
    const { loss, readout } = architectureOf(config);
    this.options = options;
    this.#reading = reading;
    this.#changes = changes;
    this.#classes = loss.targets === "classes" ? readout.outputs : undefined;
    this.#labels = loss.targets === "values" && loss.labels === true;
  }

  /** Until it is destroyed, or its network is. */
  get lifetime(): Lifetime {
    return this.#reading.pass.lifetime;
  }

  /** Whether a run is under way. */
  get busy(): boolean {
    return this.#busy;
  }

  /**
   * Predicts of one batch: uploads it, runs, and reads the answer back.
   * @param inputs time-major, of this predictor's size; `lengths` may differ.
   * @param into a result whose arrays take the answer. Without it they are the predictor's own, which its next run overwrites.
   * @returns time-major: [steps, batch, outputs], and classes of cross-entropy [steps, batch]; where the last step is read, of one
   *   step. Past a sequence's end classes are −1, and the rest 0.
   * @throws as `checkBatch`; where another run is under way, `into` does not fit, outputs or parameters are not
   *   finite, the predictor or its network was destroyed, or the device was lost.
   */
  async run(inputs: BatchInputs, into?: Result, operation = "Predictor.run"): Promise<Result> {
    const { pass } = this.#reading;
    this.lifetime.expect(operation);
    if (this.#busy) {
      throw new TempogradError(
        "busy",
        `${operation}: another run is under way, expected one at a time; await it, or look at \`busy\`.`,
      );
    }
    this.#own ??= this.#with(this.newResult());
    const { result, arrays } = into ? this.#with(into, operation) : this.#own;
    pass.write(inputs, 1, operation);
    this.#busy = true;
    const changes = this.#changes;
    const count = countOf(changes);
    try {
      await this.#reading.run(arrays, count === changes.finite ? [parametersToo] : [], operation);
    } finally {
      this.#busy = false;
    }
    if (this.#found[0] !== 0) throw notFiniteNetwork(operation);
    changes.finite = count;
    this.#finish(result, inputs.lengths);
    return result;
  }

  /** Arrays for one answer more, as `run` takes them. */
  newResult(): Result {
    const { steps = 1, batch = 1, states = false } = this.options;
    const { readout } = architectureOf(this.#reading.pass.config);
    const rows = readout.kind === "every-step" ? steps * batch : batch;
    const values = new Float32Array(rows * readout.outputs);
    const classes = () => new Int32Array(this.#classes ? rows : values.length);
    const predicted = this.#classes || this.#labels ? { classes: classes(), probabilities: values } : { values };
    return { ...predicted, ...(states && { states: emptyStates(this.#reading.pass.config, batch) }) } as Result;
  }

  /** Makes the next run the first: where the state is carried, all sequences begin anew. */
  begin(): void {
    this.#reading.pass.begin();
  }

  /** Frees what it allocated; the network stays. */
  destroy(): void {
    this.#reading.pass.destroy();
  }

  /** As `destroy`, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** A result with the arrays that take what is read. @throws where it does not fit. */
  #with(result: Result, operation = "Predictor.run") {
    const { config } = this.#reading.pass;
    const { batch = 1 } = this.options;
    if (this.#own) expectLike(operation, result, this.#own.result);
    const { classes, probabilities, values, states } = result;
    const scores = this.#classes ? [classes!, probabilities!] : [values ?? probabilities!];
    const ends = states ? partsOfStates(config, states, batch) : [];
    return { result, arrays: [this.#found, ...scores, ...ends] };
  }

  /** Makes labels of logits, and takes out what is past a sequence's end. */
  #finish({ classes, probabilities, values }: Prediction, lengths: Int32Array | undefined): void {
    if (this.#labels && classes && probabilities) {
      for (let i = 0; i < probabilities.length; i++) {
        probabilities[i] = 1 / (1 + Math.exp(-probabilities[i]!));
        classes[i] = probabilities[i]! >= 0.5 ? 1 : 0;
      }
    }
    const { steps = 1, batch = 1 } = this.options;
    const { readout } = architectureOf(this.#reading.pass.config);
    if (!lengths || readout.kind === "last-step") return;
    const width = (of: ArrayLike<number>) => of.length / (steps * batch);
    for (let row = 0; row < steps * batch; row++) {
      if (Math.floor(row / batch) < lengths[row % batch]!) continue;
      classes?.fill(-1, row * width(classes), (row + 1) * width(classes));
      for (const of of [probabilities, values]) of?.fill(0, row * width(of), (row + 1) * width(of));
    }
  }
}

/** @throws unless a result has arrays like those of another. */
function expectLike(operation: string, given: Prediction, own: Prediction): void {
  const arraysOf = ({ classes, probabilities, values, states }: Prediction) => {
    const { finalState, finalCellState } = states ?? {};
    return { classes, probabilities, values, "states.finalState": finalState, "states.finalCellState": finalCellState };
  };
  const got = arraysOf(given);
  for (const [name, expected] of Object.entries(arraysOf(own))) {
    const array = got[name as keyof typeof got];
    const typeOf = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1);
    if (typeOf(array) === typeOf(expected) && array?.length === expected?.length) continue;
    const what = array ? `${typeOf(array)} of ${array.length}` : shown(array);
    const like = expected ? `${typeOf(expected)} of ${expected.length}` : "none";
    throw new TempogradError(
      "option",
      `${operation}: into.${name} is ${what}, expected ${like}; take what newResult() makes.`,
    );
  }
}

/** Of a network, which it goes with. @throws as `network.predictor`. */
export async function predictorOf(network: Network, given: PredictorOptions, operation: string): Promise<Predictor> {
  network.lifetime.expect(operation);
  expectKnown(operation, given, ["steps", "batch", "sourceSteps", "initialState", "carryState", "states"]);
  for (const name of ["initialState", "carryState", "states"] as const) expectSwitch(operation, name, given[name]);
  const { programs } = network;
  const { steps = 1, batch = 1, sourceSteps, initialState = false, carryState = false, states = false } = given;
  const options: PassOptions = { steps, batch, sourceSteps, initialState, carryState };
  const config: NetworkConfig = Object.freeze({ ...network.config, loss: noLoss() });
  const planned = await programs.planPass(operation, options, config);
  const tensors = readOf(network, planned, states, batch);
  const staging = planned.plan.buffer("readback", readbackBytes(tensors), "readback");
  const program = await programs.realise(planned.plan, operation, "predictor");
  const pass = new Pass(program, planned, config, options, checkBatch);
  return new Predictor(
    readingOf(pass, { tensors, staging }, operation),
    network.config,
    { ...given },
    programs.changes,
  );
}

/** Puts on a plan what a predictor reads, in the order in which it does. */
function readOf({ config, programs: { parameters } }: Network, planned: PassPlan, states: boolean, batch: number) {
  const { plan, layers } = planned;
  const { logits } = planned.tensors;
  const notFinite = plan.tensor("notFinite", [1], { type: "u32" });
  plan.clear(notFinite, 4);
  plan.section(parametersToo, () => finiteCheck(plan, { tensor: whole(parameters, "parameters"), notFinite }));
  finiteCheck(plan, { tensor: logits, notFinite });
  const final = states ? Object.values(finalStates(planned, config, batch, layers)) : [];
  if (architectureOf(config).loss.targets !== "classes") return [notFinite, logits, ...final];
  const rows = logits.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const choices = plan.tensor("choices", [rows], { type: "i32" });
  classScores(plan, { logits, choices });
  const probabilities = softmax(plan, logits, onlyRow(planned.batch.tensors.lengths!));
  return [notFinite, choices, probabilities, ...final];
}

function finalStates({ plan }: PassPlan, config: NetworkConfig, batch: number, layers: PassPlan["layers"]) {
  const { tensors } = plan.group<string>("final states", stateSpecs(config, batch));
  copyStates(plan, layers, "final", statesIn(tensors));
  return tensors;
}
