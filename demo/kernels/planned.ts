// What a training pass dispatches on a device that need not be there, and which way of each choice that is.

import type { Chooser } from "../../src/gpu/describe";
import { type Choice, type Dispatch, type Node, Plan } from "../../src/gpu/plan";
import { layoutOf, PlannedBuffer, plannedTensors } from "../../src/gpu/tensor";
import type { DeviceTraits } from "../../src/gpu/traits";
import { type CellName, cellNames, networkConfig, type Precision, type Schedule } from "../../src/index";
import { planPass } from "../../src/network/pass-plan";
import { loadWays, type PassWays } from "../../src/network/pass-ways";
import { parameterShapes } from "../../src/parts/parameter-shapes";
import { networkOf, type Shape, shapes } from "../benchmark/problem";
import { devices } from "./devices";

/** What passes of each cell are made with, whatever their precision. */
const waysOf = new Map<CellName, PassWays>();
for (const cell of cellNames) {
  const config = networkConfig(networkOf(cell, shapes.M));
  const options = { steps: 1, batch: 1, gradients: true, precision: "mixed" } as const;
  waysOf.set(cell, await loadWays(devices.rtx4090.traits, config, options, false));
}

/** A training pass of one of the benchmark's networks. */
export function trainingPass(
  traits: DeviceTraits,
  cell: CellName,
  shape: Shape,
  schedule?: Schedule,
  precision: Precision = "single",
): Plan {
  const config = networkConfig(networkOf(cell, shape));
  const specs = parameterShapes(config);
  const { tensors } = plannedTensors(new PlannedBuffer("parameters", layoutOf(specs).bytes, "storage"), specs);
  const plan = new Plan("training pass", traits);
  const { steps, batch } = shape;
  const { mixed, ...ways } = waysOf.get(cell)!;
  const options = { steps, batch, gradients: true, ...(schedule && { schedule }), precision };
  planPass(plan, config, tensors, options, { ...ways, ...(precision === "mixed" && { mixed }) });
  return plan;
}

/** A dispatch, whether a repeat does it again and again, and of which choice it is a way. */
export interface Work {
  readonly dispatch: Dispatch;
  readonly repeated: boolean;
  readonly way?: { readonly topic: string; readonly name: string } | undefined;
}

export function* workOf(nodes: readonly Node[], chosen: Chooser, around?: Omit<Work, "dispatch">): Generator<Work> {
  for (const node of nodes) {
    if (node.kind === "dispatch") yield { repeated: false, ...around, dispatch: node };
    else if (node.kind === "section") yield* workOf(node.body, chosen, around);
    else if (node.kind === "repeat") yield* workOf(node.body, chosen, { ...around, repeated: true });
    else if (node.kind === "choice") {
      const name = chosen(node);
      yield* workOf(node.way(name).nodes, chosen, { repeated: false, ...around, way: { topic: node.topic, name } });
    }
  }
}

/** Whether a way is the one that is asked for, with its schedule or without. */
export const isCalled = (way: string, name: string): boolean => way === name || way.replace(/^\w+ /, "") === name;

/** Takes the way that is asked for wherever there is one, else the default; notes the names of all. */
export function choosing(name: string | undefined, seen: Set<string>): Chooser {
  return ({ names, fallback }: Choice) => {
    for (const way of names) seen.add(way);
    if (name === undefined || names.includes(name)) return name ?? fallback;
    return names.find((way) => isCalled(way, name)) ?? fallback;
  };
}

/** The workgroups of a dispatch. */
export const workgroupsOf = ({ workgroups: [x, y, z] }: Dispatch): number => x * y * z;

/** The threads of a workgroup, by the constants that the text begins with. @throws where the text has no such size. */
export function threadsOf(text: string): number {
  const [, list = ""] = /@workgroup_size\(([^)]*)\)/.exec(text) ?? [];
  const sizes = list.split(",").map((word) => {
    const constant = new RegExp(`^const ${word.trim()} = (\\d+)u;`, "m").exec(text);
    return Number(constant?.[1] ?? word.trim().replace(/u$/, ""));
  });
  const threads = sizes.reduce((product, size) => product * size, 1);
  if (!(threads >= 1)) throw new Error(`kernels: a workgroup's size is "${list}", expected numbers or constants.`);
  return threads;
}
