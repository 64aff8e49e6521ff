// A pass in segments of time, for sequences that would not fit whole: only the states between segments are kept, and each
// segment goes forward again before it goes back (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").

import type { Index, Plan } from "../gpu/plan";
import { elements, matrixOf, type PlannedTensor } from "../gpu/tensor";
import type { SweepSchedule } from "../ops/recurrence";
import { type BatchShape, batchSpecs, onlyRow, stateSpecs } from "./batch";
import type { NetworkConfig } from "./config";
import type { gradientSlabs } from "./gradient-slabs";
import type { DropoutOps, Layer, ScanOps } from "./layer";
import { outputLayer, type Readout, readoutBackward, readoutForward, weighting } from "./readout";
import { createStack, stackBackward, stackForward, tensorsBetween } from "./stack";
import { copyStates, rowsOf } from "./states";

interface SegmentOptions extends BatchShape {
  checkpointEvery: number;
  schedule: SweepSchedule | undefined;
  dropout: DropoutOps | undefined;
  scan: ScanOps | undefined;
  valueLoss: Readout["valueLoss"];
}

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
  /** Adds zeros where a run adds up. */
  clear(): void;
  /**
   * Adds the way forward and back through all segments; the first begins with the states that its sweeps have.
   * @param atEnd adds what is wanted of the states that the last one ends with.
   */
  run(atEnd: () => void): void;
}

/**
 * Lays out segments.
 * @param batchTensors of the whole batch, as `batchSpecs` has them
 * @param rowLoss [rows of the whole], out
 * @param gradients where they are added up.
 */
export function segmented(
  plan: Plan,
  config: NetworkConfig,
  parameters: Readonly<Record<string, PlannedTensor>>,
  batchTensors: Readonly<Record<string, PlannedTensor>>,
  { steps, batch, checkpointEvery, schedule, dropout, scan, valueLoss }: SegmentOptions,
  rowLoss: PlannedTensor,
  { slabs, buffer }: Pick<ReturnType<typeof gradientSlabs>, "slabs" | "buffer">,
): Segmented {
  const count = steps / checkpointEvery;
  const everyStep = config.readout === "every-step";
  const specs = batchSpecs(config, { steps: checkpointEvery, batch, rowsByToken: true });
  const { lossScale: _, ...own } = specs;
  const segment: Readonly<Record<string, PlannedTensor>> = plan.group<string>("segment", { ...own }, "uniform").tensors;
  const lengths = onlyRow(segment.lengths!);
  // What is timed before there is a batch is then as real.
  plan.fill(lengths, () => new Int32Array(batch).fill(checkpointEvery));
  const { tokenStart, tokenOrder } = segment;
  const layers = createStack(plan, config, parameters, segment.inputs!, lengths, {
    steps: checkpointEvery,
    batch,
    schedule,
    gradients: true,
    scan,
    continued: true,
    dropped: dropout && { ops: dropout, step: segment.step! },
    rowsByToken: tokenStart && tokenOrder && { tokenStart: onlyRow(tokenStart), tokenOrder: onlyRow(tokenOrder) },
  });
  const output = outputLayer(plan, config, parameters, layers.at(-1)!);
  const { logits } = output;
  const dLogits = plan.tensor("dLogits", logits.shape);
  const segmentLoss = everyStep ? plan.tensor("rowLoss", [checkpointEvery * batch]) : rowLoss;
  const readout = {
    ...output,
    targets: everyStep ? segment.targets! : batchTensors.targets!,
    // At the end all sequences count, and all are in the first segment.
    lengths: everyStep ? lengths : { ...batchTensors.lengths!, shape: [batch] },
    lossScale: batchTensors.lossScale!,
    weighting: weighting(plan, config),
    valueLoss,
    rowLoss: segmentLoss,
    dLogits,
  };
  const dOutput = plan.tensor("dOutput", [...logits.shape.slice(0, -1), config.hidden]);
  const nothing = everyStep ? undefined : plan.tensor("dOutput", dOutput.shape); // zero
  const between = tensorsBetween(plan, layers);
  const firstRows = plan.tensor("firstRow", [count], { type: "u32" });
  plan.fill(firstRows, () => Uint32Array.from({ length: count }, (_, s) => s * checkpointEvery * batch));
  const stateShapes = Object.entries(stateSpecs(config, batch));
  const states: Readonly<Record<string, PlannedTensor>> = plan.group(
    "states between segments",
    Object.fromEntries(stateShapes.map(([name, { shape }]) => [name, { shape: [count, ...shape] }])),
    "copied",
  ).tensors;

  const copyAll = (which: Which, end: "initial" | "final", way: "in" | "out") => {
    for (const [kind, name] of [
      ["hidden", "initialState"],
      ["cellState", "initialCellState"],
    ] as const) {
      const all = states[name];
      if (!all) continue;
      const rows = rowsOf(all);
      const bytes = elements(all.shape.slice(1, -1)) * rows.stride;
      copyStates(plan, layers, kind, end, { ...rows, ...partOf(which, all, bytes) }, way);
    }
  };
  const names = ["inputs", "lengths", "tokenStart", "tokenOrder", ...(everyStep ? ["targets"] : [])];
  /** Copies what a segment reads to where it reads it. */
  const enter = (which: Which) => {
    for (const name of names) {
      const [from, to] = [batchTensors[name], segment[name]];
      if (!from || !to) continue;
      const bytes = 4 * elementsStored(to);
      plan.copy(partOf(which, from, bytes), to, bytes);
    }
    plan.copy(partOf(which, firstRows, 4), { ...segment.step!, offset: segment.step!.offset + 4 }, 4);
    copyAll(which, "initial", "in");
  };
  const back = (which: Which) => {
    enter(which);
    stackForward(plan, layers);
    if (nothing && which.index) stackBackward(plan, layers, nothing, slabs, undefined, between);
    else {
      readoutForward(plan, config.loss, readout);
      const ofOutput = { outputWeight: slabs("outputWeight"), outputBias: slabs("outputBias") };
      readoutBackward(plan, readout, { dLogits, dOutput, ...ofOutput });
      stackBackward(plan, layers, dOutput, slabs, undefined, between);
    }
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
      const carries = layers.flatMap(({ directions }) => directions.map(({ carry }) => carry!.buffer));
      for (const cleared of [buffer, ...carries]) plan.clear({ buffer: cleared, offset: 0 }, cleared.size);
    },
    run(atEnd) {
      plan.copy(batchTensors.step!, segment.step!, 4);
      copyAll({ number: 0 }, "initial", "out");
      if (count > 1) {
        plan.repeat(count - 1, (index) => {
          enter({ number: 0, index });
          stackForward(plan, layers);
          copyAll({ number: 1, index }, "final", "out");
        });
      }
      const last = { number: count - 1 };
      back(last);
      atEnd();
      losses(last);
      if (count === 1) return;
      plan.repeat(count - 1, (index) => {
        const earlier: Which = { number: count - 2, index, step: -1 };
        back(earlier);
        losses(earlier);
      });
    },
  };
}

/** Numbers of a tensor that hold its values: all rows, without those that were added at the end. */
function elementsStored(tensor: PlannedTensor): number {
  const { rows, storedWidth } = matrixOf(tensor);
  return tensor.type === "f32" ? rows * storedWidth : elements(tensor.shape);
}
