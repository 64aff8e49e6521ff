// A pass in segments of time, for sequences that would not fit whole: only the states between segments are kept, and each
// segment goes forward again before it goes back (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").

import type { Plan } from "../gpu/plan";
import { createTensors, elements, matrixOf, storageUsage, type Tensor } from "../gpu/tensor";
import type { Slabs } from "../ops/operands";
import type { SweepSchedule } from "../ops/recurrence";
import { type BatchShape, batchSpecs, onlyRow, stateSpecs } from "./batch";
import type { NetworkConfig } from "./config";
import type { Layer } from "./layer";
import { outputLayer, readoutBackward, readoutForward, weighting } from "./readout";
import { createStack, stackBackward, stackForward, tensorsBetween } from "./stack";
import { clearStates, copyStates, rowsOf, type StateRows } from "./states";

interface SegmentOptions extends BatchShape {
  checkpointEvery: number;
  schedule: SweepSchedule | undefined;
  training: boolean;
}

/** The tensors of the whole batch, as `batchSpecs` has them. */
type BatchTensors = Readonly<Record<string, Tensor>>;

/** A copy of `bytes` of a whole tensor to one of a segment, from `stride` bytes further on for each segment. */
interface Slice {
  from: Tensor;
  to: Tensor;
  toOffset: number;
  stride: number;
  bytes: number;
}

/** What a pass in segments adds to its plan: parts that go forward and back over one segment, and what they need. */
export class Segments {
  readonly layers: readonly Layer[];
  /** o, read at every step: of the segment that was last gone back through, the first. */
  readonly logits: Tensor;
  readonly dLogits: Tensor;
  /** What readies the states that the first segment begins with. */
  readonly begin: Plan;
  readonly #count: number;
  readonly #forward: Plan;
  readonly #back: Plan;
  readonly #lastBack: Plan;
  readonly #slices: Slice[];
  /** The losses of a segment's rows go to those of the whole. */
  readonly #rowLoss: { from: Tensor; to: Tensor; bytes: number } | undefined;
  /** h, and c where the cell has one, before each segment: [segments, L, B, H] each. */
  readonly #states: Readonly<Record<string, Tensor>>;
  readonly #cleared: GPUBuffer[];

