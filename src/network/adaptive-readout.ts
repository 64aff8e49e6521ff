// The readout of adaptive softmax on a plan: of all outputs, or for the way back of those alone that targets ask for. Loaded
// where there is one.

import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { elements, layoutOf } from "../gpu/tensor";
import { logSoftmax } from "../ops/log-softmax";
import { matmul, type View } from "../ops/matmul";
import type { Slabs } from "../ops/operands";
import { rowCrossEntropy } from "../ops/row-cross-entropy";
import { rowGather, rowGatherGradient } from "../ops/row-gather";
import type { Tail } from "../parts/adaptive";
import type { PlacedReadout } from "../parts/architecture";
import type { ReadoutGradients, ReadoutStage } from "./readout";
import { chunkSection, sortByTail } from "./sort-by-tail";
import { chunkSpecs, chunksOf } from "./tails";

export { sortByTail };

type Parameters = Readonly<Record<string, PlannedTensor | undefined>>;

/** What is read, and the shape of its rows. */
export interface Read {
  /** [rows, D·H] */
  readonly view: View;
  readonly rows: readonly number[];
}

/** What the way back reads of a batch, and adds its losses to. */
export interface TailTensors {
  /** As `tailsSpec`. */
  readonly tails: PlannedTensor;
  readonly lossScale: PlannedTensor;
  readonly weights: PlannedTensor | undefined;
  readonly rowLoss: PlannedTensor;
}

/** Adds what the head answers. */
function head(plan: Plan, { outputWeight, outputBias: bias }: Parameters, { view }: Read, logits: PlannedTensor): void {
  const label = `o = h·V${bias ? " + b_o" : ""} of the head`;
  matmul(plan, { label, a: view, b: { tensor: outputWeight! }, out: { tensor: logits }, ...(bias && { bias }) });
}

/** All outputs of all rows: o = ln ŷ, which softmax leaves as it is. */
export function wholeStage(
  plan: Plan,
  { clusters, outputs }: PlacedReadout,
  parameters: Parameters,
  read: Read,
): Pick<ReadoutStage, "logits" | "forward"> {
  const { head: width, tails } = clusters!;
  const [logits, ofHead] = [plan.tensor("logits", [...read.rows, outputs]), plan.tensor("head", [...read.rows, width])];
  const ofClusters = plan.tensor("clusters", [elements(read.rows) * tails.length]);
  const places = tails.map((tail) => ({
    projected: plan.tensor("h·P", [...read.rows, tail.width]),
    x: plan.tensor("tail", [...read.rows, tail.count]),
  }));
  return {
    logits,
    forward() {
      head(plan, parameters, read, ofHead);
      logSoftmax(plan, { label: "ln ŷ of the head", x: ofHead, out: logits, clusters: ofClusters });
      for (const [number, tail] of tails.entries()) {
        const { projected, x } = places[number]!;
        tailForward(plan, tail, parameters, read.view, projected, x);
        const of = { number, first: tail.first };
        logSoftmax(plan, { label: "ln ŷ of a tail", x, out: logits, clusters: ofClusters, tail: of });
      }
    },
  };
}

function tailForward(
  plan: Plan,
  { name }: Tail,
  parameters: Parameters,
  a: View,
  projected: PlannedTensor,
  x: PlannedTensor,
): void {
  const [projection, weight] = [parameters[`${name}projectionWeight`]!, parameters[`${name}outputWeight`]!];
  matmul(plan, { label: "p = h·P", a, b: { tensor: projection }, out: { tensor: projected } });
  matmul(plan, { label: "o = p·V of a tail", a: { tensor: projected }, b: { tensor: weight }, out: { tensor: x } });
}

/**
 * The head of all rows, whose loss and its gradient are a cross-entropy's; and on the way back, of each tail the rows whose
 * targets are in it: forward, their loss, and back. They are taken in chunks of a fixed size, so that memory does not grow with
 * the batch; a run leaves out the sections of those without rows, as which they would add nothing.
 */
