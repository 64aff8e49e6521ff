// The cells that a network can have, by name.

import { elman } from "../ops/elman";
import { gru } from "../ops/gru";
import { lstm } from "../ops/lstm";
import type { Cell } from "../ops/recurrence";
import type { NetworkConfig } from "./config";

const cells: Record<NetworkConfig["cell"], (config: NetworkConfig) => Cell> = {
  elman: ({ activation }) => elman(activation),
  gru: ({ reset }) => gru(reset),
  lstm: () => lstm,
};

/** The cell that a configuration names. */
export const cellOf = (config: NetworkConfig): Cell => cells[config.cell](config);
