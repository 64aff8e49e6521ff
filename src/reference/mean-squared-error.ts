// Mean squared error, in float64.

import { valueLoss } from "./value-loss";

const squared = {
  reference(o: number, y: number) {
    const difference = o - y;
    return { value: difference * difference, derivative: 2 * difference };
  },
};

/** As `valueLoss`: L = Σ (o − y)² and dL/do = 2 (o − y), both times lossScale, over the rows that count. */
export const meanSquaredError = valueLoss.bind(null, squared);
