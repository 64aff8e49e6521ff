// A pass in segments of time, for sequences that would not fit whole: only the states between segments are kept, and each
// segment goes forward again before it goes back (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").

import type { Index } from "../gpu/bound";
import { elements, matrixOf, type PlannedTensor } from "../gpu/tensor";
import { batchSpecs, batchTensors, onlyRow } from "./batch";
import { inputStage } from "./input";
import type { Layer } from "./layer";
import type { Layout } from "./pass-plan";
import { readoutStage } from "./readout";
import { createStack, lowestToLearn, stackBackward, stackForward, tensorsBetween } from "./stack";
import { stateSpecs } from "./state-specs";
import { clearStates, copyStates, rowsOf } from "./states";

/** Where a segment stands among all: one of them, or in a repeat from one on, one further or back in each run. */
interface Which {
  readonly number: number;
  readonly index?: Index;
  readonly step?: 1 | -1;
}

/** A part of something that has one for each segment, `bytes` apart. */
const partOf = ({ number, index, step = 1 }: Which, { buffer, offset }: PlannedTensor, bytes: number) => ({
  buffer,
  offset: offset + number * bytes,
  moves: index ? [{ index, bytes: step * bytes }] : [],
});

/** What a pass in segments computes in. */
export interface Segmented {
  readonly layers: readonly Layer[];
  /** o, read at every step, and its gradient: of the segment that was last gone back through, the first. */
  readonly logits: PlannedTensor;
  readonly dLogits: PlannedTensor;
  /** Adds zeros where a run adds up, and begins. */
  clear(): void;
  /**
   * Adds the way forward and back through all segments; the first begins with the states that its sweeps have.
   * @param atEnd adds what is wanted of the states that the last one ends with.
   */
  run(atEnd: () => void): void;
}

