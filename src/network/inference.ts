// A network without its loss, for an application's own command encoder and buffers: a step, or a sequence, forward.

import { TempogradError } from "../errors";
import type { Gpu } from "../gpu/device";
import type { Plan } from "../gpu/plan";
import type { Program } from "../gpu/program";
import { eachRun, elements, type PlannedGroup, type PlannedTensor, type Tensor } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { NetworkConfig } from "./config";
import { expectKnown, expectSize, expectSwitch } from "./expect";
import { inputStage } from "./input";
import type { Layer } from "./layer";
import type { Network } from "./network";
import { loadWays, type PassWays } from "./pass-ways";
import { readoutStage } from "./readout";
import { softmax } from "./softmax";
import { createStack, stackForward } from "./stack";
import { stateSpecs } from "./state-specs";
import { clearStates, copiesOf, copyStates, statePlaces, statesIn } from "./states";

/** The size of a run, and what it gives. */
export interface InferenceOptions {
  /** T: time steps of a run. Default 1. */
  steps?: number;
  /** B: sequences side by side. Default 1. */
  batch?: number;
  /** Whether `encode` may bring `lengths`. Default false. */
  lengths?: boolean;
  /** Whether `outputs` gets ŷ = softmax(o) instead of o. Default false. */
  probabilities?: boolean;
}

/** A buffer, or a part of one from a byte on that is a multiple of four. */
export type BufferPlace = GPUBuffer | { readonly buffer: GPUBuffer; readonly offset?: number };

/**
 * An application's buffers: row-major, time-major, four bytes a value, without padding.
 * @example
 * ```ts
 * await network.prepare({ steps: 1, batch: 1 });
 * const { COPY_SRC, COPY_DST } = GPUBufferUsage;
 * const inputs = gpu.device.createBuffer({ size: 4, usage: COPY_SRC | COPY_DST }); // one token
 * const outputs = gpu.device.createBuffer({ size: 4 * vocabulary.size, usage: COPY_SRC | COPY_DST });
 * const encoder = gpu.device.createCommandEncoder();
 * network.encode(encoder, { inputs, outputs });
 * gpu.device.queue.submit([encoder.finish()]);
 * ```
 */
export interface InferenceBuffers {
  /** Features, f32 [steps, batch, inputs], or tokens, i32 [steps, batch]; usage COPY_SRC. Without it, the last ones again. */
  inputs?: BufferPlace;
  /**
   * Where it is prepared with them: i32 [batch], how many steps each sequence has (1 … steps); usage COPY_SRC. Past its end outputs
   * count nothing, and its state is that at its end. Without it, all run for all steps.
   */
  lengths?: BufferPlace;
  /** f32 [steps, batch, outputs], or [batch, outputs] where the last step is read; usage COPY_DST. */
  outputs?: BufferPlace;
  /**
   * f32 [layers, batch, hidden], for an LSTM all h and then all c, of layers of several widths one after the other: read
   * as the state before the first step, and overwritten by the state after the last; usage COPY_SRC and COPY_DST. Without
   * it, each run begins at zero.
   */
  state?: BufferPlace;
}

/** What of an inference's plan is written and read from outside. */
interface InferencePlan {
  readonly inputs: PlannedTensor;
  readonly outputs: PlannedTensor;
  /** i32 [batch], where runs may bring them. */
  readonly lengths: PlannedTensor | undefined;
  readonly layers: readonly Layer[];
}

/** The section that a run leaves out which goes on from a state, and the one of a run that brings lengths. */
const fromZero = "from zero";
const allSteps = "all steps";

/**
 * Lays a network out without its loss.
 * @param ways as `loadWays` answers
 * @param state as `stateSpecs` has it, where a run goes on from the one before.
 * @throws where an option is unknown or out of range.
 */
