// A pass: a network laid out over a batch of one size, forward to the loss and, where wanted, back through time.

import type { Gpu } from "../gpu/device";
import type { Lifetime } from "../gpu/lifetime";
import type { Plan } from "../gpu/plan";
import { createTensors, storageUsage, type Tensor, type TensorGroup, type TensorSpec, whole } from "../gpu/tensor";
import { lossRecord } from "../ops/loss-record";
import { rowReset } from "../ops/row-reset";
import { stateCarry } from "../ops/state-carry";
import { type Batch, BatchPacker, batchSpecs, checkBatch, onlyRow, stateSpecs } from "./batch";
import { directionsOf, type NetworkConfig } from "./config";
import { gradientSlabs } from "./gradient-slabs";
import type { Layer } from "./layer";
import { checkPassOptions, type PassOptions } from "./pass-options";
import type { States } from "./read-states";
import { outputLayer, readoutBackward, readoutForward, weighting } from "./readout";
import type { Segments } from "./segments";
import { layerByLayer, type Stacking } from "./stack";
import { copyStates, rowsOf } from "./states";

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
  /** Where traced: dL/dx [T, B, I]. */
  dInputs?: Tensor;
}

/** The plan of a pass, its tensors, and the way a batch gets in. */
export class Pass {
  readonly gpu: Gpu;
  readonly config: NetworkConfig;
  readonly options: PassOptions;
  readonly plan: Plan;
  readonly tensors: PassTensors;
  /** One buffer with the batch and its scalars. */
  readonly batch: TensorGroup<string>;
  readonly packer: BatchPacker;
  /** With gradients, u32 [1]: the training step of a run whose loss or gradients are not finite, else 0. */
  readonly notFinite: Tensor | undefined;
  /** With carryState: the state that the last run ended with; with gradients, what it began with where it was not finite. */
  readonly state: TensorGroup<string> | undefined;
  /** With gradients: one buffer with a gradient for each parameter, laid out as the parameters are. */
  readonly gradients: TensorGroup<string> | undefined;
  readonly #layers: readonly Layer[];
  /** With checkpointEvery: what the plan does not do itself. */
  readonly #segments: Segments | undefined;
  /** With carryState and gradients: where a run's state waits until it is known to be finite, and what carries it on. */
  readonly #carrying: { ended: TensorGroup<string>; carry: Plan } | undefined;
  /** Whether it has run: before, there is nothing to read. */
  #begun = false;

