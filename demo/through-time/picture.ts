// One network unrolled: above its characters losses and cells, below them what is blamed.

import { maximum } from "../extremes";
import { html, svg } from "../page";
import { drawing } from "./drawing";
import { type Columns, edge, gap, left, marked, middle, totalWidth } from "./layout";
import { blame, type DecadeScale, mostBlamed } from "./numbers";
import type { Unrolled, UnrolledRow } from "./unroll";
import { percent, spoken, visible } from "./words";

const lossHeight = 26;
const cellHeight = 50;
/** Strokes of a cell: with more, they could not be told apart. */
const mostStrokes = 16;
const arrow = 12;
const blameHeight = 24;
const leastNamedShare = 0.05;

/** What a picture is drawn to: the same for all that are compared. */
export interface Scales {
  columns: Columns;
  gradient: DecadeScale;
  /** The largest loss of a step, and the largest |h|. */
  loss: number;
  state: number;
}

export class Picture {
  readonly figure: HTMLElement;
  readonly characters: HTMLButtonElement[];
  readonly #above = html("div");
  readonly #below = html("div");
  /** For what is shown unit by unit, in the same columns. */
  readonly units = html("div", "units");

  constructor(title: string, { labels, losses }: Unrolled) {
    this.characters = labels.map((label, step) => {
      const button = html("button", "", visible(label));
      button.type = "button";
      button.ariaLabel = `${spoken(label)}, t = ${step + 1}`;
      button.disabled = Number.isNaN(losses[step]);
      button.dataset.step = String(step);
      return button;
    });
    const group = html("div", "characters", ...this.characters);
    group.role = "group";
    group.ariaLabel = `${title}: whose loss counts`;
    this.figure = html("figure", "", html("figcaption", "", title), this.#above, group, this.#below, this.units);
  }

  show(unrolled: Unrolled, scales: Scales): void {
    this.characters.forEach((button, step) => {
      button.ariaPressed = String(step === unrolled.target);
    });
    this.#above.replaceChildren(above(unrolled, scales));
    this.#below.replaceChildren(below(unrolled, scales.columns));
  }
}

/** A name in the margin, upwards. */
const marginName = (name: string, y: number) =>
  svg("text", { class: "name", "text-anchor": "middle", transform: `translate(${left - 14} ${y}) rotate(-90)` }, name);

function above(unrolled: Unrolled, scales: Scales): SVGElement {
  const { rows, target } = unrolled;
  const { columns } = scales;
  const tops = topsOf(rows);
  const height = tops[0]! + cellHeight + arrow;
  const parts: SVGElement[] = [
    ...losses(unrolled, scales),
    ...rows.flatMap((row, i) => cells(row, i, tops[i]!, scales)),
    ...layerNames(rows, tops),
    svg("path", { class: "arrows", d: arrows(unrolled, tops, columns) }),
  ];
  if (target !== undefined) parts.push(marked(columns, target, height + 2));
  return drawing(totalWidth(columns), height, ...parts);
}

/** Whether the row below it is of the same layer. */
const sharesLayer = (rows: readonly UnrolledRow[], i: number): boolean => rows[i]!.layer === rows[i - 1]?.layer;

/** The upper edge of each row: the last row is on top. */
function topsOf(rows: readonly UnrolledRow[]): number[] {
  let y = lossHeight + arrow;
  const downwards = [...rows.keys()].reverse().map((i) => {
    const top = y;
    y += cellHeight + (sharesLayer(rows, i) ? gap : arrow);
    return top;
  });
  return downwards.reverse();
}

/** Beside each layer its name, in the middle of its one or two rows. */
function layerNames(rows: readonly UnrolledRow[], tops: readonly number[]): SVGElement[] {
  return [...new Set(rows.map(({ layer }) => layer))].map((layer) => {
    const own = tops.filter((_, i) => rows[i]!.layer === layer);
    return marginName(`layer ${layer + 1}`, (own[0]! + own.at(-1)! + cellHeight) / 2);
  });
}

/** Bars of the losses, hollow where they do not count. */
function losses({ losses, target }: Unrolled, { columns, loss }: Scales): SVGElement[] {
  const bars = Array.from(losses, (value, step) => {
    const height = Math.max(1.5, (lossHeight - 2) * Math.min(1, value / loss || 0));
    const size = { x: middle(columns, step) - 5, y: lossHeight - height, width: 10, height };
    return svg("rect", { class: target === undefined || target === step ? "loss" : "loss ignored", ...size });
  });
  return [marginName("loss", lossHeight / 2), ...bars.filter((_, step) => !Number.isNaN(losses[step]))];
}

/** Arrows from what a layer reads up to it, from each cell to the next that its row reads, and lines up to the losses. */
function arrows({ rows, losses, target }: Unrolled, tops: readonly number[], columns: Columns): string {
  const paths: string[] = [];
  for (let step = 0; step < columns.steps; step++) {
    const x = middle(columns, step);
    for (const [i, { backwards }] of rows.entries()) {
      const bottom = tops[i]! + cellHeight;
      if (!sharesLayer(rows, i)) paths.push(`M${x} ${bottom + arrow}v${1 - arrow}m-2.5 3l2.5 -3l2.5 3`);
      if (step === 0) continue;
      const [from, way] = backwards ? [gap / 2, -1] : [-gap / 2, 1];
      const start = `M${edge(columns, step) + from} ${bottom - cellHeight / 2}`;
      paths.push(`${start}h${way * (gap - 0.5)}m${-2.5 * way} -2.5l${2.5 * way} 2.5l${-2.5 * way} 2.5`);
    }
    const counts = !Number.isNaN(losses[step]) && (target === undefined || target === step);
    if (counts) paths.push(`M${x} ${lossHeight + arrow}v${2 - arrow}`);
  }
  return paths.join("");
}

const cellClass = (gradient: number): string =>
  Number.isFinite(gradient) ? (gradient === 0 ? "cell zero" : "cell") : "cell exploded";

/** In front h_t, a stroke for each unit from the middle, left where it is negative; behind it the gradient. */
function cells({ gradient, units, unitCount }: UnrolledRow, row: number, top: number, scales: Scales) {
  const { columns } = scales;
  const width = columns.width - gap;
  const count = Math.min(mostStrokes, unitCount);
  const pitch = (cellHeight - 4) / count;
  return Array.from({ length: columns.steps }, (_, step) => {
    const value = gradient[step + 1]!;
    const size = { x: edge(columns, step) + gap / 2, y: top, width, height: cellHeight, rx: 3 };
    const cell = svg("rect", { class: cellClass(value), ...size });
    Object.assign(cell.dataset, { step, row });
    cell.style.setProperty("--heat", `${100 * scales.gradient.at(value)}%`);
    let strokes = "";
    for (let unit = 0; unit < count; unit++) {
      const share = Math.max(-1, Math.min(1, units[step * unitCount + unit]! / scales.state));
      const length = share * (width / 2 - 1.5) || 0;
      strokes += `M${middle(columns, step)} ${top + 2 + (unit + 0.5) * pitch}h${length.toFixed(2)}`;
    }
    const state = svg("path", { class: "state", d: strokes, "stroke-width": Math.min(6, pitch - 0.9) });
    return svg("g", {}, cell, state);
  });
}

/** Bars of the shares of ‖dL/dx‖, and the largest of them in numerals. */
function below(unrolled: Unrolled, columns: Columns): SVGElement {
  const shares = blame(unrolled);
  const most = maximum(shares);
  const heightOf = (share: number) => (most > 0 ? (blameHeight * share) / most : 0);
  const bars = shares.map((share, step) =>
    svg("rect", { class: "blame", x: middle(columns, step) - 5, y: 1, width: 10, height: heightOf(share) }),
  );
  const named = mostBlamed(unrolled).filter(({ share }) => share >= leastNamedShare);
  const numerals = named.map(({ step, share }) =>
    svg("text", { "text-anchor": "middle", x: middle(columns, step), y: heightOf(share) + 12 }, percent(share)),
  );
  return drawing(totalWidth(columns), blameHeight + 16, marginName("blame", blameHeight / 2 + 6), ...bars, ...numerals);
}
