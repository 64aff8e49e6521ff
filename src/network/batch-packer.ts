// Batches as the GPU has them: bytes that are laid out as the tensors of a pass.

import { elements, layoutOf, padded, type TensorSpec, viewOf } from "../gpu/tensor";
import { type AnyBatch, type BatchLayout, type BatchSpecs, batchSpecs, batchTensors } from "./batch";
import type { NetworkConfig } from "./config";
import { sortByToken } from "./sort-by-token";

/** What goes with a batch. */
interface Beside {
  /** As `checkBatch` returned it; 0 gives a loss of 0. */
  weight: number;
  /** The training step, from 1: each has dropout's masks of its own. */
  step: number;
  /** As `checkBatch` takes it. */
  first?: boolean;
}

/** Copies checked batches into bytes as a tensor group of `batchSpecs` stores them. */
export class BatchPacker {
  /** Bytes of one packed batch. */
  readonly bytes: number;
  readonly #specs: BatchSpecs;
  readonly #offsets: Record<string, number>;
  readonly #shape: BatchLayout;
  // What a batch may leave out, made when the first comes.
  #allSteps: Int32Array | undefined;
  #allWeights: Float32Array | undefined;
  #zeroState: Float32Array | undefined;
  #noReset: Int32Array | undefined;
  #allReset: Int32Array | undefined;

  constructor(config: NetworkConfig, shape: BatchLayout) {
    this.#specs = batchSpecs(config, shape);
    const { offsets, bytes } = layoutOf(batchTensors(this.#specs));
    this.#offsets = offsets;
    this.bytes = bytes;
    this.#shape = shape;
  }

  /** The steps of each sequence in each segment, [segments, batch]. */
  #lengthsOf(lengths: Int32Array): Int32Array {
    const { steps, batch, checkpointEvery = steps } = this.#shape;
    if (checkpointEvery === steps) return lengths;
    return Int32Array.from({ length: (steps / checkpointEvery) * batch }, (_, i) => {
      const left = lengths[i % batch]! - Math.floor(i / batch) * checkpointEvery;
      return Math.min(Math.max(left, 0), checkpointEvery);
    });
  }

  /** What an encoder reads. */
  #packSource(
    into: ArrayBuffer,
    start: number,
    { source, sourceLengths }: AnyBatch,
    put: (name: string, data: ArrayLike<number>) => void,
  ): void {
    const { batch, sourceSteps = 1 } = this.#shape;
    if (!source) return;
    put("source", source);
    put("sourceLengths", sourceLengths ?? new Int32Array(batch).fill(sourceSteps));
    const { sourceStart, sourceOrder } = this.#specs;
    if (!sourceStart || !sourceOrder) return;
    const part = ({ shape }: TensorSpec, offset: number) => new Uint32Array(into, start + offset, shape[0]);
    const order = part(sourceOrder, this.#offsets.sourceOrder!);
    sortByToken(source, part(sourceStart, this.#offsets.sourceStart!), order);
  }

  pack(into: ArrayBuffer, start: number, batch: AnyBatch, { weight, step, first = true }: Beside): void {
    const { states, ...own } = this.#specs;
    const put = (name: string, data: ArrayLike<number>, spec = (own as Record<string, TensorSpec>)[name]) => {
      if (!spec) return;
      const View = viewOf(spec.type);
      padded(spec, data, new View(into, start + this.#offsets[name]!));
    };
    put("step", [step, 0]);
    put("lossScale", [weight > 0 ? 1 / weight : 0]);
    const { steps, batch: rows } = this.#shape;
    this.#allSteps ??= new Int32Array(rows).fill(steps);
    this.#noReset ??= new Int32Array(rows);
    put("lengths", this.#lengthsOf(batch.lengths ?? this.#allSteps));
    if (batch.inputs) put("inputs", batch.inputs);
    if (batch.targets) put("targets", batch.targets);
    this.#packSource(into, start, batch, put);
    const { tokenStart, tokenOrder } = this.#specs;
    const [segments = 1] = this.#specs.lengths.shape;
    for (let segment = 0; tokenStart && tokenOrder && segment < segments; segment++) {
      const part = ([, count = 0]: readonly number[], offset: number) =>
        new Uint32Array(into, start + offset + 4 * segment * count, count);
      const order = part(tokenOrder.shape, this.#offsets.tokenOrder!);
      const tokens = batch.inputs!.subarray(segment * order.length, (segment + 1) * order.length);
      sortByToken(tokens, part(tokenStart.shape, this.#offsets.tokenStart!), order);
    }
    if (first) this.#allReset ??= new Int32Array(rows).fill(1);
    put("reset", first ? this.#allReset! : (batch.reset ?? this.#noReset));
    if (own.weights) this.#allWeights ??= new Float32Array(elements(own.weights.shape)).fill(1);
    put("weights", batch.weights ?? this.#allWeights!);
    const done = { hidden: 0, cell: 0 };
    for (const [name, spec] of Object.entries(states)) {
      const { kind } = spec;
      const size = elements(spec.shape);
      const given = kind === "hidden" ? batch.initialState : batch.initialCellState;
      if (!given && (this.#zeroState?.length ?? 0) < size) this.#zeroState = new Float32Array(size);
      put(name, given?.subarray(done[kind], done[kind] + size) ?? this.#zeroState!.subarray(0, size), spec);
      done[kind] += size;
    }
  }
}
