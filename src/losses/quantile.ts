// The quantile loss: least, in the mean, where a share q of the targets lies below the answer.

import { shown, TempogradError } from "../errors";
import { select } from "../expressions/functions";
import { defineLoss } from "./define-loss";
import type { PlainLoss } from "./loss";

const pinball = defineLoss({
  name: "quantile",
  options: { level: 0.5 },
  value({ o, y }, { level }) {
    const short = y.minus(o); // by how much the answer was too low
    return select(level.times(short), level.minus(1).times(short), short);
  },
});

/**
 * The pinball loss q·(y − o) where y > o, else (1 − q)·(o − y), whose mean is least at the q-quantile of y (Koenker and
 * Bassett 1978). Of several levels, output k answers level k modulo their number: [0.1, 0.5, 0.9] are a median and an interval
 * that 80% of the targets lie in, three outputs for each value, each with the same target.
 * @param levels one, or several in ascending order, between 0 and 1.
 * @throws where they are not.
 * @example
 * ```ts
 * import { features, gru, lastStep, Network, quantile } from "tempograd";
 *
 * const model = await Network.create(gpu, {
 *   input: features(1),
 *   layers: [gru(8)],
 *   readout: lastStep(3), // one value: its median, and an interval of 80%
 *   loss: quantile([0.1, 0.5, 0.9]),
 * });
 * console.log((await model.predict(Float32Array.of(1, 2, 3))).values);
 * model.destroy();
 * ```
 */
export function quantile(levels: number | readonly number[]): PlainLoss {
  const all = [levels].flat();
  const wrong = all.findIndex(
    (level, i) => !(typeof level === "number" && level > (i === 0 ? 0 : all[i - 1]!) && level < 1),
  );
  if (all.length === 0 || wrong >= 0) {
    const got =
      all.length === 0 ? "an empty list" : `${shown(all[wrong])}${wrong > 0 ? ` after ${all[wrong - 1]}` : ""}`;
    throw new TempogradError(
      "option",
      `quantile: levels is ${got}, expected numbers between 0 and 1, ascending; give such, as 0.5.`,
    );
  }
  return pinball({ level: all.length === 1 ? all[0]! : all });
}
