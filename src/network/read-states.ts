// Reads the states that a pass ended with; loaded when it is asked for.

import { TempogradError } from "../errors";
import { Plan } from "../gpu/plan";
import type { Program } from "../gpu/program";
import { realise } from "../gpu/realise";
import { readTensors, type TypedArray } from "../gpu/tensor";
import type { Layer } from "./layer";
import type { Pass } from "./pass";
import { type StateKind, stateSpecs } from "./state-specs";
import { carryPlaces, copyStates, statesIn } from "./states";

/**
 * States of a run, of each layer and direction: [L·D, B, H], of layers of several widths one after the other, and alike of
 * what cells keep beside h.
 */
export interface States {
  /** h after the last step of each sequence; of a reverse direction, after the first. */
  finalState: Float32Array;
  /** Likewise what cells keep beside h, such as c of an LSTM. */
  finalCellState?: Float32Array;
  /** Where gradients are traced: dL/dh_0, and likewise of what cells keep beside h. */
  dInitialState?: Float32Array;
  dInitialCellState?: Float32Array;
}

/**
 * Reads what the last run ended with, and the gradients of what it began with where they are traced.
 * @param begun whether there was one
 */
export async function readStates(
  { gpu, config, program: own, options }: Pass,
  begun: boolean,
  planned: readonly Layer[],
): Promise<States> {
  if (options.checkpointEvery !== undefined) {
    throw new TempogradError(
      "option",
      "Pass.readStates: with checkpointEvery the last states are not kept; make a pass without it.",
    );
  }
  if (!begun)
    throw new TempogradError(
      "busy",
      "Pass.readStates: the pass has not run, so that there are no states; run it first.",
    );
  const layers = planned.map((layer) => onDevice(own, layer));
  const [, batch = 0] = layers[0]!.hidden.shape;
  const specs = stateSpecs(config, batch);
  const operation = "Pass.readStates";
  const plan = new Plan("states", gpu.traits, "use a smaller batch");
  const final = plan.group<string>("final states", specs).tensors;
  copyStates(plan, layers, "final", statesIn(final));
  const traced = layers.some(({ directions }) => directions[0]?.dHidden);
  const gradients = traced ? plan.group<string>("gradients of initial states", specs).tensors : {};
  for (const { name, place, bytes, traced: dHidden } of traced ? carryPlaces(layers) : []) {
    plan.copy(dHidden ?? place, gradients[name]!, bytes);
  }
  const program = await realise(plan, gpu, { operation, what: "states", owner: own.lifetime });
  try {
    const { errors } = gpu.scoped(() => program.run());
    const wanted = [...Object.values(final), ...Object.values(gradients)];
    const read = readTensors(
      gpu,
      wanted.map((tensor) => program.tensor(tensor)),
      operation,
    );
    const [values] = await Promise.all([read, gpu.expectNone(operation, errors)]);
    const joined = (tensors: object, first: number, kind: StateKind) =>
      concatenated(Object.keys(tensors).flatMap((name, i) => (specs[name]!.kind === kind ? [values[first + i]!] : [])));
    const ofBoth = (tensors: object, first: number) => [
      joined(tensors, first, "hidden"),
      joined(tensors, first, "cell"),
    ];
    const [finalState, finalCellState] = ofBoth(final, 0);
    const [dInitialState, dInitialCellState] = ofBoth(gradients, Object.keys(final).length);
    const given = { finalCellState, dInitialState, dInitialCellState };
    return { finalState: finalState!, ...Object.fromEntries(Object.entries(given).filter(([, of]) => of!.length > 0)) };
  } finally {
    program.destroy();
  }
}

function concatenated(parts: readonly TypedArray[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A layer with the tensors that its program has on the device. */
function onDevice(program: Program, layer: Layer): Layer {
  return {
    ...layer,
    hidden: program.tensor(layer.hidden),
    directions: layer.directions.map((direction) => {
      const { gate, cellState, carry, dHidden } = direction;
      return {
        ...direction,
        gate: program.tensor(gate),
        cellState: cellState && program.tensor(cellState),
        carry: carry && program.tensor(carry),
        dHidden: dHidden && program.tensor(dHidden),
      };
    }),
  };
}
