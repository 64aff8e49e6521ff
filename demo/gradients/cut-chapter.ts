// The second chapter: a cut every k steps, what it loses, and what a network cannot learn for it.

import { element } from "../page";
import { numeral, percent } from "../through-time/words";
import { LossCurves } from "../walkthrough/loss-curves";
import { chainPicture } from "./chain-picture";
import { cutWork, type Loss, lossOf } from "./cuts";
import { drawnIn } from "./descent-figure";
import type { Engine } from "./engine";
import { echoes, everyStepWork, teller } from "./networks";
import type { Settings } from "./settings";
import { NumberDetails, table } from "./tables";
import { cutText, normText, tenthsOf, trainingText } from "./words";

const rounds = 200;
/** Signs that an update reads, of both trainings about the same. */
const signsAtOnce = 96;

export class CutChapter {
  readonly #details = new NumberDetails();
  readonly #losses = new NumberDetails();
  readonly #curves = new LossCurves(element("losses"), [
    { label: "short", colour: "chart-held-out", dash: [6, 4] },
    { label: "long", colour: "chart-smoothed" },
  ]);
  readonly #draw: () => void;
  #shown: { loss: Loss; every: number } | undefined;
  #training = false;
  #stopping = false;

  constructor() {
    this.#draw = drawnIn(element("chain"), (width) => {
      return this.#shown && chainPicture(this.#shown.loss.lost, this.#shown.every, width);
    });
    element("cut-numbers").append(this.#details.root);
    element("train-numbers").append(this.#losses.root);
    this.#losses.root.hidden = true;
  }

  async cut(engine: Engine, settings: Settings): Promise<void> {
    const work = everyStepWork(settings);
    const every = Math.min(settings.every, settings.steps);
    const whole = await engine.trace(work);
    const loss = lossOf(whole, await engine.trace(cutWork(work, every, whole.hidden)), every, settings.steps);
    this.#shown = { loss, every };
    this.#draw();
    element("cut-words").textContent = cutText(loss, every);
    element("whole-norm").textContent = normText(loss.whole);
    element("cut-norm").textContent = normText(loss.cut);
    element("cosine").textContent = Number.isFinite(loss.cosine) ? loss.cosine.toFixed(3) : "–";
    this.#details.show(() => {
      const rows = loss.norms.map((value, i) => {
        const lost = loss.lost[i]!;
        const cut = (i + 1) % every === 0 && i + 1 < loss.norms.length ? "yes" : "no";
        return [String(i + 1), normText(value), Number.isFinite(lost) ? percent(lost) : "–", cut];
      });
      return table("What the cuts take of the gradient", ["t", "‖dL/dhₜ‖, whole", "lost", "cut behind it"], rows);
    });
  }

  /** Says what the buttons are for. */
  name({ distance }: Settings): void {
    element("short-name").textContent = String(distance);
    element("long-name").textContent = String(3 * distance);
  }

  /** Trains with a gradient that does not reach as far as the task needs, and one that does; or stops. */
  async train(engine: Engine, { distance, seed }: Settings): Promise<void> {
    if (this.#training) {
      this.#stopping = true;
      return;
    }
    this.#training = true;
    this.#stopping = false;
    const button = element("train");
    const words = element("train-words");
    button.textContent = "Stop";
    words.textContent = "Training…";
    const all: number[][] = [[], []];
    const drawing = setInterval(() => this.#curves.show(all), 100);
    const windows = [distance, 3 * distance];
    try {
      await Promise.all(
        windows.map((steps, i) => {
          const shape = { steps, batch: Math.ceil(signsAtOnce / steps), carryState: true };
          const batches = echoes({ ...shape, distance, seed });
          return engine.train({ config: teller(seed), shape, batches, learningRate: 0.01, updates: rounds }, (loss) => {
            all[i]!.push(loss);
            return !this.#stopping;
          });
        }),
      );
      const said = windows.map((steps, i) => trainingText(steps, steps > distance, all[i]!));
      words.textContent = this.#stopping ? "Stopped." : said.join(" ");
      this.#tabulate(windows, all);
    } finally {
      clearInterval(drawing);
      this.#curves.show(all);
      button.textContent = "Train both";
      this.#training = false;
    }
  }

  #tabulate(windows: readonly number[], all: readonly (readonly number[])[]): void {
    this.#losses.root.hidden = all.some(({ length }) => length < 10);
    this.#losses.show(() => {
      const tenths = all.map(tenthsOf);
      const rows = tenths[0]!.map((loss, i) => {
        const to = Math.floor(((i + 1) * all[0]!.length) / 10);
        return [`up to ${to}`, numeral(loss), numeral(tenths[1]![i]!)];
      });
      return table("Mean losses of tenths of the rounds", ["rounds", ...windows.map((k) => `k = ${k}`)], rows);
    });
  }
}
