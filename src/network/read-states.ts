// Reads the states that a pass ended with; loaded when it is asked for.

import { Plan } from "../gpu/plan";
import type { Program } from "../gpu/program";
import { realise } from "../gpu/realise";
import { matrixOf, readTensors } from "../gpu/tensor";
import type { Layer } from "./layer";
import { copyStates, rowsOf } from "./states";

/** States of a run, of each layer and direction: [L·D, B, H]. */
export interface States {
  /** h after the last step of each sequence; of a reverse direction, after the first. */
  finalState: Float32Array;
  /** Likewise c of an LSTM; of a cell with S states beside h, [L·D·S, B, H]. */
  finalCellState?: Float32Array;
  /** Where gradients are traced: dL/dh_0, and of an LSTM dL/dc_0. */
  dInitialState?: Float32Array;
  dInitialCellState?: Float32Array;
}

/** Reads what the last run ended with, and the gradients of what it began with where they are traced. */
export async function readStates(pass: Program, planned: readonly Layer[]): Promise<States> {
  const { gpu } = pass;
  const layers = planned.map((layer) => onDevice(pass, layer));
  const all = layers.flatMap(({ directions }) => directions);
  const { hidden, directions, cell } = layers[0]!;
  const [, batch = 0, width = 0] = hidden.shape;
  const spec = { shape: [all.length, batch, width / directions.length] };
  const cellSpec = cell.states > 0 && { shape: [all.length * cell.states, batch, width / directions.length] };
  const traced = directions[0]!.dHidden !== undefined;
  const operation = "Pass.readStates";
  const plan = new Plan("states", gpu.traits, "use a smaller batch");
  const { tensors } = plan.group<string>("states", {
    finalState: spec,
    ...(cellSpec && { finalCellState: cellSpec }),
    ...(traced && { dInitialState: spec }),
    ...(traced && cellSpec && { dInitialCellState: cellSpec }),
  });
  const { finalState, finalCellState, dInitialState, dInitialCellState } = tensors;
  copyStates(plan, layers, "hidden", "final", rowsOf(finalState!));
  if (finalCellState) copyStates(plan, layers, "cellState", "final", rowsOf(finalCellState));
  const slab = batch * 4 * matrixOf(spec).storedWidth;
  for (const [index, { dHidden, carry }] of all.entries()) {
    for (const [from, start, to, bytes] of [
      [dHidden, 0, dInitialState, slab],
      [carry, slab, dInitialCellState, cell.states * slab],
    ] as const) {
      if (to) {
        plan.copy({ ...from!, offset: from!.offset + start }, { ...to, offset: to.offset + index * bytes }, bytes);
      }
    }
  }
  const program = await realise(plan, gpu, { operation, what: "states", owner: pass.lifetime });
  try {
    const { errors } = gpu.scoped(() => program.run());
    const read = readTensors(
      gpu,
      Object.values(tensors).map((tensor) => program.tensor(tensor)),
      operation,
    );
    const [values] = await Promise.all([read, gpu.expectNone(operation, errors)]);
    return Object.fromEntries(Object.keys(tensors).map((name, i) => [name, values[i]])) as unknown as States;
  } finally {
    program.destroy();
  }
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
