// What of a pass not all need, loaded where it is needed.

import { isScanned } from "../cells/cell";
import { cellOf, loadCells } from "../cells/cells";
import type { DeviceTraits } from "../gpu/traits";
import { architectureOf } from "../parts/architecture";
import type { NetworkConfig } from "./config";
import type { LayerOps } from "./layer";
import type { PassOptions } from "./pass-options";
import type { Stacking } from "./stack";

const modules = {
  recurrence: () => import("../ops/recurrence"),
  scan: () => import("../ops/scan"),
  tokens: () => import("../ops/token-gather"),
  dropout: () => import("../ops/dropout"),
  projection: () => import("./projection"),
  trainable: () => import("./trainable"),
  gradients: () => import("./gradient-slabs"),
  rowSums: () => import("../ops/row-sum"),
  classLoss: () => import("../ops/softmax-cross-entropy"),
  valueLoss: () => import("../ops/value-loss"),
  segments: () => import("./segments"),
  states: () => import("./states"),
  carriedState: () => import("./carried-state"),
  encoders: () => import("./encoder"),
  joints: () => import("./joints"),
  mixed: () => import("./mixed"),
  lengthMask: () => import("../ops/length-mask"),
  bareReadout: () => import("./bare-readout"),
  adaptive: () => import("./adaptive-readout"),
};

type Way = keyof typeof modules;
type Loaded = { readonly [Name in Way]?: Awaited<ReturnType<(typeof modules)[Name]>> | undefined };

/** The modules that were loaded, the cells, and the way through the layers where it is not one by one. */
export interface PassWays extends Loaded, Pick<LayerOps, "cellOf"> {
  readonly stacking?: Stacking | undefined;
}

function needsOf(config: NetworkConfig, options: PassOptions): Way[] {
  const { input, layers: own, encoder, readout, loss } = architectureOf(config);
  const layers = [...own, ...(encoder?.layers ?? [])];
  const needs: Record<Way, boolean | undefined> = {
    recurrence: layers.some((layer) => !isScanned(cellOf(layer))),
    scan: layers.some((layer) => isScanned(cellOf(layer))),
    tokens: input.tokens !== undefined || encoder?.input.tokens !== undefined,
    dropout: options.training && layers.some(({ dropout }) => dropout > 0),
    projection: layers.some(({ projection }) => projection !== undefined),
    trainable: options.trainable !== undefined,
    gradients: options.gradients || options.traceGradients,
    rowSums: options.gradients || options.traceGradients,
    classLoss: loss.targets === "classes",
    valueLoss: loss.targets === "values",
    segments: options.checkpointEvery !== undefined,
    states: options.initialState || options.carryState,
    carriedState: options.carryState,
    encoders: encoder !== undefined,
    joints: options.joined,
    mixed: options.precision === "mixed",
    lengthMask: loss.targets === "none" && readout.kind === "every-step",
    bareReadout: readout.bare,
    adaptive: readout.clusters !== undefined,
  };
  return (Object.keys(needs) as Way[]).filter((name) => needs[name]);
}

/** @param measures whether layers one by one and at once are to be timed. */
export async function loadWays(
  traits: DeviceTraits,
  config: NetworkConfig,
  options: PassOptions,
  measures: boolean,
): Promise<PassWays> {
  const { layers, encoder } = architectureOf(config);
  const several = layers.length > 1 && !encoder && !options.joined && options.precision !== "mixed";
  const together = options.schedule === "wavefront" || (several && !options.schedule && measures);
  const [cellOf, wavefront, ...loaded] = await Promise.all([
    loadCells([...layers, ...(encoder?.layers ?? [])]),
    together ? import("./wavefront") : undefined,
    ...needsOf(config, options).map(async (name) => [name, await modules[name]()]),
  ]);
  return { cellOf, stacking: wavefront?.wavefrontOf(traits, config, options), ...Object.fromEntries(loaded) };
}

/** @throws where a way is not there: without it other numbers would be computed. */
export function expectWays(config: NetworkConfig, options: PassOptions, ways: PassWays): void {
  for (const name of needsOf(config, options)) {
    if (ways[name]) continue;
    throw new Error(`Pass: the way "${name}" is not loaded, expected it; pass what loadWays answers.`);
  }
}
