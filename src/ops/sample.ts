// Puts the choice of a next token on a plan, so that a network can read what it wrote without leaving the GPU.

import sampleShader from "../../shaders/sample.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { packUniform, uniformLayout } from "../gpu/uniform";
import { finiteCheckSource } from "./finite-check";
import { expectShape, inVec4, rowsAndWidth } from "./operands";
import { philoxSource } from "./philox";
import { sampleThreads } from "./thresholds";

interface Sample {
  /** [B, K], of each row's token at its `position` */
  logits: PlannedTensor;
  /** A uniform, of `settingsSpec`: what `sampleSettings` answers. */
  settings: PlannedTensor;
  /** u32 [B]; each run adds one, up to the last token. */
  position: PlannedTensor;
  /** i32 [tokens in all, B]: the prompt, then what was drawn */
  tokens: PlannedTensor;
  /** i32 [1, B], what the network reads next */
  next: PlannedTensor;
  /** u32 [1]: set to 1 where a logit is not finite; else it stays. */
  notFinite: PlannedTensor;
}

interface SampleSettings {
  temperature: number;
  /** 0: all */
  topK: number;
  seed: number;
  /** Tokens of the prompt. */
  prompt: number;
  /** Tokens in all. */
  room: number;
}

const layout = uniformLayout(sampleShader, { name: "settings", holds: "Settings" }, "sample");

/** What the tensor `settings` holds. */
export function sampleSettings(settings: SampleSettings): Uint32Array {
  const data = new ArrayBuffer(layout.bytes);
  packUniform(layout, { ...settings }, new DataView(data), "sample");
  return new Uint32Array(data);
}

/** A spec of `settings`. */
export const settingsSpec = { shape: [layout.bytes / 4], type: "u32" } as const;

/** Of each row tokens[position + 1] and next = the prompt's token, or one drawn from softmax(logits / temperature), as if it were alone. */
export function sample(plan: Plan, bindings: Sample): void {
  const [rows, outputs] = rowsAndWidth(bindings.logits);
  expectShape("sample", bindings.position, "[B]", [rows]);
  expectShape("sample", bindings.settings, "the settings' shape", settingsSpec.shape);
  plan.add({
    label: "draw the next token",
    kernel: {
      shader: "sample",
      source: `${finiteCheckSource}\n${philoxSource}\n${sampleShader}`,
      constants: {
        rows,
        outputs,
        width: inVec4(outputs),
        threads: plan.traits.software ? sampleThreads.processor : sampleThreads.gpu,
      },
      flags: { alone: false, noted: false },
    },
    bindings: { ...bindings },
    workgroups: [rows],
    flops: 4 * rows * outputs,
    bytes: 4 * rows * outputs,
  });
}
