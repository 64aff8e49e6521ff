// An encoder in front of a network's layers on a plan: what reads the source, and gives its final states to begin with.
// Loaded where there is one.

import { type PlannedTensor, roundUp } from "../gpu/tensor";
import { depthOf, type Sequence } from "../parts/architecture";
import { inputStage } from "./input";
import type { Layer } from "./layer";
import type { Layout } from "./pass-plan";
import { createStack, lowestToLearn, stackBackward, stackForward } from "./stack";
import { type StatePlace, statePlaces } from "./states";

/** An encoder over one batch; `layers` are those of the network. */
export interface EncoderStage {
  readonly layers: readonly Layer[];
  /** Whether anything of it learns. */
  readonly learns: boolean;
  /** Reads the source. */
  read(): void;
  /** Gives the layers what they begin with. */
  hand(layers: readonly Layer[]): void;
  /** Before the layers go back: nothing comes from beyond their last step. */
  clear(layers: readonly Layer[]): void;
  /** Takes what reaches the layers' initial states, and goes back through the source. */
  backward(layers: readonly Layer[]): void;
}

type Encoding = Pick<Layout, "plan" | "parameters" | "options" | "batch" | "ways"> & Partial<Pick<Layout, "back">>;

export function encoding(layout: Encoding, encoder: Sequence): EncoderStage {
  const { plan, parameters, options, batch, back, ways } = layout;
  const { sourceSteps: steps = 1, batch: rows } = options;
  const schedule = options.schedule === "wavefront" ? undefined : options.schedule;
  const { source, sourceLengths: lengths, sourceStart, sourceOrder } = batch;
  plan.fill(lengths!, () => new Int32Array(rows).fill(steps));
  const rowsByToken = sourceStart && sourceOrder && { tokenStart: sourceStart, tokenOrder: sourceOrder };
  const input = inputStage(plan, encoder, parameters, source!, rowsByToken, back?.slabs);
  const own = createStack(plan, encoder, parameters, input.x, lengths!, {
    ...{ steps, batch: rows, schedule, rowsByToken: input.rowsByToken },
    ...ways,
    ...{ gradients: back !== undefined, continued: true },
  });
  const learns = back !== undefined && (input.learns || lowestToLearn(own, back.slabs) < own.length);
  const dInputs = input.learns ? plan.tensor("dSource", [steps, rows, encoder.input.width]) : undefined;
  return {
    layers: own,
    learns,
    read() {
      input.forward();
      stackForward(plan, own);
    },
    hand(layers) {
      const initial = statePlaces(layers, "initial");
      for (const [i, from] of statePlaces(own, "final").entries()) copyRows(from, initial[i]!);
    },
    clear(layers) {
      for (const { buffer, offset, size } of learns ? carriesOf(layers) : []) plan.clear({ buffer, offset }, size);
    },
    backward(layers) {
      if (!learns) return;
      const given = carriesOf(layers);
      for (const [i, { buffer, offset, size }] of carriesOf(own).entries())
        plan.copy(given[i]!, { buffer, offset }, size);
      // Nothing reads its steps.
      const dOutput = plan.tensor("dOutput", [rows, depthOf(encoder)]);
      stackBackward(plan, own, dOutput, back!.slabs, dInputs);
      input.backward(dInputs, back!.slabs);
    },
  };

  function copyRows(from: StatePlace, to: StatePlace): void {
    plan.copy(
      { buffer: from.tensor.buffer, offset: from.offset },
      { buffer: to.tensor.buffer, offset: to.offset },
      from.rows * from.stored,
    );
  }
}

/** Of each layer, what reaches its initial states: dL/dh_0, and of what its cell keeps beside. */
const carriesOf = (layers: readonly Layer[]): { buffer: PlannedTensor["buffer"]; offset: number; size: number }[] =>
  layers.map(({ cell, directions }) => {
    const { buffer, offset, shape } = directions[0]!.carry!;
    const [, rows = 0, width = 0] = shape;
    return { buffer, offset, size: (1 + cell.states) * rows * 4 * roundUp(width, 4) };
  });
