// A drawing among the text of the page.

import { svg } from "../page";

/** Of a size in CSS pixels; it stands beside its own text. */
export const drawing = (width: number, height: number, ...children: Node[]) =>
  svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...children);
