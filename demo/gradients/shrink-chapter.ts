// The first chapter: how the gradient goes back, what clipping does to it, and how an LSTM keeps it.

import { element } from "../page";
import { numeral } from "../through-time/words";
import { elmanDescent, lstmDescent, worstStep } from "./descent";
import { DescentFigure } from "./descent-figure";
import type { Engine, Traced } from "./engine";
import { hidden, lastStepWork } from "./networks";
import type { Settings } from "./settings";
import { norm, spectralRadius } from "./spectrum";
import { table } from "./tables";
import { clipText, factorText, fateOf, fateText, normText, ratioText, struggleText } from "./words";

const learningRate = 0.1;
/** A step's factors are multiplied out of float32 numbers. */
const tolerance = 1e-4;

export class ShrinkChapter {
  readonly #elman = new DescentFigure(element("elman"), { state: "h", local: "the slope of tanh", recurrent: "Wʰ" });
  readonly #lstm = new DescentFigure(element("lstm"), {
    ...{ state: "c", local: "the forget gate" },
    recurrent: "the way through h and Wʰ",
  });

  async elman(engine: Engine, settings: Settings): Promise<void> {
    const work = lastStepWork("elman", settings);
    const traced = await engine.trace(work);
    const descent = elmanDescent(traced, work);
    this.#elman.show(descent);
    const verdict = element("elman-verdict");
    verdict.textContent = fateText(descent);
    verdict.dataset.fate = fateOf(descent);
    element("elman-ratio").textContent = ratioText(descent);
    element("elman-factors").textContent = factorText(descent, ["the slope of tanh", "Wʰ"]);
    element("elman-struggle").textContent = struggleText(descent);
    element("radius").textContent = numeral(spectralRadius(work.parameters["layer0.recurrentWeight"]!));
    element("rms").textContent = numeral(
      norm(traced.hidden.subarray(hidden, (settings.steps + 1) * hidden)) / Math.sqrt(settings.steps * hidden),
    );
    const worst = worstStep(descent);
    element("checked").textContent =
      worst < tolerance
        ? `✓ At every step whose gradient is a number, the two factors multiply to the ratio of the norms that the network’s way back has; the largest difference is ${numeral(worst)} of it.`
        : `✗ The factors multiply to something else than the ratio of the norms, by up to ${numeral(worst)} of it.`;
  }

  async clip(engine: Engine, settings: Settings): Promise<void> {
    const work = lastStepWork("elman", settings);
    const [traced, update] = [
      await engine.trace(work),
      await engine.update(work, { learningRate, clipNorm: settings.clip }),
    ];
    const { steps, clip } = settings;
    const part = (t: number) => addedBy(t, traced, work.batch.inputs);
    const factor = update.moved / learningRate / update.before;
    element("clip-words").textContent = clipText(update, clip, learningRate, [part(steps), part(1)]);
    const row = (name: string, value: number) => [name, normText(value), normText(value * factor)];
    element("clipping").replaceChildren(
      table(
        "dθ before and after clipping",
        ["norm", "before", "after"],
        [
          row("‖dθ‖, all parameters", update.before),
          row(`of it, what step ${steps} adds to dW, dWʰ and db`, part(steps)),
          row("of it, what step 1 adds", part(1)),
          ["‖Δθ‖, the update, of SGD with α = 0.1", normText(update.before * learningRate), normText(update.moved)],
        ],
      ),
    );
  }

  async lstm(engine: Engine, settings: Settings): Promise<void> {
    const work = lastStepWork("lstm", settings);
    const descent = lstmDescent(await engine.trace(work), work);
    this.#lstm.show(descent);
    const verdict = element("lstm-verdict");
    verdict.textContent = fateText(descent);
    verdict.dataset.fate = fateOf(descent);
    element("lstm-ratio").textContent = ratioText(descent);
    element("lstm-factors").textContent = factorText(descent, ["the forget gate", "the way through h and Wʰ"]);
  }
}

/** The norm of what a step adds to dW, dWʰ and db: each is da_t times what the step reads. */
function addedBy(t: number, { hidden: h, dHidden }: Traced, inputs: ArrayLike<number>): number {
  const at = (values: ArrayLike<number>, t: number) =>
    Array.from({ length: hidden }, (_, i) => values[t * hidden + i]!);
  const da = at(dHidden, t).map((value, i) => value * (1 - h[t * hidden + i]! ** 2));
  return norm(da) * norm([inputs[t - 1]!, ...at(h, t - 1), 1]);
}
