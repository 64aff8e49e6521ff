// Puts on a pass's plan what follows the gradients: clipping, and the optimizer's step.

import type { Tensor, TensorGroup } from "../gpu/tensor";
import type { Network } from "../network/network";
import type { Pass } from "../network/pass";
import { clipNorm, clipValue } from "../ops/gradient-clip";
import type { TrainerOptions } from "./trainer-options";

/** @returns the optimizer's state, each tensor laid out as all parameters are. */
export function addParameterUpdate(network: Network, pass: Pass, options: TrainerOptions): Record<string, Tensor> {
  const { plan } = pass;
  const gradient = whole(pass.gradients!, "gradients");
  if (options.clipNorm !== undefined) clipNorm(plan, gradient, options.clipNorm);
  if (options.clipValue !== undefined) clipValue(plan, gradient, options.clipValue);
  const update = pass.batch.tensors.update!;
  return options.optimizer.add(plan, { update, gradient, parameter: whole(network.parameters, "parameters") });
}

/** All tensors of a group as one. */
function whole({ buffer }: TensorGroup, name: string): Tensor {
  return { name, shape: [buffer.size / 4], type: "f32", buffer, offset: 0, size: buffer.size };
}
