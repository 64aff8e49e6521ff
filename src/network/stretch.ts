// The ways through time of a pass: all steps at once, or a segment after the other.

import type { PlannedTensor } from "../gpu/tensor";
import { onlyRow } from "./batch";
import { inputStage } from "./input";
import type { Layer } from "./layer";
import type { Layout } from "./pass-plan";
import { readoutStage } from "./readout";
import type { segmented } from "./segments";
import { lowestToLearn, type Stacking } from "./stack";

/** A way through time. */
export interface Stretch {
  readonly layers: readonly Layer[];
  readonly logits: PlannedTensor;
  readonly probabilities?: PlannedTensor | undefined;
  readonly dLogits?: PlannedTensor | undefined;
  readonly dInputs?: PlannedTensor | undefined;
  /** Adds what comes before the initial states are there. */
  begin(): void;
  /** @param final adds what is done with the states at the end. */
  forward(final: () => void): void;
  backward(): void;
}

/** All steps at once. */
export function inOne(layout: Layout, { createStack, stackForward, stackBackward }: Stacking): Stretch {
  const { plan, architecture, parameters, options, batch, rowLoss, back, addLoss } = layout;
  const { ways, dropped, joints, inputs, mixed } = layout;
  const type = mixed ? "f16" : "f32";
  const { steps, batch: rows, traceGradients = false } = options;
  const schedule = options.schedule === "wavefront" ? undefined : options.schedule; // that one is in the stacking
  const { tokenStart, tokenOrder, weights } = batch;
  const lengths = onlyRow(batch.lengths!);
  // What is timed before there is a batch is then as real.
  plan.fill(lengths, () => new Int32Array(rows).fill(steps));
  const rowsByToken = tokenStart && tokenOrder && { tokenStart: onlyRow(tokenStart), tokenOrder: onlyRow(tokenOrder) };
  const input = inputStage(plan, architecture, parameters, inputs ?? batch.inputs!, ways, {
    ...{ rowsByToken, slabs: back?.slabs, type },
  });
  const encoder = architecture.encoder && ways.encoders!.encoding(layout, architecture.encoder);
  const wanted = traceGradients || (inputs && back);
  const x = [steps, rows, architecture.input.width];
  const dInputs = wanted || input.learns ? plan.tensor("dInputs", x, { type }) : undefined;
  const layers = createStack(plan, architecture, parameters, input.x, lengths, {
    ...{ steps, batch: rows, schedule, traceGradients, rowsByToken: input.rowsByToken },
    ...{ dropped, ops: ways, type },
    ...((encoder?.learns || joints) && { continued: true, reachesBeyond: true }),
    gradients: back !== undefined,
  });
  const { targets, lossScale, tails } = batch;
  const ofTails = tails && { tails, lossScale: lossScale!, weights, rowLoss };
  const readout = readoutStage(plan, architecture, parameters, layers.at(-1)!, ways, ofTails);
  const { logits } = readout;
  const { parts } = architecture.readout;
  const like = (name: string, want: unknown) => (want ? plan.tensor(name, logits.shape, { parts }) : undefined);
  const probabilities = like("probabilities", options.probabilities && architecture.loss.targets === "classes");
  const dLogits = like("dLogits", back);
  return {
    ...{ layers, logits, probabilities, dLogits, dInputs: wanted ? dInputs : undefined },
    begin() {
      encoder?.read();
      encoder?.hand(layers);
    },
    forward(final) {
      input.forward();
      stackForward(plan, layers);
      readout.forward();
      const read = { targets: targets!, weights, lengths, lossScale: lossScale! };
      addLoss?.(plan, logits, { ...read, rowLoss, probabilities, dLogits });
      final();
    },
    backward() {
      if (!back || !dLogits) return;
      const { slabs } = back;
      const reached = dInputs || lowestToLearn(layers, slabs) < layers.length;
      ways.lengthMask?.lengthMask(plan, { label: "do = 0 past the end", values: dLogits, lengths });
      const o = mixed?.scaled(dLogits) ?? dLogits;
      const dOutput = reached ? readout.dOutput(o) : undefined;
      readout.backward({ dLogits: o, dOutput, slabs, rowSums: ways.rowSums });
      encoder?.clear(layers);
      joints?.enter(layers);
      if (dOutput) stackBackward(plan, layers, dOutput, slabs, dInputs);
      input.backward(dInputs, slabs, architecture.readout.tied);
      encoder?.backward(layers);
      joints?.leave(layers);
    },
  };
}

/** A segment of time after the other, and each again on the way back. */
export function inSegments(layout: Layout, make: typeof segmented): Stretch {
  const all = make(layout);
  return {
    ...all,
    begin: all.clear,
    forward: all.run,
    backward() {}, // it goes back segment by segment
  };
}
