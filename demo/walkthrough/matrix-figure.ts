// Shows a matrix as a table, with its name, its numbers tinted by their size and sign, and whether the reference agrees.

import { html, scrollable } from "../page";
import type { Matrix } from "./equations";
import { math, plain } from "./math";
import type { Check } from "./matrices";

/** Four decimals, or a power of ten where they do not tell; with a true minus sign. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return scientific(value, 1);
  return size > 0 && size < 0.00005 ? scientific(value, 0) : withMinus(value.toFixed(4));
}

export const scientific = (value: number, digits: number): string => withMinus(value.toExponential(digits));

const withMinus = (text: string): string => text.replaceAll("-", "−");

/** How far numbers are from others, in few characters. */
export const distanceText = (difference: number): string =>
  difference === 0 ? "equal" : `±${scientific(difference, 0)}`;

/** Gives an element the tint of a value: by the style sheet, from its share of the largest there is. */
export function tint(target: HTMLElement | SVGElement, value: number, largest: number): void {
  target.classList.toggle("negative", value < 0);
  target.style.setProperty("--share", largest > 0 ? String(Math.min(1, Math.abs(value) / largest)) : "0");
}

export const largestOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** @param check how the reference agrees; without one, the reference itself is shown. */
export function matrixFigure(name: string, matrix: Matrix, check: Check | undefined): HTMLElement {
  const { rows, columns, values } = matrix;
  const largest = largestOf(values);
  const labelled = rows.some((label) => label !== "");
  const head = html("tr", "", ...(labelled ? [html("td", "")] : []), ...columns.map((label) => header(label, "col")));
  const body = rows.map((label, row) => {
    const cells = columns.map((_, column) => {
      const value = values[row * columns.length + column]!;
      const cell = html("td", "number", numberText(value));
      cell.dataset.value = cell.title = String(value);
      tint(cell, value, largest);
      return cell;
    });
    return html("tr", "", ...(labelled ? [header(label, "row")] : []), ...cells);
  });
  const table = html("table", "", ...(columns[0] === "" ? [] : [html("thead", "", head)]), html("tbody", "", ...body));
  table.ariaLabel = plain(name);
  const scroller = html("div", "scroller", table);
  scroller.dataset.label = `${plain(name)}, a wide matrix`;
  const figure = html("figure", "matrix", html("figcaption", "", math(name)), scroller, mark(check, matrix));
  figure.dataset.name = name;
  return figure;
}

function header(label: string, scope: "col" | "row"): HTMLElement {
  const cell = html("th", "", label);
  cell.scope = scope;
  cell.title = label; // a long word is cut short
  return cell;
}

function mark(check: Check | undefined, { given }: Matrix): HTMLElement {
  if (!check) return html("p", "mark", "float64");
  const { agrees, difference } = check;
  const place = html("p", agrees ? "mark" : "mark differs");
  place.append(
    agrees ? `✓ ${given ? "GPU, " : ""}${distanceText(difference)}` : `✗ differs by ${distanceText(difference)}`,
  );
  return place;
}

/** Lets the keyboard scroll what is wider than its place, and says then what it is. */
export function markScrollers(root: ParentNode): void {
  for (const scroller of root.querySelectorAll<HTMLElement>(".scroller")) {
    if (scroller.scrollWidth > scroller.clientWidth + 1) {
      scrollable(scroller, scroller.dataset.label ?? "");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) scroller.removeAttribute(name);
    }
  }
}
