// brain.js as an engine of the benchmark. It computes something else, of the same size: its own initial weights, an
// embedding below W, no cell state in its LSTM, relu in its RNN, the GRU's reset before the product, one sequence at a
// time from a START to an END that it adds, and an RMSProp update after each. What it learns is the same text.

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
    });
    net.initialize();
    // A sequence of n tokens takes n + 1 steps: from START to the first, …, from the last to END.
    const rows = Array.from({ length: batch }, (_, row) =>
      Array.from({ length: steps - 1 }, (_, t) => inputs[(t + 1) * batch + row]!),
    );
    /** From the perplexity that brain.js reports: 2 to the power of the bits per token but one, in hundredths. */
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
