// Puts on a plan what logits say of classes: the likeliest of each row, and how a target stands among them.

import classScoresShader from "../../shaders/class-scores.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, inVec4, line, rowsAndWidth } from "./operands";

interface ClassScores {
  /** [T, B, K], or [B, K] */
  logits: PlannedTensor;
  /** i32, the logits' shape without K: the class, less than K, or −1, for which class 0 stands. Of ranks and surprises. */
  targets?: PlannedTensor | undefined;
  /** i32 [rows], out, where wanted: the class of the largest logit. */
  choices?: PlannedTensor | undefined;
  /** u32 [rows], out, where wanted: how many classes are likelier than the target; 0 where that is the choice. */
  ranks?: PlannedTensor | undefined;
  /** f32 [rows], out, where wanted: −ln softmax(o)[y]. */
  surprises?: PlannedTensor | undefined;
}

/** Of logits that are alike the first is the likelier. @throws where shapes do not fit. */
export function classScores(plan: Plan, { logits, targets, choices, ranks, surprises }: ClassScores): void {
  const [rows, outputs] = rowsAndWidth(logits);
  const ofTargets = ranks !== undefined || surprises !== undefined;
  if (ofTargets && !targets) throw new Error("classScores: targets is missing, expected it with ranks or surprises.");
  if (targets) expectShape("classScores", targets, "the logits' shape without K", logits.shape.slice(0, -1));
  for (const out of [choices, ranks, surprises]) if (out) expectShape("classScores", out, "[rows]", [rows]);
  const { workgroups, ...constants } = line(plan.traits, rows);
  plan.add({
    label: "scores of classes",
    kernel: {
      shader: "class-scores",
      source: classScoresShader,
      constants: { rows, outputs, width: inVec4(outputs), ...constants },
      flags: {
        ofTargets,
        choices: choices !== undefined,
        ranks: ranks !== undefined,
        surprises: surprises !== undefined,
      },
    },
    bindings: {
      logits,
      ...(ofTargets && targets && { targets }),
      ...(choices && { choices }),
      ...(ranks && { ranks }),
      ...(surprises && { surprises }),
    },
    workgroups,
    flops: (ofTargets ? 6 : 1) * rows * outputs,
  });
}
