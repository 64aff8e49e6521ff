// How long a training step takes each engine, at a glance: a bar each, a problem together, the fastest first.

import { maximum, minimum } from "../extremes";
import { html } from "../page";
import { figure } from "./figures";
import { isOk, type Row } from "./report";
import { type Child, engineOf, problemsOf, titleOf } from "./result-tables";

const isOwn = ({ engine }: Row) => engine === "tempograd";
/** Of rows that may not be compared: endless. */
const timeOf = (row: Row) => (isOk(row) ? row.medianMs : null) ?? Number.POSITIVE_INFINITY;

export function stepBars(rows: readonly Row[]): HTMLElement[] {
  return problemsOf(rows).map((problem) => {
    const longest = maximum(problem.map(timeOf).filter(Number.isFinite));
    const own = minimum(problem.filter(isOwn).map(timeOf));
    const sorted = [...problem].sort((a, b) => timeOf(a) - timeOf(b));
    const items = sorted.map((row) => html("li", isOwn(row) ? "own" : "", ...partsOf(row, longest, own)));
    return html("figure", "bars", html("figcaption", "title", ...titleOf(problem[0]!)), html("ol", "", ...items));
  });
}

/** The engine, its bar and its time; of a row that is not ok, why. */
function partsOf(row: Row, longest: number, own: number): Child[] {
  const { status } = row;
  const time = timeOf(row);
  if (!Number.isFinite(time)) return [engineOf(row), html("span", "speed failed", status)];
  const bar = html("span", "bar");
  bar.ariaHidden = "true";
  bar.style.width = `${(100 * time) / longest}%`;
  const beside = Number.isFinite(own) && time !== own ? `, ${times(time, own)}` : "";
  const reservation = status === "ok" ? [] : [html("small", "reservation", status)];
  return [
    engineOf(row),
    html("span", "room", bar),
    html("span", "speed", `${figure(time)} ms${beside}`),
    ...reservation,
  ];
}

function times(time: number, own: number): string {
  const ratio = Math.max(time / own, own / time);
  return `${ratio < 10 ? ratio.toFixed(1) : figure(Math.round(ratio))}× ${time > own ? "slower" : "faster"}`;
}
