// The cross-entropy of softmax, of one class a row.

import { expectOptions } from "../errors";
import type { ClassLoss } from "./loss";

/** How targets count in the cross-entropy. */
export interface CrossEntropyOptions {
  /** ε: the share of each target that is spread over all classes. Default 0. */
  readonly labelSmoothing?: number;
  /** What each class counts. Default 1 each. */
  readonly classWeights?: readonly number[];
}

/** −ln softmax(o)[y], as torch.nn.CrossEntropyLoss has it. Targets are class numbers; −1 does not count. */
export function crossEntropy(options: CrossEntropyOptions = {}): ClassLoss {
  expectOptions("crossEntropy", options);
  const { labelSmoothing = 0, classWeights } = options;
  return { name: "cross-entropy", targets: "classes", labelSmoothing, ...(classWeights && { classWeights }) };
}
