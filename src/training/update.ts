// Puts on a pass's plan what follows the gradients: clipping, and the optimizer's step.

import type { Tensor, TensorGroup } from "../gpu/tensor";
import type { Network } from "../network/network";
import type { Pass } from "../network/pass";
import { clipNorm, clipValue } from "../ops/gradient-clip";
import type { TrainerOptions } from "./trainer-options";

export interface ParameterUpdate {
  /** The optimizer's, each tensor laid out as all parameters are. */
  state: Record<string, Tensor>;
  /** All gradients as one, and, where they are clipped by norm, what adds up to ‖dθ‖² before that. */
  gradient: Tensor;
  squares: Tensor | undefined;
}

export function addParameterUpdate(network: Network, pass: Pass, options: TrainerOptions): ParameterUpdate {
  const { plan } = pass;
  const gradient = whole(pass.gradients!, "gradients");
  const squares = options.clipNorm === undefined ? undefined : clipNorm(plan, gradient, options.clipNorm);
  if (options.clipValue !== undefined) clipValue(plan, gradient, options.clipValue);
  const update = pass.batch.tensors.update!;
  const state = options.optimizer.add(plan, { update, gradient, parameter: whole(network.parameters, "parameters") });
  return { state, gradient, squares };
}

/** All tensors of a group as one. */
function whole({ buffer }: TensorGroup, name: string): Tensor {
  return { name, shape: [buffer.size / 4], type: "f32", buffer, offset: 0, size: buffer.size };
}