export function planInference(
  plan: Plan,
  config: NetworkConfig,
  parameters: Readonly<Record<string, PlannedTensor>>,
  options: InferenceOptions,
  ops: PassWays,
  state?: PlannedGroup,
): InferencePlan {
  expectKnown("Network.prepare", options, ["steps", "batch", "lengths", "probabilities"]);
  const { steps = 1, batch = 1, lengths: ragged = false, probabilities = false } = options;
  expectSwitch("Network.prepare", "lengths", ragged);
  expectSize("Network.prepare", "steps", steps);
  expectSize("Network.prepare", "batch", batch);
  const architecture = architectureOf(config);
  const { tokens, width } = architecture.input;
  const inputs =
    tokens === undefined
      ? plan.tensor("inputs", [steps, batch, width])
      : plan.tensor("inputs", [steps, batch], { type: "i32" });
  const lengths = plan.tensor("lengths", [batch], { type: "i32" });
  const full = () => new Int32Array(batch).fill(steps);
  plan.fill(lengths, full);
  if (ragged) {
    const all = plan.tensor("all steps", [batch], { type: "i32" });
    plan.fill(all, full);
    plan.section(allSteps, () => plan.copy(all, lengths, 4 * batch));
  }
  const input = inputStage(plan, architecture, parameters, inputs, ops);
  const shape = { steps, batch, schedule: undefined, ops };
  const layers = createStack(plan, architecture, parameters, input.x, lengths, shape);
  if (state) copyStates(plan, layers, "initial", statesIn(state.tensors));
  else if (isOneWay(layers)) plan.section(fromZero, () => clearStates(plan, layers));
  input.forward();
  stackForward(plan, layers);
  const readout = readoutStage(plan, architecture, parameters, layers.at(-1)!, ops);
  readout.forward();
  const outputs = probabilities ? softmax(plan, readout.logits, lengths) : readout.logits;
  if (state) copyStates(plan, layers, "final", statesIn(state.tensors));
  return { inputs, outputs, lengths: ragged ? lengths : undefined, layers };
}

/** Whether no layer reads from the last step to the first. */
const isOneWay = (layers: readonly Layer[]): boolean => layers.every(({ directions }) => directions.length === 1);

/** A network's forward pass over one shape of inputs. */
export class Inference {
  readonly program: Program;
  /** Where the next run reads: f32 [T, B, I] or i32 [T, B]. */
  readonly inputs: Tensor;
  /** o, or ŷ: [T, B, K] or [B, K] */
  readonly outputs: Tensor;
  readonly #lengths: Tensor | undefined;
  readonly #config: NetworkConfig;
  readonly #layers: readonly Layer[];

  constructor(program: Program, { inputs, outputs, lengths, layers }: InferencePlan, config: NetworkConfig) {
    this.program = program;
    this.#lengths = lengths && program.tensor(lengths);
    this.inputs = program.tensor(inputs);
    this.outputs = program.tensor(outputs);
    this.#config = config;
    this.#layers = layers;
  }

  /** What it lives on. */
  get gpu(): Gpu {
    return this.program.gpu;
  }

