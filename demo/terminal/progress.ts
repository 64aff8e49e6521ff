// What the terminal shows while it trains: a progress line, samples above it, or one JSON object a line.

import { MultiBar } from "cli-progress";
import type { StepReport } from "../../src/index";

export interface Progress {
  step(report: StepReport): void;
  /** A line for people above the progress line. */
  say(line: string): void;
  end(): void;
}

/** Tokens a second over the last steps: exponentially averaged, so that it follows changes. */
export class Rate {
  #last = performance.now();
  #perSecond = 0;

  /** @returns the rate after `tokens` more. Steps of one submit arrive together: only elapsed time is averaged. */
  add(tokens: number): number {
    this.#pending += tokens;
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    if (seconds > 0.02) {
      const weight = this.#perSecond === 0 ? 1 : 1 - Math.exp(-seconds / 3);
      this.#perSecond += weight * (this.#pending / seconds - this.#perSecond);
      this.#pending = 0;
      this.#last = now;
    }
    return this.#perSecond;
  }
  #pending = 0;
}

/** @param tokensPerStep how many tokens a training step reads. */
export function showProgress(steps: number, tokensPerStep: number, json: boolean): Progress {
  const rate = new Rate();
  if (json) {
    return {
      step({ step, loss }) {
        console.log(JSON.stringify({ step, loss, tokensPerSecond: Math.round(rate.add(tokensPerStep)) }));
      },
      say: (line) => console.error(line),
      end() {},
    };
  }
  const bars = new MultiBar({
    format: "step {value}/{total}  loss {loss}  {rate} tokens/s  {eta_formatted} left",
    clearOnComplete: false,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 5000,
    gracefulExit: false, // Ctrl-C is the task's, to stop and save
    stream: process.stdout,
  });
  const bar = bars.create(steps, 0, { loss: "…", rate: "…" });
  let smoothed: number | undefined;
  return {
    step({ step, loss }) {
      smoothed = smoothed === undefined ? loss : 0.95 * smoothed + 0.05 * loss;
      bar.update(Math.min(step, steps), { loss: smoothed.toFixed(4), rate: Math.round(rate.add(tokensPerStep)) });
    },
    say(line) {
      if (process.stdout.isTTY) bars.log(`${line}\n`);
      else console.log(line);
    },
    end: () => bars.stop(),
  };
}
