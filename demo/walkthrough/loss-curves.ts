// Draws losses over rounds with uPlot, in the page's colours, light or dark.

import uPlot from "uplot";
import { chartLook } from "../chart-look";
import { maximum } from "../extremes";

const height = 260;
const darkMode = matchMedia("(prefers-color-scheme: dark)");

/** A line: its name, its colour in the style sheet, and its dashes, so that colour alone does not tell lines apart. */
export interface CurveLook {
  label: string;
  colour: string;
  dash?: number[];
}

export class LossCurves {
  readonly #container: HTMLElement;
  readonly #looks: readonly CurveLook[];
  readonly #logarithmic: boolean;
  #chart: uPlot;
  #data: uPlot.AlignedData;

  constructor(container: HTMLElement, looks: readonly CurveLook[], { logarithmic = false } = {}) {
    this.#container = container;
    this.#looks = looks;
    this.#logarithmic = logarithmic;
    this.#data = [[], ...looks.map(() => [])];
    this.#chart = this.#build();
    new ResizeObserver(() => this.#chart.setSize({ width: container.clientWidth, height })).observe(container);
    darkMode.addEventListener("change", () => {
      this.#chart.destroy();
      this.#chart = this.#build();
    });
  }

  /** Shows losses, the first before round 1. */
  show(curves: readonly (readonly number[])[]): void {
    const longest = maximum(curves.map(({ length }) => length));
    this.#data = [Array.from({ length: longest }, (_, i) => i), ...curves.map((losses) => [...losses])];
    this.#chart.setData(this.#data);
  }

  #build(): uPlot {
    const { colour, axis } = chartLook();
    const logarithmic = this.#logarithmic;
    const options: uPlot.Options = {
      width: this.#container.clientWidth,
      height,
      scales: {
        x: { time: false, range: (_, _least, most) => [0, Math.max(most ?? 0, 10)] },
        y: logarithmic ? { distr: 3 } : { range: (_, _least, most) => [0, 1.1 * Math.max(most ?? 0, 1)] },
      },
      axes: [
        { ...axis, label: "rounds", size: 32 },
        {
          ...axis,
          label: logarithmic ? "loss, logarithmic" : "loss",
          size: 48,
          ...(logarithmic && { values: (_: uPlot, ticks: (number | null)[]) => ticks.map(powerOfTen) }),
        },
      ],
      series: [
        {},
        ...this.#looks.map(({ label, colour: name, dash }) => ({
          label,
          stroke: colour(name),
          width: 2,
          points: this.#looks.length === 1 ? { size: 5 } : { show: false },
          ...(dash && { dash }),
        })),
      ],
      cursor: { show: false },
      legend: { show: false },
    };
    this.#container.replaceChildren();
    return new uPlot(options, this.#data, this.#container);
  }
}

/** Ticks between powers of ten go without a number. */
const powerOfTen = (tick: number | null): string =>
  tick !== null && Number.isInteger(Math.log10(tick)) ? String(tick) : "";