  /**
   * @param rowLoss [rows of the whole], out
   * @param gradients where they are added up.
   */
  constructor(
    plan: Plan,
    config: NetworkConfig,
    parameters: Readonly<Record<string, Tensor>>,
    batchTensors: BatchTensors,
    { steps, batch, checkpointEvery, schedule, training }: SegmentOptions,
    rowLoss: Tensor,
    { slabs, buffer }: { slabs: (name: string) => Slabs; buffer: GPUBuffer },
  ) {
    const { gpu } = plan;
    const count = steps / checkpointEvery;
    this.#count = count;
    const everyStep = config.readout === "every-step";
    const specs = batchSpecs(config, { steps: checkpointEvery, batch, rowsByToken: true });
    const usage = storageUsage() | GPUBufferUsage.UNIFORM;
    const { update: _, lossScale: __, ...own } = specs;
    const segment: Record<string, Tensor> = plan.own(createTensors<string>(gpu, "segment", { ...own }, usage)).tensors;
    const lengths = onlyRow(segment.lengths!);
    // What is timed before there is a batch is then as real.
    gpu.write(lengths.buffer, lengths.offset, () => new Int32Array(batch).fill(checkpointEvery), "Pass");
    const { tokenStart, tokenOrder } = segment;
    this.layers = createStack(plan, config, parameters, segment.inputs!, lengths, {
      steps: checkpointEvery,
      batch,
      schedule,
      gradients: true,
      continued: true,
      step: training ? segment.step : undefined,
      rowsByToken: tokenStart && tokenOrder && { tokenStart: onlyRow(tokenStart), tokenOrder: onlyRow(tokenOrder) },
    });

    this.begin = plan.part("begin", 1);
    this.#forward = plan.part("forward", count - 1);
    stackForward(this.#forward, this.layers);
    this.#lastBack = plan.part(everyStep ? "back" : "back from the end", everyStep ? count : 1);
    this.#back = everyStep ? this.#lastBack : plan.part("back", count - 1);
    const output = outputLayer(plan, config, parameters, this.layers.at(-1)!);
    this.logits = output.logits;
    this.dLogits = plan.tensor("dLogits", this.logits.shape);
    const segmentLoss = everyStep ? plan.tensor("rowLoss", [checkpointEvery * batch]) : rowLoss;
    const readout = {
      ...output,
      targets: everyStep ? segment.targets! : batchTensors.targets!,
      // At the end all sequences count, and all are in the first segment.
      lengths: everyStep ? lengths : { ...batchTensors.lengths!, shape: [batch] },
      lossScale: batchTensors.lossScale!,
      weighting: weighting(plan, config),
      rowLoss: segmentLoss,
      dLogits: this.dLogits,
    };
    const dOutput = plan.tensor("dOutput", [...this.logits.shape.slice(0, -1), config.hidden]);
    stackForward(this.#lastBack, this.layers);
    readoutForward(this.#lastBack, config.loss, readout);
    const ofOutput = { outputWeight: slabs("outputWeight"), outputBias: slabs("outputBias") };
    readoutBackward(this.#lastBack, readout, { dLogits: this.dLogits, dOutput, ...ofOutput });
    const between = tensorsBetween(plan, this.layers);
    stackBackward(this.#lastBack, this.layers, dOutput, slabs, undefined, between);
    if (!everyStep) {
      const nothing = plan.tensor("dOutput", dOutput.shape); // zero
      stackForward(this.#back, this.layers);
      stackBackward(this.#back, this.layers, nothing, slabs, undefined, between);
    }

    const firstRows = plan.tensor("firstRow", [count], { type: "u32" });
    gpu.write(firstRows.buffer, firstRows.offset, () =>
      Uint32Array.from({ length: count }, (_, s) => s * checkpointEvery * batch),
    );
    const names = ["inputs", "lengths", "tokenStart", "tokenOrder", ...(everyStep ? ["targets"] : [])];
    this.#slices = [
      ...names.flatMap((name) => {
        const [from, to] = [batchTensors[name], segment[name]];
        if (!from || !to) return [];
        const bytes = 4 * elementsStored(to);
        return [{ from, to, toOffset: 0, stride: bytes, bytes }];
      }),
      { from: batchTensors.step!, to: segment.step!, toOffset: 0, stride: 0, bytes: 4 },
      { from: firstRows, to: segment.step!, toOffset: 4, stride: 4, bytes: 4 },
    ];
    this.#rowLoss = everyStep ? { from: segmentLoss, to: rowLoss, bytes: 4 * checkpointEvery * batch } : undefined;
    const states = Object.entries(stateSpecs(config, batch)).map(([name, { shape }]) => {
      return [name, { shape: [count, ...shape] }] as const;
    });
    const copied = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const group = createTensors<string>(gpu, "states between segments", Object.fromEntries(states), copied);
    this.#states = plan.own(group).tensors;
    this.#cleared = [buffer, ...this.layers.flatMap(({ directions }) => directions.map(({ carry }) => carry!.buffer))];
  }

  /** Encodes zeros where a run adds up, and for the states that it begins with. */
  clear(encoder: GPUCommandEncoder): void {
    clearStates(encoder, this.layers);
    for (const buffer of this.#cleared) encoder.clearBuffer(buffer);
  }

  /**
   * Encodes forward and back through all segments, after `clear`; the first begins with the states that its sweeps have.
   * @param atEnd encodes what is wanted of the states that the last one ends with.
   */
  encode(encoder: GPUCommandEncoder, atEnd: () => void): void {
    this.begin.encodeAlone(encoder);
    for (let s = 0; s < this.#count; s++) {
      this.#copyStates(encoder, s === 0 ? "initial" : "final", s, "out");
      if (s === this.#count - 1) break;
      this.#enter(encoder, s);
      this.#forward.encodeAlone(encoder);
    }
    for (let s = this.#count - 1; s >= 0; s--) {
      this.#enter(encoder, s);
      (s === this.#count - 1 ? this.#lastBack : this.#back).encodeAlone(encoder);
      if (s === this.#count - 1) atEnd();
      if (this.#rowLoss) {
        const { from, to, bytes } = this.#rowLoss;
        encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset + s * bytes, bytes);
      }
    }
  }

  /** Copies what segment `s` reads to where it reads it. */
  #enter(encoder: GPUCommandEncoder, s: number): void {
    for (const { from, to, toOffset, stride, bytes } of this.#slices) {
      encoder.copyBufferToBuffer(from.buffer, from.offset + s * stride, to.buffer, to.offset + toOffset, bytes);
    }
    this.#copyStates(encoder, "initial", s, "in");
  }

  #copyStates(encoder: GPUCommandEncoder, end: "initial" | "final", s: number, way: "in" | "out"): void {
    const { initialState, initialCellState } = this.#states;
    copyStates(encoder, this.layers, "hidden", end, rowsOfSegment(initialState!, s), way);
    if (initialCellState) copyStates(encoder, this.layers, "cellState", end, rowsOfSegment(initialCellState, s), way);
  }
}

/** The states [L, B, H] of one segment of all. */
function rowsOfSegment(states: Tensor, s: number): StateRows {
  const rows = rowsOf(states);
  return { ...rows, offset: rows.offset + s * elements(states.shape.slice(1, -1)) * rows.stride };
}

/** Numbers of a tensor that hold its values: all rows, without those that were added at the end. */
function elementsStored(tensor: Tensor): number {
  const { rows, storedWidth } = matrixOf(tensor);
  return tensor.type === "f32" ? rows * storedWidth : elements(tensor.shape);
}
