// Draws ‖dL/dh_t‖ over t on a scale of decades, a line for each network, under the columns of the pictures.

import { html, svg } from "../page";
import { drawing } from "./drawing";
import { type Columns, left, marked, middle, right, totalWidth } from "./layout";
import { type DecadeScale, hiddenGradient } from "./numbers";
import type { Unrolled } from "./unroll";
import { powerOfTen } from "./words";

const [top, height, foot] = [8, 120, 20];
const mostGridLines = 6;

/** The sample of a line, for its name. */
const sample = (line: number | "then") => drawing(36, 12, svg("path", { class: `line line-${line}`, d: "M1 6h34" }));

/** @param then what the line of an earlier update is called, where there is one */
export function chartNames(titles: readonly string[], then: string | undefined): HTMLElement {
  const names = titles.map((title, index) => html("span", "", sample(index), title));
  const past = then === undefined ? [] : [html("span", "", sample("then"), then)];
  return html("p", "names", "‖dL/dhₜ‖ over t, all layers:", ...names, ...past);
}

/** @param then ‖dL/dh_t‖ [T + 1] after an earlier update, where it is to be seen too */
export function gradientChart(
  all: readonly Unrolled[],
  columns: Columns,
  scale: DecadeScale,
  then: readonly number[] | undefined,
): SVGElement {
  const y = (value: number) => top + height * (1 - scale.at(value));
  const width = totalWidth(columns);
  const decades = scale.decades;
  const every = Math.ceil(decades.length / mostGridLines);
  const parts: SVGElement[] = decades
    .filter((exponent) => (scale.top - exponent) % every === 0)
    .flatMap((exponent) => {
      const at = y(10 ** exponent);
      return [
        svg("path", { class: "grid", d: `M${left} ${at}H${width - right}` }),
        svg("text", { "text-anchor": "end", x: left - 2, y: at + 4 }, powerOfTen(exponent)),
      ];
    });
  for (let step = 0; step < columns.steps; step += step === 0 ? 7 : 8) {
    const name = step === 0 ? "t = 1" : String(step + 1);
    parts.push(svg("text", { "text-anchor": "middle", x: middle(columns, step), y: top + height + 15 }, name));
  }
  const { target } = all[0]!;
  if (target !== undefined) parts.push(marked(columns, target, top + height));
  if (then) parts.push(svg("path", { class: "line line-then", d: line(then, columns, y) }));
  all.forEach((unrolled, index) => {
    parts.push(svg("path", { class: `line line-${index}`, d: line(hiddenGradient(unrolled), columns, y) }));
  });
  return drawing(width, top + height + foot, ...parts);
}

const isDrawn = (value = 0) => value > 0 && value < Number.POSITIVE_INFINITY;

/** From t = 1 on, broken where there is no gradient, or one that exploded. */
function line(gradient: readonly number[], columns: Columns, y: (value: number) => number): string {
  return gradient
    .slice(1)
    .map((value, step, values) => {
      if (!isDrawn(value)) return "";
      const point = `${middle(columns, step)} ${y(value).toFixed(1)}`;
      return isDrawn(values[step - 1]) ? `L${point}` : `M${point}h.01`;
    })
    .join("");
}
