// Puts on a pass's plan what follows the gradients: clipping, and the optimizer's step, both only where all is finite.

import { type Tensor, whole } from "../gpu/tensor";
import { shown } from "../network/config";
import type { Network } from "../network/network";
import type { Pass } from "../network/pass";
import { clipNorm, clipValue } from "../ops/gradient-clip";
import type { Optimizer } from "./optimizers";
import type { TrainerOptions } from "./trainer-options";

export interface ParameterUpdate {
  /** The optimizer's, each tensor laid out as all parameters are. */
  state: Record<string, Tensor>;
  /** All gradients as one, and, where they are clipped by norm, what adds up to ‖dθ‖² before that. */
  gradient: Tensor;
  squares: Tensor | undefined;
}

/** @throws where a custom optimizer answers what is not laid out as the parameters are. */
export function addParameterUpdate(network: Network, pass: Pass, options: TrainerOptions): ParameterUpdate {
  const { plan } = pass;
  const notFinite = pass.notFinite!;
  const noting = { notFinite, step: pass.batch.tensors.step! };
  const gradient = whole(pass.gradients!, "gradients");
  const squares = options.clipNorm === undefined ? undefined : clipNorm(plan, gradient, options.clipNorm, noting);
  return plan.gated(notFinite, () => {
    if (options.clipValue !== undefined) clipValue(plan, gradient, options.clipValue);
    const update = pass.batch.tensors.update!;
    const parameter = whole(network.parameters, "parameters");
    const state = options.optimizer.add(plan, { update, gradient, parameter });
    checkState(options.optimizer, state, parameter);
    return { state, gradient, squares };
  });
}

/** Sizes are checked before anything is read from there as it would be from the parameters. */
function checkState({ kind }: Optimizer, state: unknown, { size }: Tensor): void {
  const operation = `Trainer.create: optimizer "${kind}"`;
  if (typeof state !== "object" || state === null) {
    throw new Error(`${operation} answers ${shown(state)} from add, expected its tensors by name; answer {} for none.`);
  }
  for (const [name, tensor] of Object.entries(state as Record<string, Partial<Tensor> | undefined>)) {
    const got = tensor?.buffer ? Math.min(tensor.size ?? 0, tensor.buffer.size - (tensor.offset ?? 0)) : 0;
    if (tensor?.type === "f32" && got >= size) continue;
    throw new Error(
      `${operation} has state "${name}" of ${got} bytes and type ${shown(tensor?.type)}, expected f32 of ${size}, laid out as the parameters are; make it by plan.tensor("${name}", parameter.shape).`,
    );
  }
}