  /**
   * @param plan empty; the caller compiles it, and destroys it where this throws.
   * @param segmented the class, for `checkpointEvery`: few need it.
   * @param stacking the ways through the layers.
   */
  constructor(
    plan: Plan,
    config: NetworkConfig,
    parameters: Readonly<Record<string, Tensor>>,
    options: PassOptions,
    segmented?: typeof Segments,
    { createStack, stackForward, stackBackward }: Stacking = layerByLayer,
  ) {
    const { steps, batch, traceGradients = false, gradients = false, lossCapacity = 1 } = options;
    const wanted = gradients || traceGradients;
    checkPassOptions(config, options);
    const { gpu } = plan;
    const { checkpointEvery } = options;
    const schedule = options.schedule === "wavefront" ? undefined : options.schedule; // that one is in `stacking`
    this.gpu = gpu;
    this.plan = plan;
    this.config = config;
    this.options = { ...options };
    const usage = storageUsage() | GPUBufferUsage.UNIFORM;
    const layout = { ...options, rowsByToken: wanted };
    this.batch = plan.own(createTensors<string>(gpu, "batch", { ...batchSpecs(config, layout) }, usage));
    this.packer = new BatchPacker(config, layout);
    const { inputs, targets, lengths, lossScale, step, reset, tokenStart, tokenOrder } = this.batch.tensors as Record<
      string,
      Tensor
    >;
    const allLengths = onlyRow(lengths!);
    // What is timed before there is a batch is then as real.
    if (!checkpointEvery)
      gpu.write(allLengths.buffer, allLengths.offset, () => new Int32Array(batch).fill(steps), "Pass");
    const losses = plan.tensor("losses", [lossCapacity]);
    const recorded = plan.tensor("recorded", [1], { type: "u32" });
    const targetRows = config.readout === "every-step" ? steps * batch : batch;
    const rowLoss = plan.tensor("rowLoss", [targetRows]);
    const loss = { rowLoss, recorded, ring: losses };
    const back = wanted
      ? gradientSlabs(
          plan,
          config,
          { steps: checkpointEvery ?? steps, batch, accumulate: !!checkpointEvery },
          loss,
          step!,
        )
      : undefined;
    this.gradients = back?.group;
    this.notFinite = back?.notFinite;
    if (reset) {
      const specs: Record<string, TensorSpec> = stateSpecs(config, batch);
      this.state = plan.own(createTensors<string>(gpu, "state", specs));
      if (back) {
        const ended = plan.own(createTensors<string>(gpu, "ended state", specs));
        const carry = plan.part("carry", 1);
        const tensors = { ended: whole(ended, "ended"), carried: whole(this.state, "carried") };
        carry.gated(back.notFinite, () => stateCarry(carry, tensors));
        this.#carrying = { ended, carry };
      }
    }
    const resetRows = (plan: Plan, layers: readonly Layer[]) => {
      const { initialState, initialCellState } = this.batch.tensors;
      for (const [layer, { hidden, directions }] of reset ? layers.entries() : []) {
        const { cellState } = directions[0]!;
        rowReset(plan, { state: hidden, reset: reset!, initial: initialState, layer });
        if (cellState) rowReset(plan, { state: cellState, reset: reset!, initial: initialCellState, layer });
      }
    };
    let layers: readonly Layer[];
    let logits: Tensor;
    let probabilities: Tensor | undefined;
    let dLogits: Tensor | undefined;
    const dInputs = traceGradients ? plan.tensor("dInputs", [steps, batch, config.inputs]) : undefined;
    if (checkpointEvery && back && segmented) {
      const segment = {
        steps,
        batch,
        checkpointEvery,
        schedule,
        training: options.training === true,
      };
      const { tensors } = this.batch;
      this.#segments = new segmented(plan, config, parameters, tensors, segment, rowLoss, back);
      ({ layers, logits, dLogits } = this.#segments);
      resetRows(this.#segments.begin, layers);
    } else {
      layers = createStack(plan, config, parameters, inputs!, allLengths, {
        steps,
        batch,
        schedule,
        gradients: wanted,
        traceGradients,
        step: options.training ? step : undefined,
        rowsByToken: tokenStart && tokenOrder && { tokenStart: onlyRow(tokenStart), tokenOrder: onlyRow(tokenOrder) },
      });
      resetRows(plan, layers);
      stackForward(plan, layers);
      const output = outputLayer(plan, config, parameters, layers.at(-1)!);
      ({ logits } = output);
      const like = (name: string, want: boolean | undefined) => (want ? plan.tensor(name, logits.shape) : undefined);
      probabilities = like("probabilities", options.probabilities && config.loss === "cross-entropy");
      dLogits = like("dLogits", wanted);
      const readout = {
        ...output,
        targets: targets!,
        lengths: allLengths,
        lossScale: lossScale!,
        weighting: weighting(plan, config),
        rowLoss,
        probabilities,
        dLogits,
      };
      readoutForward(plan, config.loss, readout);
      if (dLogits && back) {
        const parts = directionsOf(config);
        const dOutput = plan.tensor("dOutput", [...logits.shape.slice(0, -1), parts * config.hidden], { parts });
        const ofOutput = { outputWeight: back.slabs("outputWeight"), outputBias: back.slabs("outputBias") };
        readoutBackward(plan, readout, { dLogits, dOutput, ...ofOutput });
        stackBackward(plan, layers, dOutput, back.slabs, dInputs);
      }
    }
    if (back) back.finish();
    else lossRecord(plan, loss);
    this.#layers = layers;
    const directions = layers.flatMap((layer) => layer.directions);
    this.tensors = {
      layers: layers.map((layer) => layer.hidden),
      hidden: layers.at(-1)!.hidden,
      cellStates: directions.flatMap(({ cellState }) => cellState ?? []),
      logits,
      losses,
      recorded,
      ...(probabilities && { probabilities }),
      ...(dLogits && { dLogits }),
      ...(dInputs && { dInputs, dHidden: directions.map(({ dHidden }) => dHidden!) }),
    };
  }

  /** Until it is destroyed, or what it was made for is. */
  get lifetime(): Lifetime {
    return this.plan.lifetime;
  }

  /**
   * Puts one batch where the next run reads it.
   * @param step which of dropout's masks it gets, where `training` is on.
   * @throws as `checkBatch`, before anything is written, or where the pass was destroyed.
   */
  write(batch: Batch, step = 1): void {
    this.lifetime.expect("Pass.write");
    const first = !this.#begun;
    const { weight } = checkBatch("Pass.write", this.config, this.options, batch, first);
    const bytes = new ArrayBuffer(this.packer.bytes);
    this.packer.pack(bytes, 0, batch, { weight, step, first });
    this.gpu.write(this.batch.buffer, 0, () => bytes, "Pass.write");
  }

  /**
   * Encodes the pass: initial states into their slabs, where there are any, then the plan.
   * @param latched whether what an earlier run found not finite still stands: nothing is changed then.
   * @throws where the pass was destroyed.
   */
  encode(encoder: GPUCommandEncoder, latched = false): void {
    this.lifetime.expect("Pass.encode");
    this.#begun = true;
    const final = () => {
      const to = this.#carrying?.ended ?? this.state;
      if (to) this.#copyStates(encoder, "final", to);
    };
    if (this.notFinite && !latched) encoder.clearBuffer(this.notFinite.buffer, this.notFinite.offset, 4);
    this.#segments?.clear(encoder);
    this.#copyStates(encoder, "initial", this.state ?? this.batch);
    this.#segments?.encode(encoder, final);
    this.plan.encodeAlone(encoder);
    if (!this.#segments) final();
    if (!this.#carrying) return;
    // Where the run is not finite, the next one begins as it did, its resets included.
    if (!latched) this.#copyStates(encoder, "initial", this.state!, "out");
    this.#carrying.carry.encodeAlone(encoder);
  }

  #copyStates(
    encoder: GPUCommandEncoder,
    end: "initial" | "final",
    { tensors }: TensorGroup<string>,
    way?: "in" | "out",
  ): void {
    for (const [kind, name] of [
      ["hidden", "initialState"],
      ["cellState", "initialCellState"],
    ] as const) {
      const state = tensors[name];
      if (state) copyStates(encoder, this.#layers, kind, end, rowsOf(state), way);
    }
  }

  /** Runs once on what was written. @throws where the pass was destroyed. */
  run(): void {
    this.lifetime.expect("Pass.run");
    const encoder = this.gpu.device.createCommandEncoder({ label: "pass" });
    this.encode(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /**
   * Reads the states that the last run ended with. Never inside a training loop.
   * @throws before the first run, with `checkpointEvery`, where the pass was destroyed or the device lost.
   */
  async readStates(): Promise<States> {
    this.lifetime.expect("Pass.readStates");
    if (this.#segments) {
      throw new Error("Pass.readStates: with checkpointEvery the last states are not kept; make a pass without it.");
    }
    if (!this.#begun)
      throw new Error("Pass.readStates: the pass has not run, so that there are no states; run it first.");
    const { readStates } = await import("./read-states");
    this.lifetime.expect("Pass.readStates");
    return readStates(this.gpu, this.#layers);
  }

  destroy(): void {
    this.plan.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
