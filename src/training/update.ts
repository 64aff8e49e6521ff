// Puts on a pass's plan what follows the gradients: clipping, and the optimizer's step, both only where all is finite.

import { shown, TempogradError } from "../errors";
import { byDefault, dispatchesOf } from "../gpu/describe";
import type { Plan } from "../gpu/plan";
import {
  bindingAlignment,
  type PlannedGroup,
  type PlannedTensor,
  roundUp,
  type TensorGroup,
  type TensorSpec,
  whole,
} from "../gpu/tensor";
import type { UniformLayout } from "../gpu/uniform";
import type { PassPlan } from "../network/pass-plan";
import type * as gradientClip from "../ops/gradient-clip";
import type { Learning } from "./learning-state";
import { checkScalars, type Optimizer, type OptimizerNumbers, packNumbers } from "./optimizers";
import type { TrainerOptions } from "./trainer-options";

/** Parameters that lie one behind the other and learn at one rate: they are updated at once. */
export interface ParameterRange {
  readonly names: readonly string[];
  /** Where the first begins among all parameters. */
  readonly offset: number;
  /** The optimizer's, each tensor laid out as these parameters are. */
  readonly state: Readonly<Record<string, PlannedTensor>>;
}

export interface ParameterUpdate {
  readonly ranges: readonly ParameterRange[];
  /**
   * The optimizer's numbers of a step, for each learning rate.
   * @param learningRate of the parameters without one of their own
   * @param factor on all
   * @throws as `checkScalars`.
   */
  numbersOf(step: number, learningRate: number, factor: number): OptimizerNumbers[];
  /** Where the optimizer's shaders read them; `pack` writes them as they have them. */
  readonly numbers: PlannedTensor;
  pack(numbers: readonly OptimizerNumbers[], into: DataView): void;
  /** The gradients of all that learns as one, and, where they are clipped by norm, what adds up to ‖dθ‖² before that. */
  readonly gradient: PlannedTensor;
  readonly squares: PlannedTensor | undefined;
}

/** Room for the optimizer's numbers of a step, for each of several learning rates. */
export function numbersSpecs(optimizer: Optimizer, rates: number): Record<string, TensorSpec> {
  const shape = [Math.max(Object.keys(optimizer.scalars(optimizer.learningRate, 1)).length, 4)];
  return Object.fromEntries(Array.from({ length: rates }, (_, i) => [`update ${i}`, { shape }]));
}

/** The learning rates that there are, each once; undefined for that of the parameters without one of their own. */
export const ratesOf = ({ names, rates }: Learning): (number | undefined)[] => [
  ...new Set(names.map((name) => rates.get(name))),
];

/**
 * @param clip where gradients are clipped: few do, so it is loaded then.
 * @throws where an optimizer of one's own answers what is not laid out as the parameters are.
 */
export function planUpdate(
  parameters: TensorGroup,
  pass: PassPlan,
  options: TrainerOptions,
  learning: Learning,
  clip: typeof gradientClip | undefined,
): ParameterUpdate {
  const { plan, batch } = pass;
  const { optimizer } = options;
  const notFinite = pass.notFinite!;
  const gradient = whole(pass.gradients!, "gradients");
  const noting = { notFinite, step: batch.tensors.step! };
  const { clipNorm, clipValue } = options;
  const squares = clipNorm === undefined ? undefined : clip!.clipNorm(plan, gradient, clipNorm, noting);
  const rates = ratesOf(learning);
  const specs = numbersSpecs(optimizer, rates.length);
  const numbers = Object.values(plan.group("numbers of a step", specs, "uniform").tensors);
  return plan.gated(notFinite, () => {
    if (clipValue !== undefined) clip!.clipValue(plan, gradient, clipValue);
    const all = Object.keys(parameters.tensors);
    const ranges = rangesOf(all, learning, pass.gradientRows).map((names): ParameterRange => {
      const [first = ""] = names;
      const update = numbers[rates.indexOf(learning.rates.get(first))]!;
      const rows = pass.gradientRows[first];
      if (rows) expectSparse(optimizer, first);
      const parameter = rows ? parameters.tensors[first]! : joined(parameters, names, "parameters");
      const gradient = rows ? pass.gradients!.tensors[first]! : joined(pass.gradients!, names, "gradients");
      const state = optimizer.add(plan, { update, gradient, parameter, ...(rows && { rows }) });
      checkState(optimizer, state, parameter);
      return { names, offset: parameter.offset, state };
    });
    const layouts = numbers.map((tensor) => layoutIn(plan, tensor));
    const pack = (values: readonly OptimizerNumbers[], into: DataView) => {
      for (const [i, { offset, size }] of numbers.entries()) {
        const part = new DataView(into.buffer, into.byteOffset + offset, size);
        packNumbers(optimizer, values[i]!, layouts[i], part);
      }
    };
    const { offset, size } = numbers.at(-1)!;
    const numbersOf = (step: number, learningRate: number, factor: number) =>
      rates.map((rate = learningRate) => {
        const scalars = optimizer.scalars(rate * factor, step);
        checkScalars(optimizer, scalars, step);
        return scalars;
      });
    return { ranges, numbersOf, numbers: { ...numbers[0]!, size: offset + size }, pack, gradient, squares };
  });
}

