// A pass: a network laid out over a batch of one size, forward to the loss and, where wanted, back through time.

import type { Gpu } from "../gpu/device";
import type { Plan } from "../gpu/plan";
import { createTensors, roundUp, storageUsage, type Tensor, type TensorGroup, type TensorSpec } from "../gpu/tensor";
import { lossRecord } from "../ops/loss-record";
import type { View } from "../ops/matmul";
import { fusedFits, type Schedule } from "../ops/recurrence";
import { type Batch, BatchPacker, type BatchShape, batchSpecs, checkBatch } from "./batch";
import { cellOf } from "./cells";
import { expectKnown, expectSize, type NetworkConfig } from "./config";
import { gradientSlabs } from "./gradient-slabs";
import { type Direction, type Layer, layerBackward, layerForward } from "./layer";
import { prefixOf } from "./parameters";
import { readoutBackward, readoutForward, weighting } from "./readout";

export interface PassOptions extends BatchShape {
  /** How the recurrences are dispatched; without it, "fused" where the device can. */
  schedule?: Schedule | undefined;
  /** Compute ŷ = softmax(o). */
  probabilities?: boolean;
  /** Go back through time: gradients of all parameters. */
  gradients?: boolean;
  /** Gradients, and with them dL/dh_t by all paths, and for features dL/dx_t. */
  traceGradients?: boolean;
  /** Begin each run with the state that the last one ended with, without gradient: truncated BPTT. */
  carryState?: boolean;
  /** How many losses are kept on the GPU. Default 1. */
  lossCapacity?: number;
}

const passOptions: readonly (keyof PassOptions)[] = [
  "steps",
  "batch",
  "initialState",
  "schedule",
  "probabilities",
  "gradients",
  "traceGradients",
  "carryState",
  "lossCapacity",
];

/** Every tensor of a pass by the name that the equations give it. */
export interface PassTensors {
  /** [T + D, B, D·H] of each layer: slab t is h_t, slab 0 (reverse: T + 1) the initial state. `hidden` is the last's. */
  layers: Tensor[];
  hidden: Tensor;
  /** c [T + 1, B, H] of each layer and direction of an LSTM, in sweep order: slab 0 is c_0. */
  cellStates: Tensor[];
  /** o [T, B, K] or [B, K], and ŷ where wanted */
  logits: Tensor;
  probabilities?: Tensor;
  /** The loss of run n, from 0, is at n mod lossCapacity; `recorded`, u32 [1], counts the runs. */
  losses: Tensor;
  recorded: Tensor;
  /** With gradients: do. */
  dLogits?: Tensor;
  /** Where traced: dL/dh by all paths [T + 1, B, H] of each layer and direction, in sweep order, slab 0 for h_0. */
  dHidden?: Tensor[];
  /** Where traced: for an LSTM [2, B, H] of each layer and direction, the second slab dL/dc_0; and dL/dx [T, B, I]. */
  carries?: Tensor[];
  dInputs?: Tensor;
}

/** The plan of a pass, its tensors, and the way a batch gets in. */
export class Pass {
  readonly gpu: Gpu;
  readonly config: NetworkConfig;
  readonly options: PassOptions;
  readonly schedule: Schedule;
  readonly plan: Plan;
  readonly tensors: PassTensors;
  /** One buffer with the batch and its scalars. */
  readonly batch: TensorGroup<string>;
  readonly packer: BatchPacker;
  /** With carryState: the state that the last run ended with, zero at first. */
  readonly state: TensorGroup<string> | undefined;
  /** With gradients: one buffer with a gradient for each parameter, laid out as the parameters are. */
  readonly gradients: TensorGroup<string> | undefined;

