// The roofline: kernels by what they compute for each byte and how fast, under the adapter's two ceilings, with uPlot.

import uPlot from "uplot";
import { chartLook } from "../chart-look";
import { maximum, minimum } from "../extremes";
import { figure } from "./figures";
import type { AdapterLimits, KernelTime } from "./report";

const height = 380;
const radius = 9;
const darkMode = matchMedia("(prefers-color-scheme: dark)");

/** Powers of ten around some numbers. */
const around = (values: readonly number[]): [least: number, most: number] => [
  10 ** Math.floor(Math.log10(minimum(values))),
  10 ** Math.ceil(Math.log10(1.2 * maximum(values))),
];

/** A kernel in the chart. */
interface Point {
  /** Its place in the table, from 1. */
  number: number;
  label: string;
  /** Flops a byte. */
  intensity: number;
  gflops: number;
}

export class RooflineChart {
  readonly #container: HTMLElement;
  #chart: uPlot | undefined;
  #kernels: readonly KernelTime[] = [];
  #limits: AdapterLimits | undefined;

  constructor(container: HTMLElement) {
    this.#container = container;
    new ResizeObserver(() => this.#chart?.setSize({ width: container.clientWidth, height })).observe(container);
    darkMode.addEventListener("change", () => this.#build());
  }

  /** Kernels without flops, which only move bytes, have no place in it, nor have those without a time. */
  show(kernels: readonly KernelTime[], limits: AdapterLimits): void {
    this.#kernels = kernels;
    this.#limits = limits;
    this.#build();
  }

  #build(): void {
    this.#chart?.destroy();
    this.#chart = undefined;
    if (!this.#limits) return;
    const { mulAddGflops: peak, copyGBs: rate } = this.#limits;
    const points = this.#kernels
      .map(({ label, flops, bytes, ms }, i) => ({
        number: i + 1,
        label,
        intensity: flops / bytes,
        gflops: ms === null ? 0 : flops / ms / 1e6,
      }))
      .filter(({ intensity, gflops }) => intensity > 0 && gflops > 0 && Number.isFinite(intensity + gflops));
    const ridge = peak / rate;
    const [left, right] = around([ridge / 4, 4 * ridge, ...points.map(({ intensity }) => intensity)]);
    const [bottom, top] = around([peak, peak / 100, ...points.map(({ gflops }) => gflops)]);
    const look = chartLook();
    const { colour } = look;
    const axis = {
      ...look.axis,
      values: (_: uPlot, values: (number | null)[]) =>
        values.map((value) => (value !== null && Number.isInteger(Math.log10(value)) ? String(value) : "")),
    };
    const line = { width: 2.5, points: { show: false } };
    const options: uPlot.Options = {
      width: this.#container.clientWidth,
      height,
      scales: {
        x: { time: false, distr: 3, range: [left, right] },
        y: { distr: 3, range: [bottom, top] },
      },
      axes: [
        { ...axis, label: "flops a byte", size: 32 },
        { ...axis, label: "Gflop/s", size: 52 },
      ],
      series: [
        { label: "flops a byte" },
        { label: `copying, ${figure(rate)} GB/s`, stroke: colour("chart-held-out"), ...line, dash: [8, 5] },
        { label: `mul-add peak, ${figure(peak)} Gflop/s`, stroke: colour("chart-smoothed"), ...line },
      ],
      cursor: { show: false },
      legend: { live: false, markers: { dash: (_, i) => (i === 1 ? "dashed" : "solid"), width: 3 } },
      hooks: { draw: [(chart) => draw(chart, points, colour)] },
    };
    const data: uPlot.AlignedData = [
      [left, ridge, right],
      [left * rate, peak, null],
      [null, peak, peak],
    ];
    this.#chart = new uPlot(options, data, this.#container);
  }
}

/** Draws the kernels: a disc with the number of each, and its label where there is room for it. */
function draw(chart: uPlot, points: readonly Point[], colour: (name: string) => string): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  const taken: { left: number; right: number; top: number; bottom: number }[] = [];
  const room = (left: number, right: number, top: number, bottom: number) =>
    left >= bbox.left &&
    right <= bbox.left + bbox.width &&
    taken.every((box) => right < box.left || left > box.right || bottom < box.top || top > box.bottom);
  const places = points.map((point) => ({
    ...point,
    x: chart.valToPos(point.intensity, "x", true),
    y: chart.valToPos(point.gflops, "y", true),
  }));
  const r = radius * scale;
  for (const { x, y } of places) taken.push({ left: x - r, right: x + r, top: y - r, bottom: y + r });
  ctx.save();
  ctx.textBaseline = "middle";
  for (const { x, y, number } of places) {
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.fillStyle = colour("accent");
    ctx.fill();
    ctx.lineWidth = 1.5 * scale;
    ctx.strokeStyle = colour("page");
    ctx.stroke();
    ctx.fillStyle = colour("on-accent");
    ctx.textAlign = "center";
    ctx.font = `600 ${11 * scale}px ${colour("sans")}`;
    ctx.fillText(String(number), x, y + scale);
  }
  ctx.font = `${12 * scale}px ${colour("sans")}`;
  ctx.fillStyle = colour("ink");
  ctx.strokeStyle = colour("page"); // keeps a label readable on a line
  ctx.lineWidth = 4 * scale;
  ctx.lineJoin = "round";
  const write = (label: string, x: number, y: number, align: CanvasTextAlign) => {
    ctx.textAlign = align;
    ctx.strokeText(label, x, y);
    ctx.fillText(label, x, y);
  };
  for (const { x, y, label } of places) {
    const [width, half] = [ctx.measureText(label).width, 8 * scale];
    const [right, left] = [x + r + 5 * scale, x - r - 5 * scale];
    if (room(right, right + width, y - half, y + half)) {
      write(label, right, y, "left");
      taken.push({ left: right, right: right + width, top: y - half, bottom: y + half });
    } else if (room(left - width, left, y - half, y + half)) {
      write(label, left, y, "right");
      taken.push({ left: left - width, right: left, top: y - half, bottom: y + half });
    }
  }
  ctx.restore();
}
