// One chart of the runs, drawn with uPlot in the page's colours, light or dark.

import uPlot from "uplot";
import { chartLook } from "../chart-look";
import type { CurveName } from "../workshop/history";
import type { Run } from "./runs";

type Curves = Pick<Run, "name" | "look" | "history">;

/** A curve of each run, and how it is drawn. */
interface Part {
  curve: CurveName;
  as: "faint" | "line" | "points";
}

export interface ChartOptions {
  label: string;
  height: number;
  parts: readonly Part[];
  /** A number as the axis has it. */
  text: (value: number) => string;
  log?: boolean;
  /** The least that the axis must show, and the most that there can be. */
  from?: number;
  most?: number;
}

const leastSteps = 20;
/** Of each look: with the colours, so that no run is told by colour alone. In CSS pixels. */
export const dashes: readonly number[][] = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 2]];

export class Chart {
  readonly #container: HTMLElement;
  readonly #options: ChartOptions;
  readonly #onPoint: (step: number | undefined) => void;
  #chart: uPlot | undefined;
  /** What the chart was built for, and what it shows of it. */
  #built = "";
  #shown: unknown[] = [];
  #runs: readonly Curves[] = [];
  #baseline: number | undefined;

  /** @param onPoint called with the step under the pointer. */
  constructor(container: HTMLElement, options: ChartOptions, onPoint: (step: number | undefined) => void) {
    this.#container = container;
    this.#options = options;
    this.#onPoint = onPoint;
    new ResizeObserver(() => this.#chart?.setSize(this.#size)).observe(container);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#built = "";
      this.show(this.#runs, this.#baseline);
    });
  }

  /** @param baseline a line across. */
  show(runs: readonly Curves[], baseline?: number): void {
    this.#runs = runs;
    this.#baseline = baseline;
    const shown = [baseline, ...runs.flatMap(({ history }) => [history, history.additions])];
    const key = JSON.stringify([runs.map(({ name, look }) => [name, look]), baseline === undefined]);
    const same = shown.length === this.#shown.length && shown.every((each, i) => each === this.#shown[i]);
    if (this.#chart && key === this.#built && same) return;
    this.#shown = shown;
    const data = this.#data();
    if (this.#chart && key === this.#built) {
      this.#chart.setData(data);
      return;
    }
    this.#built = key;
    this.#chart?.destroy();
    this.#chart = this.#build(data);
  }

  /** The chart as it is drawn now. */
  get canvas(): HTMLCanvasElement | undefined {
    return this.#chart?.ctx.canvas;
  }

  get #size() {
    return { width: this.#container.clientWidth, height: this.#options.height };
  }

  #data(): uPlot.AlignedData {
    const { parts } = this.#options;
    const tables = this.#runs.map(
      ({ history }) => [history.steps, ...parts.map(({ curve }) => history.curves[curve])] as uPlot.AlignedData,
    );
    if (tables.length === 0) return [[], []];
    const joined = uPlot.join(tables);
    const steps = joined[0] as number[];
    return this.#baseline === undefined ? joined : ([...joined, steps.map(() => this.#baseline!)] as uPlot.AlignedData);
  }

  #build(data: uPlot.AlignedData): uPlot {
    const { label, text, log, from, most: limit } = this.#options;
    const { colour, axis } = chartLook();
    const series = this.#runs.flatMap(({ look }) => this.#options.parts.map(({ as }) => seriesOf(as, look, colour)));
    if (this.#baseline !== undefined) {
      series.push({ stroke: colour("chart-reference"), width: 1.5, dash: [7, 5], points: { show: false } });
    }
    const options: uPlot.Options = {
      ...this.#size,
      padding: [10, 24, 0, 0], // half of a number of steps stands past the last of them
      scales: {
        x: { time: false, range: (_, _least, most) => [0, Math.max(most ?? 0, leastSteps)] },
        y: log
          ? { distr: 3, range: (_, least, most) => decadesOf(least, most) }
          : { range: (_, least, most) => rangeOf(least, most, from, limit) },
      },
      axes: [
        { ...axis, size: 28, values: (_, steps) => steps.map((step) => step.toLocaleString("en")) },
        { ...axis, label, size: 46, values: (_, values) => values.map((value) => (value == null ? "" : text(value))) },
      ],
      series: [{}, ...(series.length > 0 ? series : [{ show: false }])],
      cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
      legend: { show: false },
      hooks: {
        setCursor: [
          (chart) => {
            const { idx } = chart.cursor;
            this.#onPoint(idx == null ? undefined : chart.data[0]![idx]);
          },
        ],
      },
    };
    this.#container.replaceChildren();
    return new uPlot(options, data, this.#container);
  }
}

function seriesOf(as: Part["as"], look: number, colour: (name: string) => string): uPlot.Series {
  const stroke = colour(`run-${look + 1}`);
  const dash = dashes[look]!;
  if (as === "faint") return { stroke, width: 0.5, alpha: 0.45, points: { show: false } };
  if (as === "line") return { stroke, width: 2, dash, spanGaps: true, points: { show: false } };
  return { stroke, width: 1, dash, spanGaps: true, points: { show: true, size: 6, fill: stroke } };
}

/** Room around what is drawn, on round numbers. */
function rangeOf(least: number | null, most: number | null, from?: number, limit = Infinity): [number, number] {
  const low = Math.min(least ?? 0, from ?? Number.POSITIVE_INFINITY);
  const high = most ?? 1;
  const room = high - low || Math.abs(high) || 1;
  const unit = 10 ** Math.floor(Math.log10(room)) / 2;
  return [
    from !== undefined && low >= from ? from : Math.floor(low / unit) * unit,
    Math.min(limit, Math.ceil((high + room / 50) / unit) * unit),
  ];
}

/** Whole decades around what is drawn. */
function decadesOf(least: number | null, most: number | null): [number, number] {
  const [low, high] = least && most ? [least, most] : [0.1, 1];
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high * 1.001))];
}
