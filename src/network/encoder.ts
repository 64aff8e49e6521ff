// An encoder in front of a network's layers on a plan: what reads the source, and gives its final states to begin with.
// Loaded where there is one.

import { depthOf, type Sequence } from "../parts/architecture";
import { inputStage } from "./input";
import type { Layer } from "./layer";
import type { Layout } from "./pass-plan";
import { createStack, lowestToLearn, stackBackward, stackForward } from "./stack";
import { carryPlaces, copyStates, statePlaces } from "./states";

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

type Encoding = Pick<Layout, "plan" | "parameters" | "options" | "batch" | "ways"> &
  Partial<Pick<Layout, "back" | "dropped">>;

export function encoding(layout: Encoding, encoder: Sequence): EncoderStage {
  const { plan, parameters, options, batch, back, ways, dropped } = layout;
  const { sourceSteps: steps = 1, batch: rows } = options;
  const schedule = options.schedule === "wavefront" ? undefined : options.schedule;
  const { source, sourceLengths: lengths, sourceStart, sourceOrder } = batch;
  plan.fill(lengths!, () => new Int32Array(rows).fill(steps));
  const rowsByToken = sourceStart && sourceOrder && { tokenStart: sourceStart, tokenOrder: sourceOrder };
  const input = inputStage(plan, encoder, parameters, source!, ways, { rowsByToken, slabs: back?.slabs });
  const own = createStack(plan, encoder, parameters, input.x, lengths!, {
    ...{ steps, batch: rows, schedule, rowsByToken: input.rowsByToken },
    ...{ dropped, ops: ways },
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
      const begins = new Map(statePlaces(layers, "initial").map((place) => [place.name, place]));
      copyStates(plan, own, "final", (name) => {
        const { tensor, offset, stride } = begins.get(name.slice(encoder.prefix.length))!;
        return { buffer: tensor.buffer, offset, stride };
      });
    },
    clear(layers) {
      for (const { place, bytes } of learns ? carryPlaces(layers) : []) plan.clear(place, bytes);
    },
    backward(layers) {
      if (!learns) return;
      const given = carryPlaces(layers);
      for (const [i, { place, bytes }] of carryPlaces(own).entries()) plan.copy(given[i]!.place, place, bytes);
      // Nothing reads its steps.
      const dOutput = plan.tensor("dOutput", [rows, depthOf(encoder)]);
      stackBackward(plan, own, dOutput, back!.slabs, dInputs);
      input.backward(dInputs, back!.slabs);
    },
  };
}
