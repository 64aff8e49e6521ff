// The options of a network as a file holds them, which has cells and losses that are values by their names.

import type { DefinedCell } from "../cells/define-cell";
import type { ValueLoss } from "../losses/loss";
import { type NetworkConfig, type NetworkOptions, networkConfig } from "./config";

/** What options of a file stand for that it holds by name alone. */
export interface SavedNames {
  /** Cells that `defineCell` made. */
  cells?: readonly DefinedCell[];
  /** Losses that are no names. */
  losses?: readonly ValueLoss[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws as `networkConfig` */
export function savedNetwork(options: Record<string, unknown>, { cells = [], losses = [] }: SavedNames): NetworkConfig {
  const known = (of: unknown): unknown => {
    const cell = isObject(of) ? cells.find(({ name }) => name === of.cell) : undefined;
    return cell ? { ...(of as object), cell } : of;
  };
  const withCells = (of: unknown): unknown =>
    isObject(of) && Array.isArray(of.layers) ? { ...(of as object), layers: of.layers.map(known) } : known(of);
  const loss = losses.find((loss) => loss.toJSON() === options.loss) ?? options.loss;
  const { encoder } = options;
  const said = {
    ...(withCells(options) as object),
    loss,
    ...(encoder !== undefined && { encoder: withCells(encoder) }),
  };
  return networkConfig(said as NetworkOptions);
}
