// A network without its loss, for an application's own command encoder and buffers: a step, or a sequence, forward.

import type { Gpu } from "../gpu/device";
import type { Plan } from "../gpu/plan";
import { createTensors, elements, matrixOf, storageUsage, type Tensor } from "../gpu/tensor";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy";
import { stateSpecs } from "./batch";
import { directionsOf, expectKnown, expectSize, type NetworkConfig } from "./config";
import type { Layer } from "./layer";
import { outputForward, outputLayer } from "./readout";
import { createStack, stackForward } from "./stack";
import { clearStates, copyStates } from "./states";

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
   * f32 [layers, batch, hidden], for an LSTM all h and then all c: read as the state before the first step, and
   * overwritten by the state after the last; usage COPY_SRC and COPY_DST. Without it, each run begins at zero.
   */
  state?: BufferPlace;
}

/** A network's forward pass over one shape of inputs. */
export class Inference {
  readonly plan: Plan;
  /** Where the next run reads: f32 [T, B, I] or i32 [T, B]. */
  readonly inputs: Tensor;
  /** o, or ŷ: [T, B, K] or [B, K] */
  readonly outputs: Tensor;
  readonly #config: NetworkConfig;
  readonly #layers: readonly Layer[];

  /** @param plan empty; the caller compiles it, and destroys it where this throws. */
  constructor(
    plan: Plan,
    config: NetworkConfig,
    parameters: Readonly<Record<string, Tensor>>,
    options: InferenceOptions = {},
  ) {
    expectKnown("Network.prepare", options, ["steps", "batch", "probabilities"]);
    const { steps = 1, batch = 1, probabilities = false } = options;
    expectSize("Network.prepare", "steps", steps);
    expectSize("Network.prepare", "batch", batch);
    const { gpu } = plan;
    this.plan = plan;
    this.#config = config;
    this.inputs =
      config.input === "tokens"
        ? plan.tensor("inputs", [steps, batch], { type: "i32" })
        : plan.tensor("inputs", [steps, batch, config.inputs]);
    const lengths = plan.tensor("lengths", [batch], { type: "i32" });
    gpu.write(lengths.buffer, lengths.offset, () => new Int32Array(batch).fill(steps), "Network.prepare");
    this.#layers = createStack(plan, config, parameters, this.inputs, lengths, { steps, batch, schedule: undefined });
    stackForward(plan, this.#layers);
    const output = outputLayer(plan, config, parameters, this.#layers.at(-1)!);
    outputForward(plan, output);
    this.outputs = probabilities ? softmax(plan, output.logits, lengths) : output.logits;
  }

  get gpu(): Gpu {
    return this.plan.gpu;
  }

  /**
   * Encodes one run: what is given is copied in, the sweeps, and what is wanted copied out.
   * @throws where a buffer is too small, lacks a usage, or is given where it cannot be; nothing is encoded then.
   */
  encode(encoder: GPUCommandEncoder, buffers: InferenceBuffers): void {
    this.plan.lifetime.expect("Network.encode");
    expectKnown("Network.encode", buffers, ["inputs", "outputs", "state"]);
    const { hidden } = this.#config;
    const [, batch = 0] = this.#layers[0]!.hidden.shape;
    const states = stateSpecs(this.#config, batch);
    const stateBytes = 4 * elements(states.initialState.shape);
    if (buffers.state && directionsOf(this.#config) === 2) {
      throw new Error(
        "Network.encode: state is given, expected none for a bidirectional network; it reads a sequence whole.",
      );
    }
    const { COPY_SRC, COPY_DST } = GPUBufferUsage;
    const kinds = states.initialCellState ? (["hidden", "cellState"] as const) : (["hidden"] as const);
    const inputs = placeOf("inputs", buffers.inputs, 4 * elements(this.inputs.shape), { COPY_SRC });
    const outputs = placeOf("outputs", buffers.outputs, 4 * elements(this.outputs.shape), { COPY_DST });
    const state = placeOf("state", buffers.state, kinds.length * stateBytes, { COPY_SRC, COPY_DST });
    const copies = (end: "initial" | "final") => {
      for (const [i, kind] of kinds.entries()) {
        if (!state) continue;
        const rows = { buffer: state.buffer, offset: state.offset + i * stateBytes, stride: 4 * hidden };
        copyStates(encoder, this.#layers, kind, end, rows);
      }
    };

    if (inputs) {
      eachRow(this.inputs, (plain, stored, bytes) => {
        const to = this.inputs.offset + stored;
        encoder.copyBufferToBuffer(inputs.buffer, inputs.offset + plain, this.inputs.buffer, to, bytes);
      });
    }
    if (state) copies("initial");
    else if (directionsOf(this.#config) === 1) clearStates(encoder, this.#layers);
    const pass = encoder.beginComputePass({ label: "network" });
    this.plan.encode(pass);
    pass.end();
    if (outputs) {
      eachRow(this.outputs, (plain, stored, bytes) => {
        const from = this.outputs.offset + stored;
        encoder.copyBufferToBuffer(this.outputs.buffer, from, outputs.buffer, outputs.offset + plain, bytes);
      });
    }
    copies("final");
  }

  destroy(): void {
    this.plan.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** ŷ = softmax(o): the loss's kernel, of a loss that counts nothing. */
function softmax(plan: Plan, logits: Tensor, lengths: Tensor): Tensor {
  const rows = logits.shape.slice(0, -1);
  const probabilities = plan.tensor("probabilities", logits.shape);
  const usage = storageUsage() | GPUBufferUsage.UNIFORM;
  const { lossScale } = plan.own(createTensors(plan.gpu, "lossScale", { lossScale: { shape: [1] } }, usage)).tensors;
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
