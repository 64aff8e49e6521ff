// A network without its loss, for an application's own command encoder and buffers: a step, or a sequence, forward.

import type { Gpu } from "../gpu/device";
import type { Plan } from "../gpu/plan";
import type { Program } from "../gpu/program";
import { elements, matrixOf, type PlannedGroup, type PlannedTensor, type Tensor } from "../gpu/tensor";
import * as scan from "../ops/scan";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy";
import { stateSpecs } from "./batch";
import { directionsOf, expectKnown, expectSize, type NetworkConfig } from "./config";
import type { Layer } from "./layer";
import { outputForward, outputLayer } from "./readout";
import { createStack, stackForward } from "./stack";
import { clearStates, copyAllStates, type StateKind, stateRows } from "./states";

export interface InferenceOptions {
  /** T: time steps of a run. Default 1. */
  steps?: number;
  /** B: sequences side by side. Default 1. */
  batch?: number;
  /** Whether `outputs` gets ŷ = softmax(o) instead of o. Default false. */
  probabilities?: boolean;
}

/** A buffer, or a part of one from a byte on that is a multiple of four. */
export type BufferPlace = GPUBuffer | { readonly buffer: GPUBuffer; readonly offset?: number };

/** An application's buffers: row-major, time-major, four bytes a value, without padding. */
export interface InferenceBuffers {
  /** Features, f32 [steps, batch, inputs], or tokens, i32 [steps, batch]; usage COPY_SRC. Without it, the last ones again. */
  inputs?: BufferPlace;
  /** f32 [steps, batch, outputs], or [batch, outputs] where the last step is read; usage COPY_DST. */
  outputs?: BufferPlace;
  /**
   * f32 [layers, batch, hidden], for an LSTM all h and then all c (of a cell with S states beside h, [layers · S, batch, hidden]): read as the state before the first step, and
   * overwritten by the state after the last; usage COPY_SRC and COPY_DST. Without it, each run begins at zero.
   */
  state?: BufferPlace;
}

/** What of an inference's plan is written and read from outside. */
interface InferencePlan {
  readonly inputs: PlannedTensor;
  readonly outputs: PlannedTensor;
  readonly layers: readonly Layer[];
}

/** The section that a run leaves out which goes on from a state. */
const fromZero = "from zero";

/**
 * Lays a network out without its loss.
 * @param state as `stateSpecs` has it, where a run goes on from the one before.
 * @throws where an option is unknown or out of range.
 */
export function planInference(
  plan: Plan,
  config: NetworkConfig,
  parameters: Readonly<Record<string, PlannedTensor>>,
  options: InferenceOptions = {},
  state?: PlannedGroup,
): InferencePlan {
  expectKnown("Network.prepare", options, ["steps", "batch", "probabilities"]);
  const { steps = 1, batch = 1, probabilities = false } = options;
  expectSize("Network.prepare", "steps", steps);
  expectSize("Network.prepare", "batch", batch);
  const inputs =
    config.input === "tokens"
      ? plan.tensor("inputs", [steps, batch], { type: "i32" })
      : plan.tensor("inputs", [steps, batch, config.inputs]);
  const lengths = plan.tensor("lengths", [batch], { type: "i32" });
  plan.fill(lengths, () => new Int32Array(batch).fill(steps));
  const layers = createStack(plan, config, parameters, inputs, lengths, { steps, batch, schedule: undefined, scan });
  if (state) copyAllStates(plan, layers, "initial", state);
  else if (directionsOf(config) === 1) plan.section(fromZero, () => clearStates(plan, layers));
  stackForward(plan, layers);
  const output = outputLayer(plan, config, parameters, layers.at(-1)!);
  outputForward(plan, output);
  const outputs = probabilities ? softmax(plan, output.logits, lengths) : output.logits;
  if (state) copyAllStates(plan, layers, "final", state);
  return { inputs, outputs, layers };
}

/** A network's forward pass over one shape of inputs. */
export class Inference {
  readonly program: Program;
  /** Where the next run reads: f32 [T, B, I] or i32 [T, B]. */
  readonly inputs: Tensor;
  /** o, or ŷ: [T, B, K] or [B, K] */
  readonly outputs: Tensor;
  readonly #config: NetworkConfig;
  readonly #layers: readonly Layer[];

  constructor(program: Program, { inputs, outputs, layers }: InferencePlan, config: NetworkConfig) {
    this.program = program;
    this.inputs = program.tensor(inputs);
    this.outputs = program.tensor(outputs);
    this.#config = config;
    this.#layers = layers;
  }

  get gpu(): Gpu {
    return this.program.gpu;
  }

