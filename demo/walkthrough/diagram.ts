// Draws the network unrolled through time, with what flows forward and back, and what of it is at work.

import { maximum, minimum } from "../extremes";
import { svg } from "../page";
import { blockOf, type CellName, cells, entryOf, type Row, type WalkCell } from "./cells";
import { arrow, arrowheads, box, line, nodeShape, type Place } from "./diagram-shapes";
import type { Matrices } from "./equations";
import type { Example } from "./example";
import { plain } from "./math";
import { largestOf, tint } from "./matrix-figure";
import type { Stage } from "./stages";

/** From a time step to the next: wider where more arrows cross on the way. */
const columns: Record<CellName, number> = { elman: 156, lstm: 206, gru: 184 };
const margin = 62;
const firstRow = 76;
/** From a row's middle to that of the row below it, where these are two of a time step, and to the word's. */
const between = 98;
const wordBelow = 146;
/** From a node's middle down to the strips of its values and of its gradient. */
const valuesBelow = 1;
const gradientBelow = 16;
const longestWord = 9;

export class Diagram {
  readonly #container: HTMLElement;
  /** What is drawn, by the names that stages have for it. */
  readonly #parts = new Map<string, SVGElement>();
  /** Strips of cells by the names of their matrices. */
  readonly #strips = new Map<string, SVGElement[]>();
  readonly #norms = new Map<string, SVGElement>();

