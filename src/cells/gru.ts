// The GRU cell: gates r z n, h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}; r resets the past after its product with U_n, or before.

import { matmul, matmulTransposeB, type Numbers } from "../reference/matmul";
import {
  addOuterProduct,
  type CellDefinition,
  type CellState,
  type CellWeights,
  dSigmoid,
  dTanh,
  noCellState,
  type ReferenceCell,
  sigmoid,
} from "./cell";

type Reset = "after" | "before";

export interface GruOptions {
  /** Where the GRU's reset gate acts: after the recurrent product, as PyTorch has it, or before it. Default "after". */
  reset?: Reset;
}

/**
 * r, z and n [H] each, and m, what the candidate takes from the past:
 *
 *     after:   m = h_{t−1}·U_n + b_hn           n = tanh(a_n + r ⊙ m)
 *     before:  m = (r ⊙ h_{t−1})·U_n + b_hn     n = tanh(a_n + m)
 */
function gatesOf(
  reset: Reset,
  a: Numbers,
  { hidden: h }: CellState,
  { recurrentWeight: U, recurrentBias }: CellWeights,
) {
  const width = h.length;
  const product = matmul(h, U, 1, width, 3 * width);
  const r = product.slice(0, width).map((sum, j) => sigmoid(a[j]! + sum));
  const z = product.slice(width, 2 * width).map((sum, j) => sigmoid(a[width + j]! + sum));
  const past = reset === "after" ? product : matmul(timesHidden(r, h), U, 1, width, 3 * width);
  const m = past.slice(2 * width).map((sum, j) => sum + recurrentBias[j]!);
  const n = m.map((value, j) => Math.tanh(a[2 * width + j]! + (reset === "after" ? r[j]! : 1) * value));
  return { r, z, n, m };
}

const timesHidden = (r: Float64Array, h: Numbers) => r.map((gate, j) => gate * h[j]!);

/**
 * Source: the formula of torch.nn.GRU in PyTorch's documentation (reset "after"), and equations 5–8 of Cho et al.,
 * "Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine Translation", 2014 ("before").
 */
function reference(reset: Reset): ReferenceCell {
  return {
    gates: 3,
    states: 0,
    hasRecurrentBias: true,
    forward(a, before, weights) {
      const { z, n } = gatesOf(reset, a, before, weights);
      const h = z.map((gate, j) => (1 - gate) * n[j]! + gate * before.hidden[j]!);
      return { hidden: h, cell: noCellState };
    },
    backward(a, before, weights, dAfter, dWeights) {
      const h = before.hidden;
      const width = h.length;
      const { r, z, n, m } = gatesOf(reset, a, before, weights);
      const da = new Float64Array(3 * width);
      const dCandidate = new Float64Array(3 * width); // of (r ⊙ h)·U or of h·U: its last block is dm
      for (let j = 0; j < width; j++) {
        const dh = dAfter.hidden[j]!;
        const daN = dh * (1 - z[j]!) * dTanh(n[j]!);
        const dm = reset === "after" ? daN * r[j]! : daN;
        da[width + j] = dh * (h[j]! - n[j]!) * dSigmoid(z[j]!);
        da[2 * width + j] = daN;
        dCandidate[2 * width + j] = dm;
        dWeights.recurrentBias[j]! += dm;
      }
      const dPast = matmulTransposeB(dCandidate, weights.recurrentWeight, 1, 3 * width, width); // dL/d(h or r ⊙ h)
      for (let j = 0; j < width; j++) {
        const dr = reset === "after" ? da[2 * width + j]! * m[j]! : dPast[j]! * h[j]!;
        da[j] = dr * dSigmoid(r[j]!);
      }
      const dGates = da.map((value, j) => (j < 2 * width ? value : 0));
      addOuterProduct(dWeights.recurrentWeight, h, dGates);
      addOuterProduct(dWeights.recurrentWeight, reset === "after" ? h : timesHidden(r, h), dCandidate);
      const dHidden = matmulTransposeB(dGates, weights.recurrentWeight, 1, 3 * width, width);
      for (let j = 0; j < width; j++) {
        dHidden[j]! += dAfter.hidden[j]! * z[j]! + dPast[j]! * (reset === "after" ? 1 : r[j]!);
      }
      return { preactivation: da, hidden: dHidden, cell: noCellState };
    },
  };
}

export const gru: CellDefinition<GruOptions> = {
  choices: { reset: ["after", "before"] },
  gpu: ({ reset = "after" }) => ({
    name: "gru",
    gates: 3,
    states: 0,
    flags: {},
    unitParameters: [],
    recurrent: "full",
    passesBeside: true,
    candidate: reset === "after" ? "apart" : "second",
    pytorch: reset === "after" ? "GRU" : undefined,
  }),
};

export const gruReference = ({ reset = "after" }: GruOptions): ReferenceCell => reference(reset);
