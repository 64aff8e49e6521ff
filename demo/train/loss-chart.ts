// Draws the loss curves with uPlot, in the page's colours, light or dark.

import uPlot from "uplot";
import { chartLook } from "../chart-look";
import type { LossHistory } from "./loss-history";

const height = 320;
const leastSteps = 20;
const darkMode = matchMedia("(prefers-color-scheme: dark)");

export class LossChart {
  readonly #container: HTMLElement;
  #chart: uPlot;
  #data: uPlot.AlignedData = [[], [], [], [], []];

  constructor(container: HTMLElement) {
    this.#container = container;
    this.#chart = this.#build();
    new ResizeObserver(() => this.#chart.setSize({ width: container.clientWidth, height })).observe(container);
    darkMode.addEventListener("change", () => {
      this.#chart.destroy();
      this.#chart = this.#build();
    });
  }

  /** Shows a history beside the loss of a model that only knows frequencies. */
  show({ steps, losses, smoothed, heldOut }: LossHistory, unigramEntropy: number): void {
    this.#data = [steps, losses, smoothed, heldOut, steps.map(() => unigramEntropy)];
    this.#chart.setData(this.#data);
  }

  clear(): void {
    this.#data = [[], [], [], [], []];
    this.#chart.setData(this.#data);
  }

  #build(): uPlot {
    const { colour, axis } = chartLook();
    const value = (_: uPlot, loss: number | null) => lossText(loss);
    const options: uPlot.Options = {
      width: this.#container.clientWidth,
      height,
      scales: {
        x: { time: false, range: (_, _least, most) => [0, Math.max(most ?? 0, leastSteps)] },
        y: { range: (_, least, most) => [Math.floor(2 * (least ?? 1)) / 2, Math.ceil(2 * (most ?? 4.5)) / 2] },
      },
      axes: [
        { ...axis, label: "step", size: 32 },
        {
          ...axis,
          label: "nats a character",
          size: 44,
          values: (_, losses) => losses.map((loss) => lossText(loss, 2)),
        },
      ],
      series: [
        { label: "step", value: (_, step: number | null) => step?.toLocaleString() ?? "–" },
        { label: "training loss", stroke: colour("chart-raw"), width: 1, points: { show: false }, value },
        { label: "smoothed", stroke: colour("chart-smoothed"), width: 2.5, points: { show: false }, value },
        {
          label: "held out",
          stroke: colour("chart-held-out"),
          width: 1.5,
          spanGaps: true,
          points: { show: true, size: 7, fill: colour("chart-held-out") },
          value,
        },
        {
          label: "unigram entropy",
          stroke: colour("chart-reference"),
          width: 1.5,
          dash: [7, 5],
          points: { show: false },
          value,
        },
      ],
      cursor: { drag: { x: false, y: false }, y: false },
      legend: { markers: { width: (_, i) => [0, 1, 3, 2, 2][i]!, dash: (_, i) => (i === 4 ? "dashed" : "solid") } },
    };
    this.#container.replaceChildren();
    return new uPlot(options, this.#data, this.#container);
  }
}

/** A loss in nats, or a dash where there is none; a diverging one may be huge. */
export function lossText(loss: number | null | undefined, digits = 3): string {
  if (loss == null) return "–";
  return Math.abs(loss) < 1000 ? loss.toFixed(digits) : loss.toExponential(1);
}