  /** @param plan empty; the caller compiles it, and destroys it where this throws. */
  constructor(plan: Plan, config: NetworkConfig, parameters: Readonly<Record<string, Tensor>>, options: PassOptions) {
    const { gpu } = plan;
    const {
      steps,
      batch,
      probabilities,
      traceGradients = false,
      gradients: wanted = traceGradients,
      lossCapacity = 1,
    } = options;
    expectSize("Pass", "steps", steps);
    expectSize("Pass", "batch", batch);
    expectSize("Pass", "lossCapacity", lossCapacity);
    const schedules: readonly unknown[] = ["fused", "unrolled", undefined];
    if (!schedules.includes(options.schedule)) {
      throw new Error(`Pass: schedule is "${options.schedule}", expected "fused" or "unrolled".`);
    }
    expectKnown("Pass", options, passOptions);
    this.gpu = gpu;
    this.config = config;
    this.options = { ...options };
    this.schedule = options.schedule ?? (fusedFits(gpu.device, config.hidden) ? "fused" : "unrolled");
    this.packer = new BatchPacker(config, options);
    this.plan = plan;
    const { inputs, hidden: width, outputs, readout: where, loss } = config;
    const everyStep = where === "every-step";
    const directionCount = config.bidirectional ? 2 : 1;
    const rows = everyStep ? [steps, batch] : [batch];
    const usage = storageUsage() | GPUBufferUsage.UNIFORM;
    this.batch = plan.own(createTensors<string>(gpu, "batch", { ...batchSpecs(config, options) }, usage));
    if (options.carryState) {
      if (config.bidirectional || options.initialState) {
        const other = config.bidirectional ? "a bidirectional network" : "initialState";
        throw new Error(`Pass: carryState does not go with ${other}; leave one out.`);
      }
      const { initialState, initialCellState } = batchSpecs(config, { steps, batch, initialState: true });
      const specs = { initialState, ...(initialCellState && { initialCellState }) } as Record<string, TensorSpec>;
      this.state = plan.own(createTensors<string>(gpu, "state", specs));
    }
    const { lengths, targets, lossScale, inputs: x } = this.batch.tensors as Record<string, Tensor>;
    const cell = cellOf(config);
    const both = { parts: directionCount };

    const layers: Layer[] = [];
    for (let number = 0; number < config.layers; number++) {
      const below = layers.at(-1);
      const directions = Array.from({ length: directionCount }, (_, part): Direction => {
        const named = (name: string) => parameters[prefixOf(number, part) + name]!;
        return {
          parameters: {
            inputWeight: named("inputWeight"),
            recurrentWeight: named("recurrentWeight"),
            bias: named("bias"),
            recurrentBias: cell.candidate && named("recurrentBias"),
          },
          gate: plan.tensor("gate", [steps, batch, cell.gates * width], { parts: cell.gates }),
          cellState: cell.cellState ? plan.tensor("cellState", [steps + 1, batch, width]) : undefined,
          candidate: cell.candidate && plan.tensor("candidate", [steps, batch, width]),
          carry: wanted ? plan.tensor("carry", [cell.cellState ? 2 : 1, batch, width]) : undefined,
          dHidden: traceGradients ? plan.tensor("dHidden", [steps + 1, batch, width]) : undefined,
        };
      });
      layers.push({
        cell,
        schedule: this.schedule,
        inputs: below ? stepsOf(below.hidden, steps, batch) : { tensor: x! },
        lengths: lengths!,
        hidden: plan.tensor("hidden", [steps + directionCount, batch, directionCount * width], both),
        directions,
      });
    }
    const { hidden } = layers.at(-1)!;
    const logits = plan.tensor("logits", [...rows, outputs]);
    const rowLoss = plan.tensor("rowLoss", [rows.reduce((product, size) => product * size, 1)]);
    const losses = plan.tensor("losses", [lossCapacity]);
    const recorded = plan.tensor("recorded", [1], { type: "u32" });
    const dLogits = wanted ? plan.tensor("dLogits", [...rows, outputs]) : undefined;
    const softmax = probabilities && loss === "cross-entropy" ? plan.tensor("probabilities", logits.shape) : undefined;
    const readout = {
      read: everyStep
        ? [stepsOf(hidden, steps, batch)]
        : layers.at(-1)!.directions.map(
            (_, part): View => ({
              tensor: hidden,
              rows: [(part === 1 ? 1 : steps) * batch, batch],
              parts: [part, 1],
            }),
          ),
      outputWeight: parameters.outputWeight!,
      outputBias: parameters.outputBias!,
      logits,
      targets: targets!,
      lengths: lengths!,
      lossScale: lossScale!,
      weighting: weighting(plan, config),
      rowLoss,
      probabilities: softmax,
      dLogits,
    };
    for (const layer of layers) layerForward(plan, layer);
    readoutForward(plan, loss, readout);
    lossRecord(plan, { rowLoss, recorded, ring: losses });

    let dInputs: Tensor | undefined;
    if (dLogits) {
      const { group, slabs, finish } = gradientSlabs(plan, config, steps * batch);
      this.gradients = group;
      let dOutput = plan.tensor("dOutput", [...rows, directionCount * width], both);
      readoutBackward(plan, readout, {
        dLogits,
        dOutput,
        outputWeight: slabs("outputWeight"),
        outputBias: slabs("outputBias"),
      });
      for (const [number, layer] of [...layers.entries()].reverse()) {
        const dBelow =
          number > 0
            ? plan.tensor("dOutput", [steps, batch, directionCount * width], both)
            : traceGradients && config.input === "features"
              ? plan.tensor("dInputs", [steps, batch, inputs])
              : undefined;
        const gradients = layer.directions.map((_, part) => {
          const named = (name: string) => slabs(prefixOf(number, part) + name);
          return {
            inputWeight: named("inputWeight"),
            recurrentWeight: named("recurrentWeight"),
            bias: named("bias"),
            recurrentBias: cell.candidate && named("recurrentBias"),
          };
        });
        layerBackward(plan, layer, { dOutput, parameters: gradients, dInputs: dBelow });
        if (number > 0) dOutput = dBelow!;
        else dInputs = dBelow;
      }
      finish();
    }
    const all = layers.flatMap(({ directions }) => directions);
    this.tensors = {
      layers: layers.map((layer) => layer.hidden),
      hidden,
      cellStates: all.flatMap(({ cellState }) => cellState ?? []),
      logits,
      losses,
      recorded,
      ...(softmax && { probabilities: softmax }),
      ...(dLogits && { dLogits }),
      ...(traceGradients && { dHidden: all.map(({ dHidden }) => dHidden!), carries: all.map(({ carry }) => carry!) }),
      ...(dInputs && { dInputs }),
    };
  }

