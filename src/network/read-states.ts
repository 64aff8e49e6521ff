// Reads the states that a pass ended with; loaded when it is asked for.

import type { Gpu } from "../gpu/device";
import { createTensors, readTensors } from "../gpu/tensor";
import type { Layer } from "./layer";
import { copyStates, rowsOf } from "./states";

/** States of a run, of each layer and direction: [L·D, B, H]. */
export interface States {
  /** h after the last step of each sequence; of a reverse direction, after the first. */
  finalState: Float32Array;
  /** Likewise c of an LSTM. */
  finalCellState?: Float32Array;
  /** Where gradients are traced: dL/dh_0, and of an LSTM dL/dc_0. */
  dInitialState?: Float32Array;
  dInitialCellState?: Float32Array;
}

/** Reads what the last run ended with, and the gradients of what it began with where they are traced. */
export async function readStates(gpu: Gpu, layers: readonly Layer[]): Promise<States> {
  const all = layers.flatMap(({ directions }) => directions);
  const { hidden, directions, cell } = layers[0]!;
  const [, batch = 0, width = 0] = hidden.shape;
  const spec = { shape: [all.length, batch, width / directions.length] };
  const traced = directions[0]!.dHidden !== undefined;
  const operation = "Pass.readStates";
  const { result: group, errors } = gpu.scoped(() => {
    const made = createTensors<string>(gpu, "states", {
      finalState: spec,
      ...(cell.cellState && { finalCellState: spec }),
      ...(traced && { dInitialState: spec }),
      ...(traced && cell.cellState && { dInitialCellState: spec }),
    });
    const { finalState, finalCellState, dInitialState, dInitialCellState } = made.tensors;
    const encoder = gpu.device.createCommandEncoder({ label: "states" });
    copyStates(encoder, layers, "hidden", "final", rowsOf(finalState!));
    if (finalCellState) copyStates(encoder, layers, "cellState", "final", rowsOf(finalCellState));
    const slab = batch * rowsOf(finalState!).stride;
    for (const [index, { dHidden, carry }] of all.entries()) {
      for (const [from, start, to] of [
        [dHidden, 0, dInitialState],
        [carry, slab, dInitialCellState],
      ] as const) {
        if (to)
          encoder.copyBufferToBuffer(from!.buffer, from!.offset + start, to.buffer, to.offset + index * slab, slab);
      }
    }
    gpu.device.queue.submit([encoder.finish()]);
    return made;
  });
  try {
    await gpu.expectNone(operation, errors, group.buffer.size);
    const tensors = Object.values(group.tensors);
    const values = await readTensors(gpu, tensors, operation);
    return Object.fromEntries(tensors.map(({ name }, i) => [name, values[i]])) as unknown as States;
  } finally {
    group.destroy();
  }
}
