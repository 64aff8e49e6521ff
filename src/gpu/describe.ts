// What a plan does and what it needs, counted without a device.

import { TempogradError } from "../errors";
import type { Constant } from "./bound";
import type { Choice, Dispatch, Node, Plan } from "./plan";
import { bindingAlignment, bufferSize, type PlannedBuffer, roundUp } from "./tensor";

/** One line of what a plan does. */
export interface DispatchDescription {
  readonly label: string;
  readonly kernel: string;
  readonly workgroups: readonly number[];
  readonly flops: number;
  readonly bytes: number;
  /** How often it is dispatched in a run. */
  readonly times: number;
}

/** What a plan does, dispatch by dispatch, and in all. */
export interface PlanDescription {
  readonly lines: readonly DispatchDescription[];
  readonly total: { readonly dispatches: number; readonly flops: number; readonly bytes: number };
}

/** What something needs on the GPU. */
export interface Memory {
  /** Of all buffers. */
  readonly bytes: number;
  readonly buffers: readonly { readonly label: string; readonly bytes: number }[];
}

/** Which way of a choice is taken. */
export type Chooser = (choice: Choice) => string;

export const byDefault: Chooser = ({ fallback }) => fallback;

/** The plans of the ways that are taken, those within them included, behind the plan itself. */
function* plansOf(plan: Plan, chosen: Chooser): Generator<Plan> {
  yield plan;
  for (const { node } of leaves(plan.nodes)) {
    if (node.kind === "choice") yield* plansOf(node.way(chosen(node)), chosen);
  }
}

/** What a run encodes, and choices, in order, with how often. */
export function* leaves(
  nodes: readonly Node[],
  times = 1,
): Generator<{ node: Exclude<Node, { body: unknown }>; times: number }> {
  for (const node of nodes) {
    if (node.kind === "section") yield* leaves(node.body, times);
    else if (node.kind === "repeat") yield* leaves(node.body, times * node.index.count);
    else yield { node, times };
  }
}

/** The dispatches of the ways that are taken, in order, and how often each is done in a run. */
export function* dispatchesOf(
  plan: Plan,
  chosen: Chooser,
  times = 1,
): Generator<{ dispatch: Dispatch; times: number }> {
  for (const leaf of leaves(plan.nodes, times)) {
    if (leaf.node.kind === "dispatch") yield { dispatch: leaf.node, times: leaf.times };
    else if (leaf.node.kind === "choice") yield* dispatchesOf(leaf.node.way(chosen(leaf.node)), chosen, leaf.times);
  }
}

/** The buffers, and the numbers of its own, that a plan needs. */
export function needsOf(plan: Plan, chosen: Chooser): { buffers: PlannedBuffer[]; constants: Constant[] } {
  const buffers = [...plansOf(plan, chosen)].flatMap((plan) => plan.buffers);
  const constants: Constant[] = [];
  for (const { dispatch } of dispatchesOf(plan, chosen)) {
    for (const { to } of dispatch.bound) if (!("buffer" in to)) constants.push(to);
  }
  return { buffers, constants };
}

/** Bytes from one value of a constant to the next. */
export const constantStride = ({ bytes }: Constant): number => roundUp(bytes, bindingAlignment);

/** Where each of several constants begins in one buffer, and the bytes of all. */
export function placeConstants(constants: readonly Constant[]): { offsets: number[]; bytes: number } {
  let bytes = 0;
  const offsets = constants.map((constant) => {
    const offset = bytes;
    bytes += constant.count * constantStride(constant);
    return offset;
  });
  return { offsets, bytes };
}

/** What a run does, a line a dispatch, and the totals. */
export function describe(plan: Plan, chosen: Chooser = byDefault): PlanDescription {
  const lines = [...dispatchesOf(plan, chosen)].map(({ dispatch, times }): DispatchDescription => {
    const { label, shader, workgroups, flops, bytes } = dispatch;
    return { label, kernel: shader.name, workgroups, flops, bytes, times };
  });
  const sum = (of: (line: DispatchDescription) => number) =>
    lines.reduce((total, line) => total + line.times * of(line), 0);
  const total = { dispatches: sum(() => 1), flops: sum(({ flops }) => flops), bytes: sum(({ bytes }) => bytes) };
  return { lines, total };
}

/**
 * What a plan needs, buffer by buffer.
 * @throws where all buffers together have more bytes than a number counts exactly.
 */
export function memoryOf(plan: Plan, operation: string, chosen: Chooser = byDefault): Memory {
  const { buffers, constants } = needsOf(plan, chosen);
  const all = buffers.map(({ label, size }) => ({ label, bytes: size }));
  if (constants.length > 0) all.push({ label: numbersLabel, bytes: bufferSize(placeConstants(constants).bytes) });
  let bytes = 0;
  for (const buffer of all) {
    bytes += buffer.bytes;
    if (!Number.isSafeInteger(bytes)) {
      throw new TempogradError(
        "option",
        `${operation}: with "${buffer.label}" it takes more than ${Number.MAX_SAFE_INTEGER} bytes, expected fewer; ${plan.cure}.`,
      );
    }
  }
  return { bytes, buffers: all };
}

/** What the buffer of a plan's own numbers is called. */
export const numbersLabel = "numbers";

/** Of a run: so many take 0.2 s of the processor at each run. */
export const mostDispatches = 2 ** 17;

/** Whether all of a plan is within what is allowed to any of its parts: then `expectRoom` has nothing to say. */
export function hasRoom(plan: Plan, chosen: Chooser): boolean {
  const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupsPerDimension: most } = plan.traits.limits;
  const { buffers, constants } = needsOf(plan, chosen);
  const sizes = [placeConstants(constants).bytes, ...buffers.map(({ size }) => size)];
  const bytes = sizes.reduce((sum, size) => sum + size);
  const dispatches = [...dispatchesOf(plan, chosen)];
  return (
    bytes < Number.MAX_SAFE_INTEGER - sizes.length * bindingAlignment && // sums are exact below it
    sizes.every((size) => size <= Math.min(maxBufferSize, maxStorageBufferBindingSize)) &&
    dispatches.reduce((sum, { times }) => sum + times, 0) <= mostDispatches &&
    dispatches.every(({ dispatch }) => dispatch.workgroups.every((count) => Number.isInteger(count) && count <= most))
  );
}
