// TF.js as its users train with it: the forward pass and the loss are written, and its optimizer differentiates them.

import { add, concat, losses, matMul, type Scalar, type Tensor, type Tensor2D, train } from "@tensorflow/tfjs-core";
import type { Engine } from "./engine";
import { type LaidOut, layerOf, parameterOf, type Step, type TfjsBackend, tfjsEngine } from "./tfjs";
import { cells } from "./tfjs-cells";
import "@tensorflow/tfjs-core/dist/register_all_gradients"; // which needs what tfjs-core has set up

/**
 * In two operations: fused.matMul passes its bias's gradient through a sum over an axis of 1, a kernel a step, by which a
 * training step took four times as long on a software adapter.
 */
const through = (x: Tensor2D, weight: Tensor2D, term: Tensor) => add<Tensor2D>(matMul(x, weight), term);

function stepOf(problem: LaidOut): Step {
  const { cell, parameters, inputRows, targetRows, learningRate } = problem;
  const [V, bias] = [parameterOf<Tensor2D>(problem, "outputWeight"), parameterOf(problem, "outputBias")];
  const layer = layerOf(problem, { rowsOf: (table) => matMul(inputRows, table), through });
  const loss = () => {
    const hidden = concat(cells[cell](layer).h);
    return losses.softmaxCrossEntropy(targetRows, through(hidden, V, bias)) as Scalar;
  };
  const optimizer = train.sgd(learningRate);
  return () => optimizer.minimize(loss, true, [...parameters.values()])!;
}

export const tfjs = (backend: TfjsBackend): Engine => tfjsEngine("TF.js", backend, stepOf);
