// Puts the choice of a next token on a plan, so that a network can read what it wrote without leaving the GPU.

import sampleShader from "../../shaders/sample.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { finiteCheckSource } from "./finite-check";
import { expectShape } from "./operands";
import { philoxSource } from "./philox";

interface Sample {
  /** [1, K], of the token at `position` */
  logits: Tensor;
  /** u32 [5], a uniform: temperature (f32), top k (0: all), seed, tokens of the prompt, tokens in all */
  settings: Tensor;
  /** u32 [1]; each run adds one, up to the last token. */
  position: Tensor;
  /** i32 [tokens in all]: the prompt, then what was drawn */
  tokens: Tensor;
  /** i32, what the network reads next */
  next: Tensor;
  /** u32 [1]: set to 1 where a logit is not finite; else it stays. */
  notFinite: Tensor;
}

/** tokens[position + 1] and next = the prompt's token, or one drawn from softmax(logits / temperature). */
export function sample(plan: Plan, bindings: Sample): void {
  const outputs = bindings.logits.shape.at(-1) ?? 1;
  expectShape("sample", bindings.logits, "[1, K]", [1, outputs]);
  expectShape("sample", bindings.settings, "[5]", [5]);
  plan.add({
    label: "draw the next token",
    kernel: {
      shader: "sample",
      source: `${finiteCheckSource}\n${philoxSource}\n${sampleShader}`,
      constants: { outputs, threads: plan.gpu.software ? 4 : 64 },
      flags: { alone: false, noted: false },
    },
    bindings: { ...bindings },
    workgroups: [1],
    flops: 4 * outputs,
    bytes: 4 * outputs,
  });
}
