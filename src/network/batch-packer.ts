// Batches as the GPU has them: bytes that are laid out as the tensors of a pass.

import { elements, layoutOf, padded, type TensorSpec, viewOf } from "../gpu/tensor";
import { type AnyBatch, type BatchLayout, type BatchSpecs, batchSpecs, batchTensors } from "./batch";
import type { NetworkConfig } from "./config";
import type { sortByTail } from "./sort-by-tail";
import { numberTokens, sortByToken } from "./sort-by-token";

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
  readonly #config: NetworkConfig;
  readonly #sortByTail: typeof sortByTail | undefined;
  /** What batches left out. */
  readonly #filled = new Map<string, Float64Array>();

  /** @param sorting where the way back of an adaptive readout is wanted */
  constructor(config: NetworkConfig, shape: BatchLayout, sorting?: typeof sortByTail) {
    this.#specs = batchSpecs(config, shape);
    const { offsets, bytes } = layoutOf(batchTensors(this.#specs));
    this.#offsets = offsets;
    this.bytes = bytes;
    this.#shape = shape;
    this.#config = config;
    this.#sortByTail = sorting;
  }

  /** So many of one number; made once. */
  #all(count: number, value: number): Float64Array {
    const key = `${count} of ${value}`;
    const filled = this.#filled.get(key) ?? new Float64Array(count).fill(value);
    this.#filled.set(key, filled);
    return filled;
  }

  /** The steps of each sequence in each segment, [segments, batch]. */
  #lengthsOf(lengths: ArrayLike<number>): ArrayLike<number> {
    const { steps, batch, checkpointEvery = steps } = this.#shape;
    if (checkpointEvery === steps) return lengths;
    return Int32Array.from({ length: (steps / checkpointEvery) * batch }, (_, i) => {
      const left = lengths[i % batch]! - Math.floor(i / batch) * checkpointEvery;
      return Math.min(Math.max(left, 0), checkpointEvery);
    });
  }

  /** @returns the sections that a run of this batch may leave out, as they have nothing to do. */
  pack(into: ArrayBuffer, start: number, batch: AnyBatch, { weight, step, first = true }: Beside): readonly string[] {
    const { states, ...others } = this.#specs;
    const own: Readonly<Record<string, TensorSpec>> = others;
    const { steps, batch: rows, sourceSteps = 1 } = this.#shape;
    const put = (name: string, data: ArrayLike<number> | undefined, otherwise = 0, spec = own[name]) => {
      if (!spec) return;
      const View = viewOf(spec.type);
      const values = data ?? this.#all(elements(spec.shape), otherwise);
      padded(spec, values, new View(into, start + this.#offsets[name]!));
    };
    /** Of each segment; where only rows of tokens that occur have a gradient, by their numbers among those. */
    const sort = (given: AnyBatch["inputs"], startsName: string, orderName: string, rowsName: string) => {
      const part = (name: string, segment: number) => {
        const count = own[name]!.shape.at(-1)!;
        return new Uint32Array(into, start + this.#offsets[name]! + 4 * segment * count, count);
      };
      const order = own[orderName];
      if (!order || !given) return;
      const rows = own[rowsName] && new Int32Array(into, start + this.#offsets[rowsName]!, own[rowsName].shape[0]);
      const tokens = rows ? numberTokens(given, rows) : given;
      const count = order.shape.at(-1)!;
      for (let segment = 0; segment * count < tokens.length; segment++) {
        const these = tokens.subarray(segment * count, (segment + 1) * count);
        sortByToken(these, part(startsName, segment), part(orderName, segment));
      }
    };
    put("step", [step, 0]);
    put("lossScale", [weight > 0 ? 1 / weight : 0]);
    put("lengths", this.#lengthsOf(batch.lengths ?? this.#all(rows, steps)));
    put("inputs", batch.inputs);
    const tails =
      own.tails &&
      this.#sortByTail?.(this.#config, this.#shape, batch, new Int32Array(into, start + this.#offsets.tails!));
    put("targets", tails?.ofHead ?? batch.targets);
    put("source", batch.source);
    put("sourceLengths", batch.sourceLengths, sourceSteps);
    sort(batch.inputs, "tokenStart", "tokenOrder", "tokenRows");
    sort(batch.source, "sourceStart", "sourceOrder", "sourceRows");
    put("reset", first ? undefined : batch.reset, first ? 1 : 0);
    put("weights", batch.weights, 1);
    const done = { hidden: 0, cell: 0 };
    for (const [name, spec] of Object.entries(states)) {
      const { kind } = spec;
      const size = elements(spec.shape);
      const given = kind === "hidden" ? batch.initialState : batch.initialCellState;
      put(name, given?.subarray(done[kind], done[kind] + size), 0, spec);
      done[kind] += size;
    }
    return tails?.empty ?? [];
  }
}
