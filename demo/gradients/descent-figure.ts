// A gradient on its way back as a figure of the page: the drawing in the width that there is, its names and its numbers.

import { html } from "../page";
import type { Descent } from "./descent";
import { descentChart, type Names, namesOf } from "./descent-chart";
import { NumberDetails, table } from "./tables";
import { normText, timesText } from "./words";

/** Draws anew where the width of a place changes. @returns draws, where there is a width. */
export function drawnIn(place: HTMLElement, draw: (width: number) => SVGElement | undefined): () => void {
  let drawnWidth = 0;
  const drawNow = () => {
    drawnWidth = place.clientWidth;
    const drawn = drawnWidth > 0 ? draw(drawnWidth) : undefined;
    if (drawn) place.replaceChildren(drawn);
  };
  new ResizeObserver(() => {
    if (place.clientWidth !== drawnWidth) drawNow();
  }).observe(place);
  return drawNow;
}

export class DescentFigure {
  readonly #names: Names;
  readonly #details = new NumberDetails();
  readonly #draw: () => void;
  #descent: Descent | undefined;

  constructor(container: HTMLElement, names: Names) {
    const drawing = html("div", "drawing");
    this.#names = names;
    this.#draw = drawnIn(drawing, (width) => this.#descent && descentChart(this.#descent, width));
    const caption = html("figcaption", "", namesOf(names), this.#caption());
    container.append(html("figure", "descent", drawing, caption), this.#details.root);
  }

  show(descent: Descent): void {
    this.#descent = descent;
    this.#draw();
    this.#details.show(() => this.#table(descent));
  }

  #caption(): HTMLElement {
    const { state, local, recurrent } = this.#names;
    const key = (kind: string, text: string) => html("span", `key ${kind}`, text);
    return html(
      "p",
      "note",
      `On top, ‖dL/d${state}ₜ‖ behind each step, and as a line below it, on one scale. At the bottom, what the step from t back to t − 1 multiplies it by: `,
      key("local", local),
      " and ",
      key("recurrent", recurrent),
      ".",
    );
  }

  #table({ norms, local, recurrent }: Descent): HTMLElement {
    const names = this.#names;
    const head = ["t", `‖dL/d${names.state}ₜ‖`, names.local, names.recurrent, "both"];
    const rows = norms.map((value, i) => {
      const [a, b] = [local[i - 1] ?? Number.NaN, recurrent[i - 1] ?? Number.NaN];
      return [String(i + 1), normText(value), timesText(a), timesText(b), timesText(a * b)];
    });
    return table(`‖dL/d${names.state}ₜ‖, and what the step from t back multiplies it by`, head, rows.reverse());
  }
}