  /**
   * Encodes one run: what is given is copied in, the sweeps, and what is wanted copied out.
   * @throws where a buffer is too small, lacks a usage, or is given where it cannot be; nothing is encoded then.
   */
  encode(encoder: GPUCommandEncoder, buffers: InferenceBuffers): void {
    this.program.lifetime.expect("Network.encode");
    expectKnown("Network.encode", buffers, ["inputs", "outputs", "state"]);
    const [, batch = 0] = this.#layers[0]!.hidden.shape;
    const states = stateSpecs(this.#config, batch);
    const hiddenBytes = 4 * elements(states.initialState.shape);
    const stateBytes = Object.values(states).reduce((sum, { shape }) => sum + 4 * elements(shape), 0);
    if (buffers.state && directionsOf(this.#config) === 2) {
      throw new Error(
        "Network.encode: state is given, expected none for a bidirectional network; it reads a sequence whole.",
      );
    }
    const { COPY_SRC, COPY_DST } = GPUBufferUsage;
    const kinds = states.initialCellState ? (["hidden", "cellState"] as const) : (["hidden"] as const);
    const inputs = placeOf("inputs", buffers.inputs, 4 * elements(this.inputs.shape), { COPY_SRC });
    const outputs = placeOf("outputs", buffers.outputs, 4 * elements(this.outputs.shape), { COPY_DST });
    const state = placeOf("state", buffers.state, stateBytes, { COPY_SRC, COPY_DST });
    const copies = (end: "initial" | "final") => {
      for (const [i, kind] of kinds.entries()) {
        if (state) this.#copyState(encoder, kind, end, state.buffer, state.offset + i * hiddenBytes);
      }
    };

    if (inputs) {
      eachRow(this.inputs, (plain, stored, bytes) => {
        const to = this.inputs.offset + stored;
        encoder.copyBufferToBuffer(inputs.buffer, inputs.offset + plain, this.inputs.buffer, to, bytes);
      });
    }
    copies("initial");
    this.program.encode(encoder, state ? [fromZero] : []);
    if (outputs) {
      eachRow(this.outputs, (plain, stored, bytes) => {
        const from = this.outputs.offset + stored;
        encoder.copyBufferToBuffer(this.outputs.buffer, from, outputs.buffer, outputs.offset + plain, bytes);
      });
    }
    copies("final");
  }

  /** Between the sweeps and an application's rows, which are not padded: [L, B, H] from `offset` on. */
  #copyState(
    encoder: GPUCommandEncoder,
    kind: StateKind,
    end: "initial" | "final",
    buffer: GPUBuffer,
    offset: number,
  ): void {
    const rows = stateRows(this.#layers, kind, end, { offset, stride: 4 * this.#config.hidden });
    for (const { tensor, inside, outside, count, bytes } of rows) {
      const sweep = this.program.tensor(tensor).buffer;
      for (let row = 0; row < count; row++) {
        const [here, there] = [inside.offset + row * inside.stride, outside.offset + row * outside.stride];
        if (end === "initial") encoder.copyBufferToBuffer(buffer, there, sweep, here, bytes);
        else encoder.copyBufferToBuffer(sweep, here, buffer, there, bytes);
      }
    }
  }

  destroy(): void {
    this.program.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** ŷ = softmax(o): the loss's kernel, of a loss that counts nothing. */
function softmax(plan: Plan, logits: PlannedTensor, lengths: PlannedTensor): PlannedTensor {
  const rows = logits.shape.slice(0, -1);
  const probabilities = plan.tensor("probabilities", logits.shape);
  const { lossScale } = plan.group("lossScale", { lossScale: { shape: [1] } }, "uniform").tensors;
  const targets = plan.tensor("targets", rows, { type: "i32" });
  const rowLoss = plan.tensor("rowLoss", [elements(rows)]);
  softmaxCrossEntropy(plan, { logits, targets, lengths, lossScale, rowLoss, probabilities });
  return probabilities;
}

/** Checks an application's buffer before anything is encoded. */
function placeOf(name: string, place: BufferPlace | undefined, bytes: number, usages: Record<string, number>) {
  if (place === undefined) return undefined;
  const { buffer, offset = 0 } = "buffer" in place ? place : { buffer: place };
  if (!Number.isInteger(offset) || offset < 0 || offset % 4 !== 0) {
    throw new Error(`Network.encode: ${name}.offset is ${offset}, expected a multiple of 4 from 0 up.`);
  }
  if (offset + bytes > buffer.size) {
    const from = offset > 0 ? ` from byte ${offset} on` : "";
    throw new Error(
      `Network.encode: ${name} "${buffer.label}" has ${buffer.size} bytes, expected ${bytes}${from}; make the buffer larger, or prepare fewer steps.`,
    );
  }
  for (const [usage, bit] of Object.entries(usages)) {
    if ((buffer.usage & bit) === 0) {
      throw new Error(
        `Network.encode: ${name} "${buffer.label}" lacks the usage ${usage}, expected ${Object.keys(usages).join(" and ")}; create it with them.`,
      );
    }
  }
  return { buffer, offset };
}

/** Calls `copy` for each run of bytes that lie side by side both without padding and as a tensor stores them. */
function eachRow(tensor: Tensor, copy: (plain: number, stored: number, bytes: number) => void): void {
  const { rows, width, storedWidth } = matrixOf(tensor);
  if (width === storedWidth) copy(0, 0, 4 * rows * width);
  else for (let row = 0; row < rows; row++) copy(4 * row * width, 4 * row * storedWidth, 4 * width);
}
