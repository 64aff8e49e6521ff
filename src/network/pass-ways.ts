// What of a pass few need, loaded where it is needed.

import { cellOf } from "../cells/cells";
import type { DeviceTraits } from "../gpu/traits";
import { isScanned } from "../ops/recurrence";
import type { valueLoss } from "../ops/value-loss";
import type { carrying } from "./carried-state";
import type { NetworkConfig } from "./config";
import type { DropoutOps, ScanOps } from "./layer";
import type { PassOptions } from "./pass-options";
import type { segmented } from "./segments";
import type { Stacking } from "./stack";

export interface PassWays {
  readonly segmented?: typeof segmented | undefined;
  readonly stacking?: Stacking | undefined;
  readonly dropout?: DropoutOps | undefined;
  readonly scan?: ScanOps | undefined;
  readonly carrying?: typeof carrying | undefined;
  readonly valueLoss?: typeof valueLoss | undefined;
}

const needsOf = (config: NetworkConfig, { checkpointEvery, carryState, training }: PassOptions) => ({
  segmented: checkpointEvery !== undefined,
  dropout: training === true && config.dropout > 0,
  scan: isScanned(cellOf(config)),
  carrying: carryState === true,
  valueLoss: typeof config.loss !== "string",
});

/** @param measures whether layers one by one and at once are to be timed. */
export async function loadWays(
  traits: DeviceTraits,
  config: NetworkConfig,
  options: PassOptions,
  measures: boolean,
): Promise<PassWays> {
  const needs = needsOf(config, options);
  const together = options.schedule === "wavefront" || (config.layers > 1 && !options.schedule && measures);
  return {
    segmented: needs.segmented ? (await import("./segments")).segmented : undefined,
    stacking: together ? (await import("./wavefront")).wavefrontOf(traits, config, options) : undefined,
    dropout: needs.dropout ? await import("../ops/dropout") : undefined,
    scan: needs.scan ? await import("../ops/scan") : undefined,
    carrying: needs.carrying ? (await import("./carried-state")).carrying : undefined,
    valueLoss: needs.valueLoss ? (await import("../ops/value-loss")).valueLoss : undefined,
  };
}

/** @throws where a way is not there: without it other numbers would be computed. */
export function expectWays(config: NetworkConfig, options: PassOptions, ways: PassWays): void {
  for (const [name, needed] of Object.entries(needsOf(config, options))) {
    if (!needed || ways[name as keyof PassWays]) continue;
    throw new Error(`Pass: the way "${name}" is not loaded, expected it; pass what loadWays answers.`);
  }
}
