// Puts on a pass's plan what follows the gradients: clipping, and the optimizer's step, both only where all is finite.

import { byDefault, dispatchesOf } from "../gpu/describe";
import type { Plan } from "../gpu/plan";
import { type PlannedTensor, type TensorGroup, type TensorSpec, whole } from "../gpu/tensor";
import type { UniformLayout } from "../gpu/uniform";
import { shown } from "../network/expect";
import type { PassPlan } from "../network/pass-plan";
import type * as gradientClip from "../ops/gradient-clip";
import { type Optimizer, type OptimizerNumbers, packNumbers } from "./optimizers";
import type { TrainerOptions } from "./trainer-options";

export interface ParameterUpdate {
  /** The optimizer's, each tensor laid out as all parameters are. */
  readonly state: Readonly<Record<string, PlannedTensor>>;
  /** Where the optimizer's shader reads the numbers of a step; `pack` writes them as it has them. */
  readonly numbers: PlannedTensor;
  pack(numbers: OptimizerNumbers, into: DataView): void;
  /** All gradients as one, and, where they are clipped by norm, what adds up to ‖dθ‖² before that. */
  readonly gradient: PlannedTensor;
  readonly squares: PlannedTensor | undefined;
}

/** Room for the optimizer's numbers of a step. */
export const numbersSpec = (optimizer: Optimizer): TensorSpec => ({
  shape: [Math.max(Object.keys(optimizer.scalars(optimizer.learningRate, 1)).length, 4)],
});

/**
 * @param clip where gradients are clipped: few do, so it is loaded then.
 * @throws where an optimizer of one's own answers what is not laid out as the parameters are.
 */
export function planUpdate(
  parameters: TensorGroup,
  pass: PassPlan,
  options: TrainerOptions,
  clip: typeof gradientClip | undefined,
): ParameterUpdate {
  const { plan, batch } = pass;
  const { optimizer } = options;
  const notFinite = pass.notFinite!;
  const gradient = whole(pass.gradients!, "gradients");
  const noting = { notFinite, step: batch.tensors.step! };
  const { clipNorm, clipValue } = options;
  const squares = clipNorm === undefined ? undefined : clip!.clipNorm(plan, gradient, clipNorm, noting);
  const numbers = plan.group("numbers of a step", { update: numbersSpec(optimizer) }, "uniform").tensors.update;
  return plan.gated(notFinite, () => {
    if (clipValue !== undefined) clip!.clipValue(plan, gradient, clipValue);
    const parameter = whole(parameters, "parameters");
    const state = optimizer.add(plan, { update: numbers, gradient, parameter });
    checkState(optimizer, state, parameter);
    const layout = layoutIn(plan, numbers);
    const pack = (values: OptimizerNumbers, into: DataView) => packNumbers(optimizer, values, layout, into);
    return { state, numbers, pack, gradient, squares };
  });
}

/** What the shader that reads `numbers` has there; undefined where it is an array or a vector. */
function layoutIn(plan: Plan, numbers: PlannedTensor): UniformLayout | undefined {
  for (const { dispatch } of dispatchesOf(plan, byDefault)) {
    for (const { binding, to } of dispatch.bound) {
      if (!("buffer" in to) || to.buffer !== numbers.buffer || binding.type !== "uniform") continue;
      return /^(array|vec)/.test(binding.holds) ? undefined : dispatch.shader.uniform(binding.name);
    }
  }
  return undefined;
}

/** Sizes are checked before anything is read from there as it would be from the parameters. */
function checkState({ kind }: Optimizer, state: unknown, { size }: PlannedTensor): void {
  const operation = `Trainer.create: optimizer "${kind}"`;
  if (typeof state !== "object" || state === null) {
    throw new Error(`${operation} answers ${shown(state)} from add, expected its tensors by name; answer {} for none.`);
  }
  for (const [name, tensor] of Object.entries(state as Record<string, Partial<PlannedTensor> | undefined>)) {
    const got = tensor?.buffer ? Math.min(tensor.size ?? 0, tensor.buffer.size - (tensor.offset ?? 0)) : 0;
    if (tensor?.type === "f32" && got >= size) continue;
    throw new Error(
      `${operation} has state "${name}" of ${got} bytes and type ${shown(tensor?.type)}, expected f32 of ${size}, laid out as the parameters are; make it by plan.tensor("${name}", parameter.shape).`,
    );
  }
}
