// How many slabs the gradients that sum over many rows are cut into. On GPUs so many that products fill the device, in half of
// a step's memory at most; on processors a few, which are to be a small part of all.

import { cellOf } from "../cells/cells";
import { layoutOf, matrixOf } from "../gpu/tensor";
import type { DeviceTraits } from "../gpu/traits";
import { inVec4, line } from "../ops/operands";
import { mostSlabs, productWorkgroups, slabsOn } from "../ops/thresholds";
import { workgroupsOfProduct } from "../ops/tile";
import { type Architecture, architectureOf } from "../parts/architecture";
import type { ParameterSpec } from "../parts/parameter-shapes";
import type { NetworkConfig } from "./config";

/** Gradients side by side that are cut into equally many slabs. */
export interface SlabRun {
  readonly names: readonly string[];
  /** Where the first lies among all, and the bytes of all of them. */
  readonly offset: number;
  readonly bytes: number;
  readonly count: number;
}

type Specs = Readonly<Record<string, ParameterSpec>>;

/** Cuts the gradients of some parameters, in their order. */
export function slabRuns(
  traits: DeviceTraits,
  config: NetworkConfig,
  specs: Specs,
  { steps, batch }: { steps: number; batch: number },
): SlabRun[] {
  const { offsets } = layoutOf(specs);
  const architecture = architectureOf(config);
  const rows = steps * batch;
  const stepBytes = 4 * rows * widthOfStep(architecture);
  const groups = traits.software ? [Object.keys(specs)] : groupsOf(Object.keys(specs));
  const gathered = gatheredOf(architecture);
  const runs: SlabRun[] = [];
  for (const names of groups) {
    const { bytes } = layoutOf(Object.fromEntries(names.map((name) => [name, specs[name]!])));
    const fewest = fewestWorkgroups(traits, names, specs, gathered, rows);
    const atEnd = architecture.readout.kind === "last-step" && names.some((name) => name.startsWith("output"));
    const { rows: ofSlab, memory } = traits.software ? slabsOn.processor : slabsOn.gpu;
    const filling = traits.software ? mostSlabs : Math.ceil(productWorkgroups / fewest);
    const wanted = Math.min((atEnd && !traits.software ? batch : rows) / ofSlab, filling);
    const room = (memory * stepBytes) / groups.length;
    const count = Math.max(1, Math.floor(Math.min(mostSlabs, wanted, room / bytes)));
    const before = runs.at(-1);
    if (before?.count === count) {
      runs[runs.length - 1] = { ...before, names: [...before.names, ...names], bytes: before.bytes + bytes };
    } else {
      runs.push({ names, offset: offsets[names[0]!] ?? 0, bytes, count });
    }
  }
  return runs;
}

/** Those of a direction of a layer, and of the readout, go together: a product sums W's gradient and b's. */
function groupsOf(names: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const of = name.includes(".") ? name.replace(/[^.]*$/, "") : name.replace(/[A-Z].*$/, "");
    groups.set(of, [...(groups.get(of) ?? []), name]);
  }
  return [...groups.values()];
}

/** Numbers of a step's tensors, of one row. */
function widthOfStep({ layers, readout }: Architecture): number {
  return layers.reduce(
    (sum, layer) => sum + layer.directions * (cellOf(layer).gates + 2) * layer.hidden,
    2 * (readout.clusters?.head ?? readout.outputs),
  );
}

/** Of the dispatches that some gradients take, uncut; where all of them are vectors, each a sum of rows, one. */
function fewestWorkgroups(
  traits: DeviceTraits,
  names: readonly string[],
  specs: Specs,
  gathered: ReadonlySet<string>,
  rows: number,
): number {
  const matrices = names.filter((name) => specs[name]!.shape.length > 1);
  const counts = matrices.map((name) => {
    const spec = specs[name]!;
    const { width } = matrixOf(spec);
    const { shape, parts = 1, rowParts = 1, layer } = spec;
    const height = shape[0]! / rowParts;
    if (gathered.has(name)) return line(traits, height * inVec4(width)).workgroups[0];
    const apart = layer && cellOf(layer).candidate ? parts : 1; // the last gate has a product of its own
    return workgroupsOfProduct(traits, height, rows, width / apart);
  });
  return counts.length === 0 ? 1 : counts.reduce((least, count) => Math.min(least, count));
}

/** Gradients that are sums over the rows of each token, and no products. */
function gatheredOf({ encoder, readout, ...own }: Architecture): Set<string> {
  const names = [encoder, own].flatMap((sequence) => {
    const { input, layers, prefix } = sequence ?? { layers: [], prefix: "" };
    if (input?.kind === "tokens") return layers[0]!.names.map((name) => `${name}inputWeight`);
    return readout.tied ? [] : [`${prefix}embeddingWeight`];
  });
  return new Set(names);
}