export function learningStage(
  plan: Plan,
  { clusters }: PlacedReadout,
  parameters: Parameters,
  read: Read,
  batch: TailTensors,
): Pick<ReadoutStage, "logits" | "forward" | "backward"> {
  const { head: width, tails } = clusters!;
  const logits = plan.tensor("logits", [...read.rows, width]);
  const { size, count } = chunksOf(elements(read.rows));
  const specs = chunkSpecs(size);
  const chunk = plan.group("chunk", specs);
  const { bytes } = layoutOf(specs);
  const depth = read.view.tensor.shape.at(-1)!;
  const { parts = 1 } = read.view.tensor;
  const like = (name: string) => plan.tensor(name, [size, depth], { parts });
  const [h, dh] = [like("h of a chunk"), like("dh of a chunk")];
  const places = tails.map((tail) => ({
    projected: plan.tensor("p", [size, tail.width]),
    dProjected: plan.tensor("dp", [size, tail.width]),
    x: plan.tensor("tail", [size, tail.count]),
  }));

  function throughHead({ dLogits, dOutput, slabs, rowSums }: ReadoutGradients): void {
    const o = { tensor: dLogits };
    const v = { tensor: parameters.outputWeight! };
    if (dOutput)
      matmul(plan, { label: "dh = do·Vᵀ of the head", transpose: "b", a: o, b: v, out: { tensor: dOutput } });
    const [out, bSum] = [slabs("outputWeight"), slabs("outputBias")];
    const label = `dV = Σ h_tᵀ·do_t${bSum ? ", db_o = Σ do_t" : ""} of the head`;
    if (out) matmul(plan, { label, transpose: "a", a: read.view, b: o, out, bSum });
    else if (bSum) rowSums!.rowSum(plan, { label: "db_o = Σ do_t", x: o, sum: bSum });
  }

  /** Forward and back through a tail, of the rows of a chunk. */
  function throughTail(tail: Tail, number: number, { dOutput, slabs }: ReadoutGradients): void {
    const { projected, dProjected, x } = places[number]!;
    const { rows, targets } = chunk.tensors;
    const [first = 0] = read.view.rows ?? [];
    rowGather(plan, { label: "h of a tail's rows", x: read.view.tensor, rows, first, out: h });
    tailForward(plan, tail, parameters, { tensor: h }, projected, x);
    const { lossScale, rowLoss, weights } = batch;
    const label = "softmax, cross-entropy, do of a tail";
    rowCrossEntropy(plan, { label, logits: x, rows, targets, lossScale, rowLoss, weights });
    const [p, o] = [{ tensor: projected }, { tensor: x }];
    const [P, V] = [parameters[`${tail.name}projectionWeight`]!, parameters[`${tail.name}outputWeight`]!];
    const [dP, dV] = [slabs(`${tail.name}projectionWeight`), slabs(`${tail.name}outputWeight`)];
    const more = (out: Slabs) => ({ out: { ...out, accumulate: true } });
    if (dV) matmul(plan, { label: "dV += Σ pᵀ·do of a tail", transpose: "a", a: p, b: o, ...more(dV) });
    const dp = { tensor: dProjected };
    matmul(plan, { label: "dp = do·Vᵀ of a tail", transpose: "b", a: o, b: { tensor: V }, out: dp });
    if (dP) matmul(plan, { label: "dP += Σ hᵀ·dp", transpose: "a", a: { tensor: h }, b: dp, ...more(dP) });
    if (!dOutput) return;
    matmul(plan, { label: "dh = dp·Pᵀ", transpose: "b", a: dp, b: { tensor: P }, out: { tensor: dh } });
    rowGatherGradient(plan, { label: "dh += that of a tail's rows", dOut: dh, rows, dx: dOutput });
  }

  return {
    logits,
    forward: () => head(plan, parameters, read, logits),
    backward(gradients) {
      throughHead(gradients);
      for (const [number, tail] of tails.entries()) {
        clear(plan, [`${tail.name}projectionWeight`, `${tail.name}outputWeight`], gradients.slabs);
        for (let at = 0; at < count; at++) {
          plan.section(chunkSection(number, at), () => {
            const { buffer, offset } = batch.tails;
            plan.copy(
              { buffer, offset: offset + (number * count + at) * bytes },
              { buffer: chunk.buffer, offset: 0 },
              bytes,
            );
            throughTail(tail, number, gradients);
          });
        }
      }
    },
  };
}

/** What chunks add to begins at zero. */
function clear(plan: Plan, names: readonly string[], slabs: ReadoutGradients["slabs"]): void {
  for (const name of names) {
    const into = slabs(name);
    if (!into || into.accumulate) continue;
    const { tensor, count, strideBytes } = into;
    for (let slab = 0; slab < count; slab++) {
      plan.clear({ buffer: tensor.buffer, offset: tensor.offset + slab * strideBytes }, tensor.size);
    }
  }
}
