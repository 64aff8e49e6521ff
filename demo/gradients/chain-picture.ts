// Draws a network unrolled, with its cuts: the state goes on across them, the gradient stops; below, what is lost of it.

import { svg } from "../page";
import { drawing } from "../through-time/drawing";
import { Columns } from "./columns";

const boxes = { top: 30, height: 26 };
const bars = { top: 92, height: 64 };
const foot = 20;

/** @param lost of each step's dL/dh, the share that the cuts take; NaN where there is no telling. */
export function chainPicture(lost: readonly number[], every: number, available: number): SVGElement {
  const columns = new Columns(available, lost.length);
  const gap = columns.width < 12 ? 2 : columns.width < 24 ? 6 : 12;
  const steps = Array.from(lost, (_, i) => i + 1);
  const right = (t: number) => columns.edge(t) + columns.width - gap / 2;
  const isCut = (t: number) => t % every === 0; // between t and t + 1
  const bottom = bars.top + bars.height;
  const text = (name: string, y: number) => svg("text", { "text-anchor": "end", x: columns.left - 4, y }, name);
  return drawing(
    columns.total,
    bottom + foot,
    text("h →", boxes.top - 8),
    text("← dh", boxes.top + boxes.height + 20),
    text("100%", bars.top + 4),
    text("0%", bottom + 4),
    svg("path", {
      class: "grid",
      d: `M${columns.left} ${bottom}H${columns.end}M${columns.left} ${bars.top}H${columns.end}`,
    }),
    ...steps.map((t) => {
      const size = { x: columns.edge(t) + gap / 2, y: boxes.top, width: columns.width - gap, height: boxes.height };
      return svg("rect", { class: "cell", ...size, rx: 2 });
    }),
    ...steps.slice(0, -1).flatMap((t) => {
      const [from, to] = [columns.middle(t) + 1, columns.middle(t + 1) - 1];
      const [above, below] = [boxes.top - 10, boxes.top + boxes.height + 10];
      const forward = svg("path", {
        class: "forward",
        d: `M${from} ${above + 6}V${above}H${to}V${above + 6}m-2 -3l2 3l2 -3`,
      });
      const back = svg("path", { class: "back", d: `M${to} ${below - 6}V${below}H${from}V${below - 6}m-2 3l2 -3l2 3` });
      const cut = columns.edge(t + 1);
      const stop = svg("path", { class: "cut", d: `M${cut} ${boxes.top - 2}V${bottom}` });
      return isCut(t) ? [forward, stop] : [forward, back];
    }),
    ...lost.flatMap((share, i) => {
      if (!Number.isFinite(share)) return [];
      const height = Math.max(1, bars.height * Math.min(1, share));
      const [x, width] = [columns.edge(i + 1) + gap / 2, right(i + 1) - columns.edge(i + 1) - gap / 2];
      return [svg("rect", { class: "lost", x, y: bottom - height, width, height })];
    }),
    ...columns.named.map((t) =>
      svg("text", { "text-anchor": "middle", x: columns.middle(t), y: bottom + 15 }, String(t)),
    ),
  );
}
