// One recurrent layer on a plan: its share of the forward and of the backward pass through time.

import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { biasGradient } from "../ops/bias";
import { allRows, matmul, matmulTransposeA, matmulTransposeB } from "../ops/matmul";
import type { Slabs } from "../ops/operands";
import { type Activation, recurrenceBackward, recurrenceForward, type Schedule } from "../ops/recurrence";
import { tokenGather, tokenGatherGradient } from "../ops/token-gather";

export interface Layer {
  activation: Activation;
  schedule: Schedule;
  /** Tokens, i32 [T, B], or features, [T, B, I]. */
  inputs: Tensor;
  /** i32 [B] */
  lengths: Tensor;
  /** W [I, H], U [H, H], b [H] */
  inputWeight: Tensor;
  recurrentWeight: Tensor;
  bias: Tensor;
  /** a [T, B, H] */
  preactivation: Tensor;
  /** h [T + 1, B, H], slab 0 is h_0 */
  hidden: Tensor;
}

export interface LayerGradients {
  /** dL/dh from what reads this layer: [T, B, H], or [B, H] at each sequence's last step. */
  dOutput: Tensor;
  /** da [T, B, H] */
  dPreactivation: Tensor;
  inputWeight: Slabs;
  recurrentWeight: Slabs;
  bias: Slabs;
  /** Where wanted: dL/dh_t by all paths [T + 1, B, H], and dL/dx [T, B, I]. */
  dHidden?: Tensor | undefined;
  dInputs?: Tensor | undefined;
}

/** a = x·W + b, then h_t = f(a_t + h_{t−1}·U). */
export function layerForward(plan: Plan, layer: Layer): void {
  const { inputs, inputWeight, bias, preactivation } = layer;
  const label = "a = x·W + b";
  if (inputs.type === "i32")
    tokenGather(plan, { label, tokens: inputs, weight: inputWeight, bias, out: preactivation });
  else matmul(plan, { label, a: allRows(inputs), b: inputWeight, out: preactivation, bias });
  recurrenceForward(plan, layer);
}

/** da from T back to 1, then dU = Σ h_{t−1}ᵀ·da_t, dW = Σ x_tᵀ·da_t, db = Σ da_t. */
export function layerBackward(plan: Plan, layer: Layer, gradients: LayerGradients): void {
  const { inputs, inputWeight, hidden } = layer;
  const { dPreactivation, dInputs } = gradients;
  const { activation, schedule, recurrentWeight, lengths } = layer;
  const { dOutput, dHidden } = gradients;
  recurrenceBackward(plan, {
    activation,
    schedule,
    recurrentWeight,
    lengths,
    hidden,
    dOutput,
    dPreactivation,
    dHidden,
  });
  const [steps = 0, batch = 0] = dPreactivation.shape;
  const before = { tensor: hidden, first: 0, count: steps * batch };
  matmulTransposeA(plan, {
    label: "dU = Σ h_{t−1}ᵀ·da_t",
    a: before,
    b: dPreactivation,
    out: gradients.recurrentWeight,
  });
  const label = "dW = Σ x_tᵀ·da_t";
  if (inputs.type === "i32") {
    tokenGatherGradient(plan, { label, tokens: inputs, dOut: dPreactivation, dWeight: gradients.inputWeight });
  } else {
    matmulTransposeA(plan, { label, a: allRows(inputs), b: dPreactivation, out: gradients.inputWeight });
  }
  biasGradient(plan, { label: "db = Σ da_t", dOut: dPreactivation, dBias: gradients.bias });
  if (dInputs)
    matmulTransposeB(plan, { label: "dx = da·Wᵀ", a: allRows(dPreactivation), b: inputWeight, out: dInputs });
}
