// Files of networks as these pages and programs make them: with the cells and the loss that are no words of the library.

import { type Checkpoint, quantile, readCheckpoint, type ValueLoss } from "../../src/index";
import { definedCells } from "./cells";

/** A median, and the interval of 80% around it. */
export const forecastQuantiles: readonly number[] = [0.1, 0.5, 0.9];
export const forecastLoss = (): ValueLoss => quantile(forecastQuantiles);

/** @throws where it is no checkpoint, or of a network with another cell or loss. */
export const readOurCheckpoint = async (bytes: Uint8Array | ArrayBuffer): Promise<Checkpoint> =>
  readCheckpoint(bytes, { cells: await definedCells(), losses: [forecastLoss()] });
