// The shapes of the diagram: nodes, arrows between them, words beside them.

import { svg } from "../page";
/** Of every node. */
export const box = { width: 84, height: 66 };
/** How far the arrows forward and back are from the line between two nodes. */
const aside = 12;

export interface Place {
  x: number;
  y: number;
}

/** A line of text, its baseline `below` the middle of a place. */
export const line = ({ x, y }: Place, below: number, text: string, kind: string): SVGElement =>
  svg("text", { x, y: y + below, class: kind, "text-anchor": "middle" }, text);

/** A box with a name in its upper half. */
export function nodeShape({ x, y }: Place, name: string): SVGElement[] {
  const { width, height } = box;
  const outline = svg("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 8, class: "node" });
  return [outline, line({ x, y }, -9, name, "name")];
}

/** An arrow from one node to another with its label, on its right-hand side of the way back. */
export function arrow(from: Place, to: Place, kind: "forward" | "backward", text: string): SVGElement[] {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const reach = Math.abs(dx) * (box.width / 2) + Math.abs(dy) * (box.height / 2) + 3;
  const [sideX, sideY] = [aside * dy, -aside * dx];
  const start = { x: from.x + dx * reach + sideX, y: from.y + dy * reach + sideY };
  const end = { x: to.x - dx * reach + sideX, y: to.y - dy * reach + sideY };
  const middle = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
  const ends = { x1: start.x, y1: start.y, x2: end.x, y2: end.y };
  const upright = dx === 0;
  const slanted = dx !== 0 && dy !== 0;
  const place = slanted
    ? { x: start.x + (dx > 0 ? 16 : -10), y: start.y + (dx > 0 ? 8 : 2), "text-anchor": dx > 0 ? "start" : "end" }
    : upright
      ? { x: middle.x - 7 * -dy, y: middle.y + 5, "text-anchor": dy < 0 ? "end" : "start" }
      : {
          x: text.startsWith("⊙") ? Math.max(start.x, end.x) - 24 : middle.x,
          y: middle.y + (dx > 0 ? -7 : 17),
          "text-anchor": "middle",
        };
  return [
    svg("line", { ...ends, class: `arrow ${kind}`, "marker-end": `url(#${kind}-head)` }),
    svg("text", { ...place, class: `label ${kind}` }, text),
  ];
}

/** What arrows end in. */
export function arrowheads(): SVGElement {
  const heads = ["forward", "backward"].map((kind) => {
    const size = { markerWidth: 10, markerHeight: 10, markerUnits: "userSpaceOnUse" };
    const attributes = { id: `${kind}-head`, viewBox: "0 0 10 10", refX: 9, refY: 5, orient: "auto", ...size };
    return svg("marker", attributes, svg("path", { d: "M0 0L10 5L0 10z", class: `head ${kind}` }));
  });
  return svg("defs", {}, ...heads);
}
