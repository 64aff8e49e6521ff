// The readout of adaptive softmax (Grave et al. 2017), as torch.nn.AdaptiveLogSoftmaxWithLoss has it: of all outputs.

import type { Clusters } from "../parts/adaptive";
import { logSoftmax, logSoftmaxGradient } from "./log-softmax";
import { matmul, matmulTransposeA, matmulTransposeB, type Numbers } from "./matmul";
import type { ReferenceParameters } from "./network";
import { rowSum } from "./row-sum";

/** Columns of a matrix. */
function columns(x: Numbers, width: number, first: number, count: number): Float64Array {
  const rows = x.length / width;
  return Float64Array.from({ length: rows * count }, (_, i) => x[Math.floor(i / count) * width + first + (i % count)]!);
}

/** What each cluster computes of what is read [rows, depth]. */
function clustersAt({ head: width, tails }: Clusters, parameters: ReferenceParameters, read: Numbers, depth: number) {
  const rows = read.length / depth;
  const { outputWeight, outputBias } = parameters;
  const head = logSoftmax(matmul(read, outputWeight!, rows, depth, width, outputBias), width);
  const ofTails = tails.map(({ name, width, count }) => {
    const projected = matmul(read, parameters[`${name}projectionWeight`]!, rows, depth, width);
    const x = matmul(projected, parameters[`${name}outputWeight`]!, rows, width, count);
    return { projected, out: logSoftmax(x, count) };
  });
  return { head, ofTails, rows };
}

/** o = ln ŷ [rows, outputs] of what is read. */
export function adaptiveForward(
  clusters: Clusters,
  parameters: ReferenceParameters,
  read: Numbers,
  depth: number,
  outputs: number,
): Float64Array {
  const { head: width, frequent, tails } = clusters;
  const { head, ofTails, rows } = clustersAt(clusters, parameters, read, depth);
  const logits = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < frequent; k++) logits[row * outputs + k] = head[row * width + k]!;
    for (const [i, { first, count }] of tails.entries()) {
      const ofCluster = head[row * width + frequent + i]!;
      for (let k = 0; k < count; k++) {
        logits[row * outputs + first + k] = ofCluster + ofTails[i]!.out[row * count + k]!;
      }
    }
  }
  return logits;
}

/** dL/d(what is read) of dL/do; the gradients of parameters are put into `gradients`. */
export function adaptiveBackward(
  clusters: Clusters,
  parameters: ReferenceParameters,
  read: Numbers,
  depth: number,
  outputs: number,
  dLogits: Numbers,
  gradients: ReferenceParameters,
): Float64Array {
  const { head: width, frequent, tails } = clusters;
  const { head, ofTails, rows } = clustersAt(clusters, parameters, read, depth);
  const ofClusters = tails.map(({ first, count }) => columns(dLogits, outputs, first, count));
  const dOut = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < frequent; k++) dOut[row * width + k] = dLogits[row * outputs + k]!;
    for (const [i, { count }] of tails.entries()) {
      for (let k = 0; k < count; k++) dOut[row * width + frequent + i]! += ofClusters[i]![row * count + k]!;
    }
  }
  const dHead = logSoftmaxGradient(head, dOut, width);
  const dRead = matmulTransposeB(dHead, parameters.outputWeight!, rows, width, depth);
  gradients.outputWeight = matmulTransposeA(read, dHead, depth, rows, width);
  if (parameters.outputBias) gradients.outputBias = rowSum(dHead, width);
  for (const [i, { name, count, width: inner }] of tails.entries()) {
    const [P, V] = [`${name}projectionWeight`, `${name}outputWeight`];
    const { projected, out } = ofTails[i]!;
    const dx = logSoftmaxGradient(out, ofClusters[i]!, count);
    gradients[V] = matmulTransposeA(projected, dx, inner, rows, count);
    const dProjected = matmulTransposeB(dx, parameters[V]!, rows, count, inner);
    gradients[P] = matmulTransposeA(read, dProjected, depth, rows, inner);
    const more = matmulTransposeB(dProjected, parameters[P]!, rows, inner, depth);
    for (let j = 0; j < dRead.length; j++) dRead[j]! += more[j]!;
  }
  return dRead;
}
