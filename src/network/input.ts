// What a network reads, on a plan: tokens and features as they come, tokens that are embedded by their rows of a matrix.

import type { Plan } from "../gpu/plan";
import type { ElementType, PlannedTensor } from "../gpu/tensor";
import type { Slabs } from "../ops/operands";
import type { Sequence } from "../parts/architecture";
import type { LayerOps, RowsByToken } from "./layer";

export interface InputStage {
  /** What the lowest layer reads: tokens, i32 [T, B], or x [T, B, I]. */
  readonly x: PlannedTensor;
  /** Where that is tokens whose gradient is wanted: their rows, sorted. */
  readonly rowsByToken: RowsByToken | undefined;
  /** Whether the way back needs dL/dx. */
  readonly learns: boolean;
  forward(): void;
  /**
   * @param dx dL/dx [T, B, I]; needed where it learns
   * @param tied whether the output layer has left there what it has of the gradient
   */
  backward(dx: PlannedTensor | undefined, slabs: (name: string) => Slabs | undefined, tied?: boolean): void;
}

interface InputOptions {
  /** Of tokens, where there is a way back. */
  rowsByToken?: RowsByToken | undefined;
  /** Where gradients go, where there is one. */
  slabs?: ((name: string) => Slabs | undefined) | undefined;
  /** What tokens are embedded in. */
  type?: ElementType;
}

/**
 * The input of a network over one batch.
 * @param data tokens, i32 [T, B], or features [T, B, I]
 * @param ops of tokens, where they are embedded
 */
export function inputStage(
  plan: Plan,
  { input, prefix }: Sequence,
  parameters: Readonly<Record<string, PlannedTensor | undefined>>,
  data: PlannedTensor,
  ops: LayerOps,
  { rowsByToken, slabs, type = "f32" }: InputOptions = {},
): InputStage {
  const name = `${prefix}embeddingWeight`;
  const weight = parameters[name];
  if (!weight) return { x: data, rowsByToken, learns: false, forward() {}, backward() {} };
  const x = plan.tensor("embedded", [...data.shape, input.width], { type });
  return {
    x,
    rowsByToken: undefined,
    learns: slabs?.(name) !== undefined,
    forward: () => ops.tokens!.tokenGather(plan, { label: "x = rows of the embedding", tokens: data, weight, out: x }),
    backward(dx, slabs, tied) {
      const slab = slabs(name);
      if (!slab || !dx) return;
      const dWeight = tied ? { ...slab, accumulate: true } : slab; // behind what the output layer left there
      ops.tokens!.tokenGatherGradient(plan, { label: "dE = Σ dx_t of each token", ...rowsByToken!, dOut: dx, dWeight });
    },
  };
}