/** Lays out segments of a pass with gradients. */
export function segmented(layout: Layout): Segmented {
  const { plan, config, architecture, parameters, options, batch: whole, rowLoss, addLoss, ways } = layout;
  const { steps, batch, checkpointEvery = steps } = options;
  const { slabs, buffers } = layout.back!;
  const schedule = options.schedule === "wavefront" ? undefined : options.schedule;
  const count = steps / checkpointEvery;
  const everyStep = architecture.readout.kind === "every-step";
  const shape = { steps: checkpointEvery, batch, weights: whole.weights !== undefined };
  const {
    lossScale: _,
    tokenRows: _rows,
    ...own
  } = batchTensors(batchSpecs(config, { ...shape, rowsByToken: whole.tokenStart !== undefined }));
  if (own.tokenStart) own.tokenStart = { ...own.tokenStart, shape: [1, whole.tokenStart!.shape[1]!] }; // of all that occur
  const segment: Readonly<Record<string, PlannedTensor>> = plan.group<string>("segment", own, "uniform").tensors;
  const lengths = onlyRow(segment.lengths!);
  // What is timed before there is a batch is then as real.
  plan.fill(lengths, () => new Int32Array(batch).fill(checkpointEvery));
  const { tokenStart, tokenOrder } = segment;
  const rowsByToken = tokenStart && tokenOrder && { tokenStart: onlyRow(tokenStart), tokenOrder: onlyRow(tokenOrder) };
  const input = inputStage(plan, architecture, parameters, segment.inputs!, ways, { rowsByToken, slabs });
  const dInputs = input.learns ? plan.tensor("dInputs", [checkpointEvery, batch, architecture.input.width]) : undefined;
  const { dropped } = layout;
  const layers = createStack(plan, architecture, parameters, input.x, lengths, {
    ...{ steps: checkpointEvery, batch, schedule, rowsByToken: input.rowsByToken },
    ...{ gradients: true, continued: true, ops: ways },
    dropped: dropped && { ...dropped, step: segment.step! },
  });
  const readout = readoutStage(plan, architecture, parameters, layers.at(-1)!, ways);
  const { logits } = readout;
  const dLogits = plan.tensor("dLogits", logits.shape);
  const segmentLoss = everyStep ? plan.tensor("rowLoss", [checkpointEvery * batch]) : rowLoss;
  // At the end all sequences count, and all are in the first segment.
  const read = everyStep
    ? { targets: segment.targets!, weights: segment.weights, lengths }
    : { targets: whole.targets!, weights: whole.weights, lengths: { ...whole.lengths!, shape: [batch] } };
  const lossTensors = { ...read, lossScale: whole.lossScale!, rowLoss: segmentLoss, dLogits };
  const lowest = dInputs ? 0 : lowestToLearn(layers, slabs);
  const dOutput = lowest < layers.length ? readout.dOutput(dLogits) : undefined; // where a layer below the readout learns
  const nothing = dOutput && !everyStep ? plan.tensor("dOutput", dOutput.shape) : undefined; // zero
  const between = tensorsBetween(plan, layers, lowest);
  const firstRows = plan.tensor("firstRow", [count], { type: "u32" });
  plan.fill(firstRows, () => Uint32Array.from({ length: count }, (_, s) => s * checkpointEvery * batch));
  const stateShapes = Object.entries(stateSpecs(config, batch));
  const states: Readonly<Record<string, PlannedTensor>> = plan.group(
    "states between segments",
    Object.fromEntries(stateShapes.map(([name, { shape }]) => [name, { shape: [count, ...shape] }])),
    "copied",
  ).tensors;

  const copyAll = (which: Which, end: "initial" | "final", way: "in" | "out") => {
    const rows = (name: string) => {
      const all = states[name];
      if (!all) return undefined;
      const { stride } = rowsOf(all);
      return { stride, ...partOf(which, all, batch * stride) };
    };
    copyStates(plan, layers, end, rows, way);
  };
  const names = ["inputs", "lengths", "tokenStart", "tokenOrder", ...(everyStep ? ["targets", "weights"] : [])];
  /** Copies what a segment reads to where it reads it. */
  const enter = (which: Which) => {
    for (const name of names) {
      const [from, to] = [whole[name], segment[name]];
      if (!from || !to) continue;
      const bytes = 4 * elementsStored(to);
      plan.copy(partOf(which, from, bytes), to, bytes);
    }
    plan.copy(partOf(which, firstRows, 4), { ...segment.step!, offset: segment.step!.offset + 4 }, 4);
    copyAll(which, "initial", "in");
  };
  const forward = () => {
    input.forward();
    stackForward(plan, layers);
  };
  const back = (which: Which) => {
    enter(which);
    forward();
    const further = nothing && which.index !== undefined;
    if (!further) {
      readout.forward();
      addLoss!(plan, logits, lossTensors);
      readout.backward({ dLogits, dOutput, slabs, rowSums: ways.rowSums });
    }
    if (dOutput) stackBackward(plan, layers, further ? nothing : dOutput, slabs, dInputs, between);
    input.backward(dInputs, slabs, architecture.readout.tied);
  };
  const losses = (which: Which) => {
    const bytes = 4 * checkpointEvery * batch;
    if (everyStep) plan.copy(segmentLoss, partOf(which, rowLoss, bytes), bytes);
  };
  return {
    layers,
    logits,
    dLogits,
    clear() {
      clearStates(plan, layers);
      const carries = layers.flatMap(({ directions }) => directions.map(({ carry }) => carry!.buffer));
      for (const cleared of [...buffers, ...carries]) plan.clear({ buffer: cleared, offset: 0 }, cleared.size);
    },
    run(atEnd) {
      plan.copy(whole.step!, segment.step!, 4);
      copyAll({ number: 0 }, "initial", "out");
      if (count > 1) {
        plan.repeat(count - 1, (index) => {
          enter({ number: 0, index });
          forward();
          copyAll({ number: 1, index }, "final", "out");
        });
      }
      const last = { number: count - 1 };
      back(last);
      atEnd();
      losses(last);
      if (count === 1 || !(everyStep || dOutput)) return; // no gradient goes further back
      plan.repeat(count - 1, (index) => {
        const earlier: Which = { number: count - 2, index, step: -1 };
        back(earlier);
        losses(earlier);
      });
    },
  };
}

/** Numbers of a tensor that hold its values: all rows, without what was added at the end. */
function elementsStored(tensor: PlannedTensor): number {
  const { rows, storedWidth } = matrixOf(tensor);
  return tensor.type === "f32" && tensor.shape.length > 1 ? rows * storedWidth : elements(tensor.shape);
}
