// The charts of a training: loss, what it is good for, how large its gradients are, and how fast it goes.

import { chartLook } from "../chart-look";
import { maximum } from "../extremes";
import { element } from "../page";
import { Chart } from "./chart";
import type { Run } from "./runs";
import { lossText, percentText } from "./texts";

export class Charts {
  readonly #loss: Chart;
  readonly #quality: { accuracy: Chart; perplexity: Chart };
  readonly #gradientNorm: Chart;
  readonly #speed: Chart;

  /** @param onPoint called with the step under the pointer. */
  constructor(onPoint: (step: number | undefined) => void) {
    const small = { height: 180, text: (value: number) => lossText(value, 1) };
    this.#loss = new Chart(
      element("loss-chart"),
      {
        label: "loss",
        height: 320,
        parts: [
          { curve: "loss", as: "faint" },
          { curve: "smoothed", as: "line" },
          { curve: "heldOut", as: "points" },
        ],
        text: (value) => lossText(value, 2),
      },
      onPoint,
    );
    this.#quality = {
      accuracy: new Chart(
        element("accuracy-chart"),
        {
          ...small,
          label: "accuracy",
          parts: [{ curve: "accuracy", as: "points" }],
          text: (value) => percentText(value, 0),
          from: 0,
          most: 1,
        },
        onPoint,
      ),
      perplexity: new Chart(
        element("perplexity-chart"),
        { ...small, label: "perplexity", parts: [{ curve: "perplexity", as: "points" }] },
        onPoint,
      ),
    };
    this.#gradientNorm = new Chart(
      element("gradient-chart"),
      { ...small, label: "‖gradient‖", parts: [{ curve: "gradientNorm", as: "points" }], text: shortText, log: true },
      onPoint,
    );
    this.#speed = new Chart(
      element("speed-chart"),
      {
        ...small,
        label: "tokens a second",
        parts: [{ curve: "tokensPerSecond", as: "line" }],
        text: (value) => (value >= 1e4 ? `${Math.round(value / 1e3)}k` : String(value)),
        from: 0,
      },
      onPoint,
    );
  }

  show(runs: readonly Run[], current: Run | undefined): void {
    const shown = runs.filter((run) => run.shown);
    this.#loss.show(shown, current?.facts.baseline.loss);
    this.#quality.accuracy.show(shown, current?.facts.baseline.accuracy);
    this.#quality.perplexity.show(shown);
    this.#gradientNorm.show(shown);
    this.#speed.show(shown);
  }

  /** All charts in one picture, with the runs' names. */
  async picture(runs: readonly Run[]): Promise<Blob> {
    const all = [this.#loss, this.#quality.accuracy, this.#quality.perplexity, this.#gradientNorm, this.#speed];
    const canvases = all.flatMap(({ canvas }) => canvas ?? []);
    const { colour } = chartLook();
    const ratio = devicePixelRatio;
    const shown = runs.filter((run) => run.shown);
    const line = 22 * ratio;
    const picture = document.createElement("canvas");
    picture.width = maximum(canvases.map(({ width }) => width));
    const rows = rowsOf(canvases, picture.width);
    const heightOf = (row: HTMLCanvasElement[]) => maximum(row.map(({ height }) => height));
    picture.height = rows.reduce((sum, row) => sum + heightOf(row), 0) + line * (shown.length + 1);
    const context = picture.getContext("2d")!;
    context.fillStyle = colour("page");
    context.fillRect(0, 0, picture.width, picture.height);
    let y = line;
    context.font = `${13 * ratio}px ${colour("sans")}`;
    for (const { name, look } of shown) {
      context.fillStyle = colour(`run-${look + 1}`);
      context.fillRect(12 * ratio, y - 5 * ratio, 24 * ratio, 3 * ratio);
      context.fillStyle = colour("ink");
      context.fillText(name, 44 * ratio, y);
      y += line;
    }
    for (const row of rows) {
      for (const [i, canvas] of row.entries()) context.drawImage(canvas, (i * picture.width) / row.length, y);
      y += heightOf(row);
    }
    return new Promise((resolve, reject) =>
      picture.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser made no picture.")))),
    );
  }
}

/** Beside each other where there is room, as on the page. */
function rowsOf(canvases: readonly HTMLCanvasElement[], width: number): HTMLCanvasElement[][] {
  const rows: HTMLCanvasElement[][] = [];
  let left = 0;
  for (const canvas of canvases) {
    if (canvas.width > left) {
      rows.push([]);
      left = width;
    }
    rows.at(-1)!.push(canvas);
    left -= canvas.width;
  }
  return rows;
}

const shortText = (value: number) =>
  value >= 0.01 && value < 1000 ? String(Number(value.toPrecision(2))) : value.toExponential(0);
