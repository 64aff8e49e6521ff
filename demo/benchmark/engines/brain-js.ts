// brain.js as an engine of the benchmark. It computes something else, of the same size: its own initial weights, an
// embedding below W, relu in its RNN, no cell state in its LSTM, a reset before the product in its GRU, one sequence at a
// time from a START to an END that it adds, in float64, and an RMSProp update after each.

import { recurrent } from "brain.js/browser.js";
import { devDependencies } from "../../../package.json";
import type { Engine } from "./engine";

const cells = { elman: recurrent.RNN, gru: recurrent.GRU, lstm: recurrent.LSTM };

export const brainJs: Engine = {
  engine: "brain.js",
  backend: "cpu",
  version: devDependencies["brain.js"],
  async open({ cell, shape, inputs }) {
    const { batch, steps, hidden, symbols } = shape;
    const net = new cells[cell]({
      inputSize: symbols,
      inputRange: symbols,
      outputSize: symbols,
      hiddenLayers: [hidden],
      learningRate: 1e-5, // its first steps are 32 times as long: with its own 0.01 the larger shapes end in NaN
    });
    net.initialize();
    // n tokens are n + 1 steps: from START to the first, …, from the last to END.
    const rows = Array.from({ length: batch }, (_, row) =>
      Array.from({ length: steps - 1 }, (_, t) => inputs[(t + 1) * batch + row]!),
    );
    /** Of a target. brain.js spreads the sum over two targets fewer, as a perplexity in hundredths. */
    const natsOf = (error: number) => (Math.log(100 * error) * (steps - 2)) / steps;
    return {
      async run(count) {
        return Array.from({ length: count }, () => {
          let sum = 0;
          for (const row of rows) sum += natsOf(net.trainPattern(row, true));
          return sum / batch;
        });
      },
      close() {},
    };
  },
};