  /**
   * Encodes one run: what is given is copied in, the sweeps, and what is wanted copied out.
   * @throws where a buffer is too small, lacks a usage, or is given where it cannot be; nothing is encoded then.
   */
  encode(encoder: GPUCommandEncoder, buffers: InferenceBuffers): void {
    this.program.lifetime.expect("Network.encode");
    expectKnown("Network.encode", buffers, ["inputs", "lengths", "outputs", "state"]);
    const [, batch = 0] = this.#layers[0]!.hidden.shape;
    const states = Object.values(stateSpecs(this.#config, batch));
    const stateBytes = states.reduce((sum, { shape }) => sum + 4 * elements(shape), 0);
    if (buffers.state && !isOneWay(this.#layers)) {
      throw new TempogradError(
        "option",
        "Network.encode: state is given, expected none for a bidirectional network; it reads a sequence whole.",
      );
    }
    if (buffers.lengths && !this.#lengths) {
      throw new TempogradError(
        "option",
        "Network.encode: lengths is given, expected none; prepare with lengths: true.",
      );
    }
    const { COPY_SRC, COPY_DST } = GPUBufferUsage;
    const inputs = placeOf("inputs", buffers.inputs, 4 * elements(this.inputs.shape), { COPY_SRC });
    const lengths = placeOf("lengths", buffers.lengths, 4 * batch, { COPY_SRC });
    const outputs = placeOf("outputs", buffers.outputs, 4 * elements(this.outputs.shape), { COPY_DST });
    const state = placeOf("state", buffers.state, stateBytes, { COPY_SRC, COPY_DST });

    if (inputs) {
      eachRun(this.inputs, (plain, stored, count) => {
        const [from, to] = [inputs.offset + 4 * plain, this.inputs.offset + 4 * stored];
        encoder.copyBufferToBuffer(inputs.buffer, from, this.inputs.buffer, to, 4 * count);
      });
    }
    if (lengths && this.#lengths) {
      const { buffer, offset } = this.#lengths;
      encoder.copyBufferToBuffer(lengths.buffer, lengths.offset, buffer, offset, 4 * batch);
    }
    if (state) this.#copyStates(encoder, "initial", state);
    this.program.encode(encoder, [...(state ? [fromZero] : []), ...(lengths ? [allSteps] : [])]);
    if (outputs) {
      eachRun(this.outputs, (plain, stored, count) => {
        const [from, to] = [this.outputs.offset + 4 * stored, outputs.offset + 4 * plain];
        encoder.copyBufferToBuffer(this.outputs.buffer, from, outputs.buffer, to, 4 * count);
      });
    }
    if (state) this.#copyStates(encoder, "final", state);
  }

  /** Between the sweeps and an application's rows, which are not padded, one state after the other. */
  #copyStates(
    encoder: GPUCommandEncoder,
    end: "initial" | "final",
    { buffer, offset }: { buffer: GPUBuffer; offset: number },
  ): void {
    let start = offset;
    for (const place of statePlaces(this.#layers, end)) {
      const sweep = this.program.tensor(place.tensor).buffer;
      const stride = 4 * place.width;
      const { count, bytes } = copiesOf(place, stride);
      for (let row = 0; row < count; row++) {
        const [here, there] = [place.offset + row * place.stride, start + row * stride];
        if (end === "initial") encoder.copyBufferToBuffer(buffer, there, sweep, here, bytes);
        else encoder.copyBufferToBuffer(sweep, here, buffer, there, bytes);
      }
      start += place.rows * stride;
    }
  }

  /** Frees what was allocated for it. */
  destroy(): void {
    this.program.destroy();
  }

  /** As `destroy`, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** Checks an application's buffer before anything is encoded. */
function placeOf(name: string, place: BufferPlace | undefined, bytes: number, usages: Record<string, number>) {
  if (place === undefined) return undefined;
  const { buffer, offset = 0 } = "buffer" in place ? place : { buffer: place };
  if (!Number.isInteger(offset) || offset < 0 || offset % 4 !== 0) {
    throw new TempogradError(
      "option",
      `Network.encode: ${name}.offset is ${offset}, expected a multiple of 4 from 0 up.`,
    );
  }
  if (offset + bytes > buffer.size) {
    const from = offset > 0 ? ` from byte ${offset} on` : "";
    throw new TempogradError(
      "option",
      `Network.encode: ${name} "${buffer.label}" has ${buffer.size} bytes, expected ${bytes}${from}; make the buffer larger, or prepare fewer steps.`,
    );
  }
  for (const [usage, bit] of Object.entries(usages)) {
    if ((buffer.usage & bit) === 0) {
      throw new TempogradError(
        "option",
        `Network.encode: ${name} "${buffer.label}" lacks the usage ${usage}, expected ${Object.keys(usages).join(" and ")}; create it with them.`,
      );
    }
  }
  return { buffer, offset };
}

/** Of a network, for runs of one shape. @throws as `Network.inference`. */
export async function inferenceOf(network: Network, options: InferenceOptions, operation: string): Promise<Inference> {
  const { gpu, config, programs } = network;
  if (architectureOf(config).encoder) {
    throw new TempogradError(
      "option",
      `${operation}: the network has an encoder, expected none; use generate, or two networks whose state passes from one to the other.`,
    );
  }
  const ways = await loadWays(gpu.traits, config, { steps: 1, batch: 1 }, false);
  const plan = programs.plan(operation);
  const planned = planInference(plan, config, programs.parameters.tensors, options, ways);
  return new Inference(await programs.realise(plan, operation, "inference"), planned, config);
}
