// A pass: a network laid out over a batch of one size, forward to the loss and, where wanted, back through time.

import type { Gpu } from "../gpu/device";
import type { Plan } from "../gpu/plan";
import { createTensors, layoutOf, matrixOf, storageUsage, type Tensor, type TensorGroup } from "../gpu/tensor";
import { lossRecord } from "../ops/loss-record";
import { oneSlab, type Slabs } from "../ops/operands";
import { fusedFits, type Schedule } from "../ops/recurrence";
import { slabSum } from "../ops/slab-sum";
import { type Batch, BatchPacker, type BatchShape, batchSpecs, checkBatch } from "./batch";
import { expectKnown, expectSize, type NetworkConfig } from "./config";
import { layerBackward, layerForward } from "./layer";
import { parameterShapes } from "./parameters";
import { readoutBackward, readoutForward } from "./readout";

export interface PassOptions extends BatchShape {
  /** How the recurrences are dispatched; without it, "fused" where the device can. */
  schedule?: Schedule | undefined;
  /** Compute ŷ = softmax(o). */
  probabilities?: boolean;
  /** Go back through time: gradients of all parameters. */
  gradients?: boolean;
  /** Gradients, and with them dL/dh_t by all paths, and for features dL/dx_t. */
  traceGradients?: boolean;
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
  "lossCapacity",
];

/** Every tensor of a pass by the name that the equations give it. */
export interface PassTensors {
  /** a [T, B, H] */
  preactivation: Tensor;
  /** h [T + 1, B, H], slab 0 is h_0 */
  hidden: Tensor;
  /** o [T, B, K] or [B, K], and ŷ where wanted */
  logits: Tensor;
  probabilities?: Tensor;
  /** The loss of run n, from 0, is at n mod lossCapacity; `recorded`, u32 [1], counts the runs. */
  losses: Tensor;
  recorded: Tensor;
  /** With gradients: do, da; and where traced dL/dh_t [T + 1, B, H] and dL/dx [T, B, I]. */
  dLogits?: Tensor;
  dPreactivation?: Tensor;
  dHidden?: Tensor;
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
    const { inputs, hidden: width, outputs, activation, readout: where, loss } = config;
    const rows = where === "every-step" ? [steps, batch] : [batch];
    const usage = storageUsage() | GPUBufferUsage.UNIFORM;
    this.batch = plan.own(createTensors<string>(gpu, "batch", { ...batchSpecs(config, options) }, usage));
    const { lengths, targets, lossScale, inputs: x } = this.batch.tensors as Record<string, Tensor>;

    const hidden = plan.tensor("hidden", [steps + 1, batch, width]);
    const logits = plan.tensor("logits", [...rows, outputs]);
    const rowLoss = plan.tensor("rowLoss", [rows.reduce((product, size) => product * size, 1)]);
    const losses = plan.tensor("losses", [lossCapacity]);
    const recorded = plan.tensor("recorded", [1], "u32");
    const preactivation = plan.tensor("preactivation", [steps, batch, width]);
    const dLogits = wanted ? plan.tensor("dLogits", [...rows, outputs]) : undefined;
    const dHidden = traceGradients ? plan.tensor("dHidden", [steps + 1, batch, width]) : undefined;
    const dInputs =
      traceGradients && config.input === "features" ? plan.tensor("dInputs", [steps, batch, inputs]) : undefined;
    const softmax = probabilities && loss === "cross-entropy" ? plan.tensor("probabilities", logits.shape) : undefined;

    const layer = {
      activation,
      schedule: this.schedule,
      inputs: x!,
      lengths: lengths!,
      inputWeight: parameters["layer0.inputWeight"]!,
      recurrentWeight: parameters["layer0.recurrentWeight"]!,
      bias: parameters["layer0.bias"]!,
      preactivation,
      hidden,
    };
    const readout = {
      read:
        where === "every-step"
          ? { tensor: hidden, first: batch, count: steps * batch }
          : { tensor: hidden, first: steps * batch, count: batch },
      outputWeight: parameters.outputWeight!,
      outputBias: parameters.outputBias!,
      logits,
      targets: targets!,
      lengths: lengths!,
      lossScale: lossScale!,
      rowLoss,
      probabilities: softmax,
      dLogits,
    };
    layerForward(plan, layer);
    readoutForward(plan, loss, readout);
    lossRecord(plan, { rowLoss, recorded, ring: losses });