/** @throws unless an optimizer can update some rows of a parameter alone. */
function expectSparse({ kind, sparse }: Optimizer, name: string): void {
  if (sparse) return;
  throw new TempogradError(
    "option",
    `Trainer.create: optimizer "${kind}" is not sparse and "${name}" is, expected one that updates tensors.rows alone and says sparse: true; use one of the library's, or leave sparse out of the embedding.`,
  );
}

/** The names of those that learn, cut where a frozen one, a sparse one or another learning rate comes between. */
function rangesOf(
  all: readonly string[],
  { names, rates }: Learning,
  sparse: Readonly<Record<string, unknown>>,
): string[][] {
  const ranges: string[][] = [];
  let range: string[] = [];
  for (const name of names) {
    const last = range.at(-1);
    const apart = last === undefined || sparse[last] || sparse[name] || rates.get(last) !== rates.get(name);
    const joins = !apart && all[all.indexOf(last) + 1] === name;
    if (joins) range.push(name);
    else {
      range = [name];
      ranges.push(range);
    }
  }
  return ranges;
}

/** Tensors of a group that lie one behind the other, as one: padding and what lies between included. */
function joined(group: PlannedGroup, names: readonly string[], name: string): PlannedTensor {
  const { buffer, tensors } = group;
  const { offset } = tensors[names[0]!]!;
  const last = tensors[names.at(-1)!]!;
  const size = roundUp(last.offset + last.size, bindingAlignment) - offset;
  return { name, shape: [size / 4], type: "f32", buffer, offset, size };
}

/** What the shader that reads `numbers` has there; undefined where it is an array or a vector. */
function layoutIn(plan: Plan, numbers: PlannedTensor): UniformLayout | undefined {
  for (const { dispatch } of dispatchesOf(plan, byDefault)) {
    for (const { binding, to } of dispatch.bound) {
      if (!("buffer" in to) || to.buffer !== numbers.buffer || to.offset !== numbers.offset) continue;
      if (binding.type !== "uniform") continue;
      return /^(array|vec)/.test(binding.holds) ? undefined : dispatch.shader.uniform(binding.name);
    }
  }
  return undefined;
}

/** Sizes are checked before anything is read from there as it would be from the parameters. */
function checkState({ kind }: Optimizer, state: unknown, { size }: PlannedTensor): void {
  const operation = `Trainer.create: optimizer "${kind}"`;
  if (typeof state !== "object" || state === null) {
    throw new TempogradError(
      "definition",
      `${operation} answers ${shown(state)} from add, expected its tensors by name; answer {} for none.`,
    );
  }
  for (const [name, tensor] of Object.entries(state as Record<string, Partial<PlannedTensor> | undefined>)) {
    const got = tensor?.buffer ? Math.min(tensor.size ?? 0, tensor.buffer.size - (tensor.offset ?? 0)) : 0;
    if (tensor?.type === "f32" && got >= size) continue;
    throw new TempogradError(
      "definition",
      `${operation} has state "${name}" of ${got} bytes and type ${shown(tensor?.type)}, expected f32 of ${size}, laid out as the parameters are; make it by plan.tensor("${name}", parameter.shape).`,
    );
  }
}