  constructor(container: HTMLElement, { words, vocabulary, classes, cell, config }: Example) {
    this.#container = container;
    const steps = words.length;
    const column = columns[cell];
    const { rows, upward, carried, gates, title }: WalkCell = cells[cell];
    const heights: Record<string, number> = Object.fromEntries(
      rows.map((row, i) => [row, firstRow + (row === "x" && rows.length === 2 ? wordBelow : i * between)]),
    );
    const at = (i: number, row: Row = "h"): Place => ({ x: margin + i * column, y: heights[row]! });
    const [output, prediction, loss] = [at(steps + 1), at(steps + 2), at(steps + 3)];
    const drawing = svg("svg", { viewBox: `0 0 ${loss.x + margin} ${heights.x! + 62}`, role: "img" }, arrowheads());
    drawing.ariaLabel = `The ${title} network unrolled over ${steps} time ${steps === 1 ? "step" : "steps"}: each word goes into its hidden state, each hidden state into the next, the last one into the output, the prediction and the loss. Gradients flow back the same ways.`;
    drawing.style.minWidth = `${((steps + 4) * column) / 28}rem`; // legible on a phone, where it scrolls
    const draw = (name: string, ...pieces: SVGElement[]) => {
      const part = svg("g", { class: "part" }, ...pieces);
      this.#parts.set(name, part);
      drawing.append(part);
    };
    const link = (from: string, a: Place, to: string, b: Place, label: string, back: string) => {
      draw(`${from}-${to}`, ...arrow(a, b, "forward", label));
      draw(`${to}>${from}`, ...arrow(b, a, "backward", back));
    };
    const node = (name: string, key: string, place: Place, count: number) =>
      draw(name, ...nodeShape(place, plain(key)), this.#strip(place, valuesBelow, key, count));
    const entry = entryOf(cells[cell]);

    for (const row of rows) if (row === "h" || row === "c") node(`${row}0`, `${row}_0`, at(0, row), config.hidden);
    for (const [i, word] of words.entries()) {
      const t = i + 1;
      for (const row of rows) {
        const place = at(t, row);
        if (row === "g") {
          draw(`g${t}`, ...nodeShape(place, ""), ...this.#gateStrips(place, gates, t, "", config.hidden));
          draw(`dg${t}`, ...this.#gateStrips(place, gates, t, "da", config.hidden));
          continue;
        }
        node(`${row}${t}`, `${row}_${t}`, place, row === "x" ? vocabulary.length : config.hidden);
        if (row === "x") continue;
        const name = `d${row}_${t}`;
        draw(
          `d${row}${t}`,
          this.#strip(place, gradientBelow, name, config.hidden),
          this.#norm(name, place, row !== "h"),
        );
      }
      const short = word.length > longestWord ? `${word.slice(0, longestWord - 1)}…` : word;
      this.#parts.get(`x${t}`)!.append(line(at(t, "x"), 26, short, "word"));
      const { x, y } = at(t, entry);
      const into = entry === "g" ? { x: x - 14, y: y + 20 } : { x, y }; // beside what goes up from the gates
      link(`h${t - 1}`, at(t - 1), `${entry}${t}`, into, "Wʰ", "Wʰᵀ");
      for (const [below, row] of rows.slice(1).entries()) {
        const above = rows[below]!;
        const back = row === "x" ? "dW" : "";
        link(`${row}${t}`, at(t, row), `${above}${t}`, at(t, above), upward[row] ?? "", back);
      }
      if (carried) {
        const { row, by } = carried;
        link(`${row}${t - 1}`, at(t - 1, row), `${row}${t}`, at(t, row), by, by);
      }
    }
    node("o", "o", output, classes.length);
    node("ŷ", "ŷ", prediction, classes.length);
    draw("L", ...nodeShape(loss, "L"), this.#norm("L", loss));
    draw("do", this.#strip(output, gradientBelow, "do", classes.length), this.#norm("do", output));
    link(`h${steps}`, at(steps), "o", output, "V", "Vᵀ");
    link("o", output, "y", prediction, "softmax", "ŷ − y");
    link("y", prediction, "L", loss, "−ln", "");
    container.replaceChildren(drawing);
  }

  /** Shows the numbers of a round. */
  showValues(matrices: Matrices): void {
    const largest = maximum([...this.#strips.keys()].map((name) => largestOf(matrices.get(name)!.values)));
    for (const [name, cells] of this.#strips) {
      const { values } = matrices.get(name)!;
      // By the root of its share, so that what has faded is still seen to be there.
      for (const [i, cell] of cells.entries()) {
        tint(cell, Math.sign(values[i]!) * Math.sqrt(Math.abs(values[i]!)), Math.sqrt(largest));
      }
    }
    for (const [name, place] of this.#norms) {
      const { values } = matrices.get(name)!;
      const norm = Math.hypot(...Array.from(values));
      place.textContent = name === "L" ? norm.toFixed(3) : `‖${plain(name)}‖ ${norm.toPrecision(2)}`;
    }
  }

  /** Shows what a stage computes, what came before it, and what is still to come. */
  showStage(stages: readonly Stage[], index: number): void {
    const done = new Set(stages.slice(0, index).flatMap(({ parts }) => parts));
    const now = new Set(stages[index]!.parts);
    for (const [name, part] of this.#parts) {
      part.setAttribute("class", `part ${now.has(name) ? "now" : done.has(name) ? "done" : "later"}`);
    }
    this.#follow([...now]);
  }

  /** Where the drawing is wider than its place, scrolls to what is at work. */
  #follow(names: readonly string[]): void {
    const container = this.#container;
    if (container.scrollWidth <= container.clientWidth) return;
    const boxes = names.flatMap((name) => this.#parts.get(name)?.getBoundingClientRect() ?? []);
    if (boxes.length === 0) return;
    const middle = (minimum(boxes.map(({ left }) => left)) + maximum(boxes.map(({ right }) => right))) / 2;
    const frame = container.getBoundingClientRect();
    container.scrollLeft += middle - (frame.left + frame.right) / 2;
  }

  /** A vector as a row of cells, `below` the middle of a node. */
  #strip({ x, y }: Place, below: number, name: string, count: number): SVGElement {
    const width = Math.min(14, (box.width - 12) / count);
    return this.#cells({ x: x - (count * width) / 2, y: y + below }, width, 11, name, count);
  }

  /** Cells from a place on, to the right. */
  #cells({ x, y }: Place, width: number, height: number, name: string, count: number): SVGElement {
    const cells = Array.from({ length: count }, (_, i) =>
      svg("rect", { x: x + i * width, y, width: width - 1, height, class: "cell" }),
    );
    this.#strips.set(name, cells);
    return svg("g", { class: name.startsWith("d") ? "strip gradient" : "strip" }, ...cells);
  }

  /** The gates of a time step, one below the other, on the left with their letters; on the right their gradients. */
  #gateStrips({ x, y }: Place, gates: readonly string[], t: number, of: "" | "da", count: number): SVGElement[] {
    const half = (box.width - 18) / 2;
    const height = (box.height - 8) / gates.length;
    const start = x - box.width / 2 + 13 + (of ? half : 0);
    return gates.flatMap((gate, i) => {
      const top = y - box.height / 2 + 4 + i * height;
      const name = of ? blockOf(of, gate, t) : `${gate}_${t}`;
      const strip = this.#cells({ x: start, y: top + 1 }, (half - 3) / count, height - 3, name, count);
      const letter = line({ x: start - 6, y: top + height / 2 }, 4, gate, "gate");
      return of ? [strip] : [letter, strip];
    });
  }

  /** The length of a gradient above its node, or below where arrows end above it; the loss in its node. */
  #norm(name: string, place: Place, isBeside = false): SVGElement {
    const { x, y } = place;
    const text =
      name === "L"
        ? line(place, 16, "", "loss")
        : isBeside
          ? line({ x: x + 56, y }, box.height / 2 + 20, "", "norm")
          : line(place, -box.height / 2 - 8, "", "norm");
    this.#norms.set(name, text);
    return text;
  }
}
