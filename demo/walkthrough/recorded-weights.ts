// The initial weights of the recording test/recordings/i-like-nlp.safetensors, row by row: with them the page computes
// the numbers that PyTorch computed.

import type { ReferenceParameters } from "../../src/index";

export const recordedSizes = { inputs: 3, hidden: 4, outputs: 3 };

const recordedRows: Readonly<Record<string, readonly (readonly number[])[]>> = {
  "layer0.inputWeight": [
    [-0.43894672, -0.32290077, -0.03908711, -0.0033326882],
    [-0.2754455, 0.056068055, 0.20836528, 0.010375172],
    [-0.2657475, -0.39055616, 0.07977626, -0.17046236],
  ],
  "layer0.recurrentWeight": [
    [0.21820614, 0.14023946, 0.42487225, 0.3449716],
    [-0.115488894, -0.3032334, 0.4996995, -0.34555206],
    [-0.4102032, 0.012447328, 0.39273027, -0.32946357],
    [-0.38254407, 0.21183814, 0.3767197, 0.4841982],
  ],
  "layer0.bias": [[0.31270555, -0.06415097, -0.08567877, -0.07159249]],
  outputWeight: [
    [0.2577617, 0.45389405, -0.31249252],
    [0.42251262, -0.18662052, -0.25674233],
    [0.464327, -0.045602307, -0.1507037],
    [-0.3239817, -0.20444793, -0.05592765],
  ],
  outputBias: [[-0.09312721, -0.21406151, 0.30359322]],
};

/** In float32, as they were recorded. */
export const recordedWeights = (): ReferenceParameters =>
  Object.fromEntries(
    Object.entries(recordedRows).map(([name, rows]) => [name, Float64Array.from(Float32Array.from(rows.flat()))]),
  );
