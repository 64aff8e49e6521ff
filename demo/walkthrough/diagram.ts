// Draws the network unrolled through time, with what flows forward and back, and what of it is at work.

import { maximum, minimum } from "../extremes";
import { svg } from "../page";
import { arrow, arrowheads, box, line, nodeShape, type Place } from "./diagram-shapes";
import type { Example } from "./example";
import { plain } from "./math";
import type { Matrices } from "./matrices";
import { largestOf, tint } from "./matrix-figure";
import type { Stage } from "./stages";

const column = 156;
const margin = 62;
const hiddenRow = 76;
const inputRow = 222;
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

  constructor(container: HTMLElement, { words, vocabulary, classes, config }: Example) {
    this.#container = container;
    const steps = words.length;
    const at = (i: number): Place => ({ x: margin + i * column, y: hiddenRow });
    const [output, prediction, loss] = [at(steps + 1), at(steps + 2), at(steps + 3)];
    const drawing = svg("svg", { viewBox: `0 0 ${loss.x + margin} ${inputRow + 36}`, role: "img" }, arrowheads());
    drawing.ariaLabel = `The network unrolled over ${steps} time ${steps === 1 ? "step" : "steps"}: each word goes into its hidden state, each hidden state into the next, the last one into the output, the prediction and the loss. Gradients flow back the same ways.`;
    drawing.style.minWidth = `${(steps + 4) * 5.6}rem`; // legible on a phone, where it scrolls
    drawing.style.maxWidth = `${(steps + 4) * 11}rem`;
    const draw = (name: string, ...pieces: SVGElement[]) => {
      const part = svg("g", { class: "part" }, ...pieces);
      this.#parts.set(name, part);
      drawing.append(part);
    };
    const between = (from: string, a: Place, to: string, b: Place, label: string, back: string) => {
      draw(`${from}-${to}`, ...arrow(a, b, "forward", label));
      draw(`${to}>${from}`, ...arrow(b, a, "backward", back));
    };
    const node = (name: string, key: string, place: Place, count: number) =>
      draw(name, ...nodeShape(place, plain(key)), this.#strip(place, valuesBelow, key, count));

    node("h0", "h_0", at(0), config.hidden);
    for (const [i, word] of words.entries()) {
      const t = i + 1;
      const input = { x: at(t).x, y: inputRow };
      node(`x${t}`, `x_${t}`, input, vocabulary.length);
      const short = word.length > longestWord ? `${word.slice(0, longestWord - 1)}…` : word;
      this.#parts.get(`x${t}`)!.append(line(input, 26, short, "word"));
      node(`h${t}`, `h_${t}`, at(t), config.hidden);
      between(`x${t}`, input, `h${t}`, at(t), "W", "dW");
      between(`h${t - 1}`, at(t - 1), `h${t}`, at(t), "Wʰ", "Wʰᵀ");
      draw(`dh${t}`, this.#strip(at(t), gradientBelow, `dh_${t}`, config.hidden), this.#norm(`dh_${t}`, at(t)));
    }
    node("o", "o", output, classes.length);
    node("ŷ", "ŷ", prediction, classes.length);
    draw("L", ...nodeShape(loss, "L"), this.#norm("L", loss));
    draw("do", this.#strip(output, gradientBelow, "do", classes.length), this.#norm("do", output));
    between(`h${steps}`, at(steps), "o", output, "V", "Vᵀ");
    between("o", output, "y", prediction, "softmax", "ŷ − y");
    between("y", prediction, "L", loss, "−ln", "");
    container.replaceChildren(drawing);
  }

  /** Shows the numbers of a round. */
  showValues(matrices: Matrices): void {
    for (const [name, cells] of this.#strips) {
      const { values } = matrices.get(name)!;
      const largest = largestOf(values);
      for (const [i, cell] of cells.entries()) tint(cell, values[i]!, largest);
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
    const start = x - (count * width) / 2;
    const cells = Array.from({ length: count }, (_, i) =>
      svg("rect", { x: start + i * width, y: y + below, width: width - 1, height: 11, class: "cell" }),
    );
    this.#strips.set(name, cells);
    return svg("g", { class: name.startsWith("d") ? "strip gradient" : "strip" }, ...cells);
  }

  /** The length of a gradient above its node; the loss in its node. */
  #norm(name: string, place: Place): SVGElement {
    const text = name === "L" ? line(place, 16, "", "loss") : line(place, -box.height / 2 - 8, "", "norm");
    this.#norms.set(name, text);
    return text;
  }
}