    let dPreactivation: Tensor | undefined;
    if (dLogits) {
      const { group, slabs, finish } = gradientSlabs(plan, config, steps * batch);
      this.gradients = group;
      dPreactivation = plan.tensor("dPreactivation", [steps, batch, width]);
      const dOutput = plan.tensor("dOutput", [...rows, width]);
      readoutBackward(plan, readout, {
        dLogits,
        dOutput,
        outputWeight: slabs("outputWeight"),
        outputBias: slabs("outputBias"),
      });
      layerBackward(plan, layer, {
        dOutput,
        dPreactivation,
        inputWeight: slabs("layer0.inputWeight"),
        recurrentWeight: slabs("layer0.recurrentWeight"),
        bias: slabs("layer0.bias"),
        dHidden,
        dInputs,
      });
      finish();
    }
    this.tensors = {
      preactivation,
      hidden,
      logits,
      losses,
      recorded,
      ...(softmax && { probabilities: softmax }),
      ...(dLogits && { dLogits }),
      ...(dPreactivation && { dPreactivation }),
      ...(dHidden && { dHidden }),
      ...(dInputs && { dInputs }),
    };
  }

  /** Puts one batch where the next run reads it. @throws as `checkBatch`, before anything is written. */
  write(batch: Batch): void {
    const counted = checkBatch("Pass.write", this.config, this.options, batch);
    const bytes = new ArrayBuffer(this.packer.bytes);
    this.packer.pack(bytes, 0, batch, counted, []);
    this.gpu.device.queue.writeBuffer(this.batch.buffer, 0, bytes);
  }

  /** Encodes the pass: h_0 into its slab where batches bring one, then the plan. */
  encode(encoder: GPUCommandEncoder): void {
    const { initialState } = this.batch.tensors;
    if (initialState) {
      const { rows, storedWidth } = matrixOf(initialState);
      const { buffer, offset } = initialState;
      encoder.copyBufferToBuffer(buffer, offset, this.tensors.hidden.buffer, 0, rows * storedWidth * 4);
    }
    const pass = encoder.beginComputePass({ label: "pass" });
    this.plan.encode(pass);
    pass.end();
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

const mostSlabBytes = 32 * 2 ** 20;

/**
 * A parameter's gradient sums over T·B rows. To keep a GPU busy, the rows are cut into slabs, each a full set of
 * gradients; `finish` adds them up in order.
 */
function gradientSlabs(plan: Plan, config: NetworkConfig, rows: number) {
  const specs = parameterShapes(config);
  const { offsets, bytes } = layoutOf(specs);
  const group = plan.own(createTensors(plan.gpu, "gradients", specs));
  const wanted = Math.min(16, Math.floor(rows / (plan.gpu.software ? 512 : 128)));
  const count = Math.max(1, Math.min(wanted, Math.floor(mostSlabBytes / bytes))); // large gradients keep a GPU busy as they are
  if (count === 1) return { group, slabs: (name: string) => oneSlab(group.tensors[name]!), finish: () => {} };
  const parts = plan.tensor("gradientSlabs", [(count * bytes) / 4]);
  return {
    group,
    slabs(name: string): Slabs {
      const { tensors } = group;
      const { shape, type, size } = tensors[name]!;
      return {
        tensor: { name, shape, type, buffer: parts.buffer, offset: offsets[name]!, size },
        count,
        strideBytes: bytes,
      };
    },
    finish() {
      const size = bytes / 4;
      const sum: Tensor = {
        name: "gradients",
        shape: [1, size],
        type: "f32",
        buffer: group.buffer,
        offset: 0,
        size: bytes,
      };
      slabSum(plan, { label: "gradients = Σ slabs", parts: { ...parts, shape: [count, size] }, sum });
    },
  };
}