  /** Puts one batch where the next run reads it. @throws as `checkBatch`, before anything is written. */
  write(batch: Batch): void {
    const { weight } = checkBatch("Pass.write", this.config, this.options, batch);
    const bytes = new ArrayBuffer(this.packer.bytes);
    this.packer.pack(bytes, 0, batch, weight, []);
    this.gpu.device.queue.writeBuffer(this.batch.buffer, 0, bytes);
  }

  /** Encodes the pass: initial states into their slabs, where there are any, then the plan. */
  encode(encoder: GPUCommandEncoder): void {
    const initial = this.state ?? this.batch;
    this.#copyStates(initial, (state, stateAt, tensor, at, bytes) => {
      encoder.copyBufferToBuffer(state, stateAt, tensor, at.initial, bytes);
    });
    const pass = encoder.beginComputePass({ label: "pass" });
    this.plan.encode(pass);
    pass.end();
    if (!this.state) return;
    this.#copyStates(this.state, (state, stateAt, tensor, at, bytes) => {
      encoder.copyBufferToBuffer(tensor, at.final, state, stateAt, bytes);
    });
  }

  /** Calls `copy` for each run of bytes of the states: where it is in `group`, and first and last in the sweeps. */
  #copyStates(
    { buffer, tensors: { initialState, initialCellState } }: TensorGroup<string>,
    copy: (
      state: GPUBuffer,
      stateAt: number,
      tensor: GPUBuffer,
      at: { initial: number; final: number },
      bytes: number,
    ) => void,
  ): void {
    const { layers, cellStates } = this.tensors;
    const { steps, batch } = this.options;
    const directions = this.config.bidirectional ? 2 : 1;
    const rowBytes = 4 * roundUp(this.config.hidden, 4);
    if (initialCellState) {
      for (const [i, cellState] of cellStates.entries()) {
        const at = { initial: 0, final: steps * batch * rowBytes };
        copy(buffer, initialCellState.offset + i * batch * rowBytes, cellState.buffer, at, batch * rowBytes);
      }
    }
    if (!initialState) return;
    // With two directions the rows of one lie apart.
    const [runs, bytes] = directions === 1 ? [1, batch * rowBytes] : [batch, rowBytes];
    for (const [number, hidden] of layers.entries()) {
      for (let part = 0; part < directions; part++) {
        for (let b = 0; b < runs; b++) {
          const row = (slab: number) => ((slab * batch + b) * directions + part) * rowBytes;
          const at = { initial: row(part === 1 ? steps + 1 : 0), final: row(part === 1 ? 1 : steps) };
          const from = initialState.offset + ((number * directions + part) * batch + b) * rowBytes;
          copy(buffer, from, hidden.buffer, at, bytes);
        }
      }
    }
  }

  /** Runs once on what was written. */
  run(): void {
    const encoder = this.gpu.device.createCommandEncoder({ label: "pass" });
    this.encode(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  destroy(): void {
    this.plan.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** h_1 … h_T of a layer. */
const stepsOf = (hidden: Tensor, steps: number, batch: number): View => ({
  tensor: hidden,
  rows: [batch, steps * batch],
});
