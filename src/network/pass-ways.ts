// What of a pass few need, loaded where it is needed.

import { cellOf } from "../cells/cells";
import type { DeviceTraits } from "../gpu/traits";
import type { lengthMask } from "../ops/length-mask";
import { isScanned } from "../ops/recurrence";
import { architectureOf } from "../parts/architecture";
import type { carrying } from "./carried-state";
import type { NetworkConfig } from "./config";
import type { encoding } from "./encoder";
import type { joining } from "./joints";
import type { DropoutOps, ProjectionOps, ScanOps } from "./layer";
import type { ownInputs } from "./own-inputs";
import type { PassOptions } from "./pass-options";
import type { ValueLossOp } from "./readout";
import type { segmented } from "./segments";
import type { Stacking } from "./stack";

export interface PassWays {
  readonly segmented?: typeof segmented | undefined;
  readonly stacking?: Stacking | undefined;
  readonly dropout?: DropoutOps | undefined;
  readonly carrying?: typeof carrying | undefined;
  readonly encoding?: typeof encoding | undefined;
  readonly joining?: typeof joining | undefined;
  readonly ownInputs?: typeof ownInputs | undefined;
  readonly scan?: ScanOps | undefined;
  readonly projection?: ProjectionOps | undefined;
  readonly valueLoss?: ValueLossOp | undefined;
  readonly lengthMask?: typeof lengthMask | undefined;
}

function needsOf(config: NetworkConfig, options: PassOptions) {
  const { checkpointEvery, carryState, training, joined, ownInputs } = options;
  const { layers: own, encoder, readout, loss } = architectureOf(config);
  const layers = [...own, ...(encoder?.layers ?? [])];
  return {
    segmented: checkpointEvery !== undefined,
    dropout: training === true && layers.some(({ dropout }) => dropout > 0),
    scan: layers.some((layer) => isScanned(cellOf(layer))),
    encoding: encoder !== undefined,
    carrying: carryState === true,
    joining: joined === true,
    ownInputs: ownInputs === true,
    projection: layers.some(({ projection }) => projection !== undefined),
    valueLoss: loss.targets === "values",
    lengthMask: loss.targets === "none" && readout.kind === "every-step",
  };
}

/** @param measures whether layers one by one and at once are to be timed. */
export async function loadWays(
  traits: DeviceTraits,
  config: NetworkConfig,
  options: PassOptions,
  measures: boolean,
): Promise<PassWays> {
  const needs = needsOf(config, options);
  const { layers, encoder } = architectureOf(config);
  const several = layers.length > 1 && !encoder && !options.joined;
  const together = options.schedule === "wavefront" || (several && !options.schedule && measures);
  return {
    segmented: needs.segmented ? (await import("./segments")).segmented : undefined,
    stacking: together ? (await import("./wavefront")).wavefrontOf(traits, config, options) : undefined,
    dropout: needs.dropout ? await import("../ops/dropout") : undefined,
    carrying: needs.carrying ? (await import("./carried-state")).carrying : undefined,
    encoding: needs.encoding ? (await import("./encoder")).encoding : undefined,
    joining: needs.joining ? (await import("./joints")).joining : undefined,
    ownInputs: needs.ownInputs ? (await import("./own-inputs")).ownInputs : undefined,
    scan: needs.scan ? await import("../ops/scan") : undefined,
    projection: needs.projection ? await import("./projection") : undefined,
    valueLoss: needs.valueLoss ? (await import("../ops/value-loss")).valueLoss : undefined,
    lengthMask: needs.lengthMask ? (await import("../ops/length-mask")).lengthMask : undefined,
  };
}

/** @throws where a way is not there: without it other numbers would be computed. */
export function expectWays(config: NetworkConfig, options: PassOptions, ways: PassWays): void {
  for (const [name, needed] of Object.entries(needsOf(config, options))) {
    if (!needed || ways[name as keyof PassWays]) continue;
    throw new Error(`Pass: the way "${name}" is not loaded, expected it; pass what loadWays answers.`);
  }
}
