// Draws a gradient on its way back: behind each step its size, over the steps its norm and what each factor alone makes of
// it, on one scale of decades, and below the two factors of each step.

import { html, svg } from "../page";
import { drawing } from "../through-time/drawing";
import { DecadeScale } from "../through-time/numbers";
import { powerOfTen } from "../through-time/words";
import { Columns } from "./columns";
import { alone, type Descent } from "./descent";

/** What the lines and bars are called. */
export interface Names {
  /** The states, for example "h". */
  state: string;
  local: string;
  recurrent: string;
}

const boxes = { top: 2, height: 24 };
const lines = { top: 38, height: 190 };
const bars = { top: 262, height: 84 };
const foot = 24;
const mostGridLines = 7;
/** What the scale has at least, so that it stands still while little changes. */
const usualDecades = [1e-6, 1e2];

const sample = (kind: string) => drawing(36, 12, svg("path", { class: `line ${kind}`, d: "M1 6h34" }));

export function namesOf({ state, local, recurrent }: Names): HTMLElement {
  const entry = (kind: string, text: string) => html("span", "", sample(kind), text);
  const all = [
    entry("total", `‖dL/d${state}ₜ‖`),
    entry("recurrent", `with ${recurrent} alone`),
    entry("local", `with ${local} alone`),
  ];
  return html("p", "names", ...all);
}

export function descentChart(descent: Descent, available: number): SVGElement {
  const { norms, local, recurrent } = descent;
  const columns = new Columns(available, norms.length);
  const [ofLocal, ofRecurrent] = [alone(norms, local), alone(norms, recurrent)];
  const scale = new DecadeScale([...usualDecades, ...norms, ...ofLocal, ...ofRecurrent]);
  const y = (value: number) => lines.top + lines.height * (1 - scale.at(value));
  return drawing(
    columns.total,
    bars.top + bars.height + foot,
    ...boxesOf(norms, columns, scale),
    ...grid(columns, scale, y),
    line("local", ofLocal, columns, y),
    line("recurrent", ofRecurrent, columns, y),
    line("total", norms, columns, y),
    ...explodedText(norms, columns),
    ...barsOf(descent, columns),
    ...columns.named.map((t) =>
      svg("text", { "text-anchor": "middle", x: columns.middle(t), y: bars.top + bars.height + 19 }, String(t)),
    ),
    svg("text", { "text-anchor": "end", x: columns.left - 4, y: bars.top + bars.height + 19 }, "t ="),
  );
}

const isDrawn = (value: number | undefined) => value !== undefined && value > 0 && value < Number.POSITIVE_INFINITY;

/** Why a step's cell has no colour of the scale, if it has none. */
export const boxClass = (value: number): string =>
  Number.isFinite(value) ? (value === 0 ? "box zero" : "box") : "box exploded";

function boxesOf(norms: readonly number[], columns: Columns, scale: DecadeScale): SVGElement[] {
  const gap = columns.width < 12 ? 1 : 4;
  return norms.map((value, i) => {
    const size = { x: columns.edge(i + 1) + gap / 2, y: boxes.top, width: columns.width - gap, height: boxes.height };
    const box = svg("rect", { class: boxClass(value), ...size, rx: 2 });
    box.style.setProperty("--heat", `${100 * scale.at(value)}%`);
    return box;
  });
}

function grid(columns: Columns, scale: DecadeScale, y: (value: number) => number): SVGElement[] {
  const every = Math.ceil(scale.decades.length / mostGridLines);
  return scale.decades
    .filter((exponent) => exponent % every === 0)
    .flatMap((exponent) => {
      const at = y(10 ** exponent);
      return [
        svg("path", { class: "grid", d: `M${columns.left} ${at}H${columns.end}` }),
        svg("text", { "text-anchor": "end", x: columns.left - 4, y: at + 4 }, powerOfTen(exponent)),
      ];
    });
}

function line(kind: string, values: readonly number[], columns: Columns, y: (value: number) => number): SVGElement {
  const points = values.map((value, i) => {
    if (!isDrawn(value)) return "";
    const point = `${columns.middle(i + 1)} ${y(value).toFixed(1)}`;
    return isDrawn(values[i - 1]) ? `L${point}` : `M${point}h.01`;
  });
  return svg("path", { class: `line ${kind}`, d: points.join("") });
}

function explodedText(norms: readonly number[], columns: Columns): SVGElement[] {
  const last = norms.lastIndexOf(Number.POSITIVE_INFINITY) + 1;
  if (last === 0) return [];
  const size = { x: columns.left, y: lines.top, width: last * columns.width, height: lines.height };
  return [
    svg("rect", { class: "beyond", ...size }),
    svg("text", { class: "beyond-name", x: columns.left + 6, y: lines.top + lines.height - 8 }, "exploded"),
  ];
}

/** The factors of each step, up from × 1 where they are more, down where they are less; in doublings. */
function barsOf({ local, recurrent }: Descent, columns: Columns): SVGElement[] {
  const doublings = [...local, ...recurrent].map((factor) => Math.abs(Math.log2(factor))).filter(Number.isFinite);
  const most = Math.min(8, Math.ceil(doublings.reduce((most, value) => Math.max(most, value), 1)));
  const middle = bars.top + bars.height / 2;
  const y = (factor: number) => middle - (bars.height / 2) * Math.max(-1, Math.min(1, Math.log2(factor) / most));
  const bar = (kind: string, factor: number, x: number, width: number) => {
    if (!isDrawn(factor)) return [];
    const [top, bottom] = [Math.min(y(factor), middle), Math.max(y(factor), middle)];
    return [svg("rect", { class: `bar ${kind}`, x, y: top, width, height: Math.max(1, bottom - top) })];
  };
  const width = Math.max(1.5, columns.width / 2 - 2);
  const names = [2 ** most, 1, 2 ** -most].flatMap((factor) => {
    const name = factor < 1 ? `× 1/${2 ** most}` : `× ${factor}`;
    return [
      svg("path", { class: "grid", d: `M${columns.left} ${y(factor)}H${columns.end}` }),
      svg("text", { "text-anchor": "end", x: columns.left - 4, y: y(factor) + 4 }, name),
    ];
  });
  return [
    ...names,
    ...local.flatMap((factor, i) => bar("local", factor, columns.middle(i + 2) - width - 0.5, width)),
    ...recurrent.flatMap((factor, i) => bar("recurrent", factor, columns.middle(i + 2) + 0.5, width)),
  ];
}
