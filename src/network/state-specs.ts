// The states of a network: what each direction of each layer passes from step to step.

import { cellOf } from "../cells/cells";
import type { TensorSpec } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { NetworkConfig } from "./config";

/** h, or what a cell keeps beside it. */
export type StateKind = "hidden" | "cell";

/** A state, of one direction of one layer: [B, H], of h where it is projected [B, P]. */
export type StateSpecs = Record<string, TensorSpec & { readonly kind: StateKind }>;

/** How a state is called: of what direction, of h or beside it, and which of those. */
export const nameOfState = (direction: string, kind: StateKind, index = 0): string =>
  `${direction}${kind}${index > 0 ? index : ""}`;

/**
 * The states of a network by name, as `layer0.hidden`: all h from the lowest layer to the highest, then all that cells keep
 * beside them, `layer0.cell` and, of cells that keep more, `layer0.cell1`, …
 */
export function stateSpecs(config: NetworkConfig, batch: number): StateSpecs {
  const specs: StateSpecs = {};
  for (const kind of ["hidden", "cell"] as const) {
    for (const layer of architectureOf(config).layers) {
      const shape = [batch, kind === "hidden" ? layer.width : layer.hidden];
      const count = kind === "hidden" ? 1 : cellOf(layer).states;
      for (const name of layer.names) {
        for (let i = 0; i < count; i++) specs[nameOfState(name, kind, i)] = { shape, kind };
      }
    }
  }
  return specs;
}
