// Shows networks unrolled through time beside each other, and asks for the loss of the character that is pointed at.

import { html } from "../page";
import { chartNames, gradientChart } from "./gradient-chart";
import { columnsIn, left } from "./layout";
import { numberTable } from "./number-table";
import { DecadeScale, hiddenGradient, isWhole, largest } from "./numbers";
import { Picture } from "./picture";
import type { Unrolled } from "./unroll";
import { blameText, lossCount, powerOfTen, reachText, stepText, visible } from "./words";

export interface TitledUnrolled {
  title: string;
  unrolled: Unrolled;
}

/** The cell whose numbers are told. */
interface Pointed {
  picture: number;
  step: number;
  row: number;
}

/** Decades of the heat map: with more, neighbours would look alike. */
const mostColours = 12;
const note =
  "In front, h of up to 16 units, a stroke for each, to the left where it is negative. Behind, ‖dL/dhₜ‖. Below, what the loss blames: each step’s share of all ‖dL/dxₜ‖.";
const hint =
  "Point at a cell for its numbers, or at a character to let its loss alone count. Arrow keys move on; up and down through the layers.";

export class ThroughTimeView {
  readonly #onTarget: (step: number | undefined) => void;
  readonly #root: HTMLElement;
  readonly #legend = html("p", "decades");
  readonly #numbers = html("p", "pointed", hint);
  readonly #all = html("button", "", "All losses");
  readonly #chart = html("div");
  readonly #scroller = html("div", "scroller");
  readonly #words = html("div", "words");
  readonly #tables = html("div");
  readonly #details = html("details", "", html("summary", "", "All numbers"), this.#tables);
  #shown: readonly TitledUnrolled[] = [];
  #pictures: Picture[] = [];
  /** What the pictures were made for: while it stays, they do, and with them the focus. */
  #madeFor = "";
  /** What the pictures were drawn in. */
  #width = 0;
  /** Whether new pictures are still to be scrolled to their last step, where the loss is. */
  #opening = false;
  #asked: number | undefined;
  #pointed: Pointed | undefined;

  /**
   * @param container what is to hold the view.
   * @param onTarget is told the step, from 0, whose loss alone shall count, or undefined where all shall; answer with
   * `show`.
   */
  constructor(container: HTMLElement, onTarget: (step: number | undefined) => void) {
    this.#onTarget = onTarget;
    this.#scroller.role = "region";
    this.#scroller.ariaLabel = "Networks unrolled through time";
    this.#scroller.tabIndex = 0;
    this.#words.ariaLive = "polite";
    this.#all.type = "button";
    this.#all.addEventListener("click", () => this.#ask(undefined));
    const above = html("div", "above", this.#legend, this.#all);
    const parts = [above, html("p", "note", note), this.#numbers, this.#scroller, this.#words, this.#details];
    this.#root = html("div", "through-time", ...parts);
    this.#root.style.setProperty("--left", `${left}px`);
    this.#root.hidden = true;
    container.append(this.#root);
    for (const kind of ["pointermove", "click", "focusin"] as const) {
      this.#scroller.addEventListener(kind, ({ target }) => this.#pointAt(target));
    }
    this.#scroller.addEventListener("keydown", (event) => this.#press(event));
    this.#details.addEventListener("toggle", () => this.#tabulate());
    new ResizeObserver(() => {
      if (this.#scroller.clientWidth !== this.#width) this.#draw();
    }).observe(container);
  }

  /** Shows one or two networks that read the same sequence, one above the other. */
  show(pictures: readonly TitledUnrolled[]): void {
    this.#shown = pictures;
    const [first] = pictures;
    this.#root.hidden = !first;
    if (!first) return;
    const { labels, losses, target } = first.unrolled;
    const madeFor = JSON.stringify([pictures.map(({ title }) => title), labels, [...losses].map(Number.isNaN)]);
    if (madeFor !== this.#madeFor) this.#make(madeFor);
    this.#asked = target;
    this.#all.ariaPressed = String(target === undefined);
    this.#all.hidden = lossCount(first.unrolled) < 2;
    this.#draw();
    this.#say();
    this.#tell();
    this.#tabulate();
  }

  clear(): void {
    this.show([]);
  }

  #make(madeFor: string): void {
    this.#madeFor = madeFor;
    this.#opening = true;
    this.#pointed = undefined;
    this.#pictures = this.#shown.map(({ title, unrolled }) => new Picture(title, unrolled));
    for (const { characters } of this.#pictures) {
      const last = characters.filter(({ disabled }) => !disabled).at(-1);
      for (const button of characters) button.tabIndex = button === last ? 0 : -1;
    }
    const names = chartNames(this.#shown.map(({ title }) => title));
    this.#scroller.replaceChildren(...this.#pictures.map(({ figure }) => figure), names, this.#chart);
  }

  #draw(): void {
    const all = this.#shown.map(({ unrolled }) => unrolled);
    this.#width = this.#scroller.clientWidth;
    if (all.length === 0 || this.#width === 0) return;
    const { labels } = all[0]!;
    const longest = largest(labels.map((label) => [...visible(label)].length));
    const columns = columnsIn(this.#width, labels.length, longest);
    this.#root.style.setProperty("--column", `${columns.width}px`);
    const rows = all.flatMap(({ rows }) => rows);
    const gradient = new DecadeScale(
      rows.flatMap(({ gradient }) => [...gradient.subarray(1)]),
      mostColours,
    );
    const loss = largest(all.flatMap(({ losses }) => [...losses]));
    const state = largest(rows.flatMap(({ units }) => [...units]));
    for (const [i, picture] of this.#pictures.entries()) picture.show(all[i]!, { columns, gradient, loss, state });
    const ofAll = new DecadeScale(all.flatMap((unrolled) => hiddenGradient(unrolled).slice(1)));
    this.#chart.replaceChildren(gradientChart(all, columns, ofAll));
    if (this.#opening) this.#scroller.scrollLeft = this.#scroller.scrollWidth;
    this.#opening = false;
    const swatches = gradient.decades.map((exponent) => {
      const swatch = html("span", "swatch", `${exponent === gradient.bottom ? "≤ " : ""}${powerOfTen(exponent)}`);
      swatch.style.setProperty("--heat", `${100 * gradient.at(10 ** exponent)}%`);
      return swatch;
    });
    const exploded = all.every(isWhole) ? [] : [html("span", "swatch exploded", "exploded")];
    this.#legend.replaceChildren("‖dL/dhₜ‖:", html("span", "swatch zero", "0"), ...swatches, ...exploded);
  }

  /** Says what the pictures show. */
  #say(): void {
    const said = this.#shown.map(({ title, unrolled }) => {
      return html("p", "", html("b", "", title), ` ${blameText(unrolled)} ${reachText(unrolled)}`);
    });
    this.#words.replaceChildren(...said);
  }

  /** Tells the numbers of what is pointed at. */
  #tell(): void {
    const at = this.#pointed;
    const shown = at && this.#shown[at.picture];
    this.#numbers.textContent = shown ? `${shown.title} · ${stepText(shown.unrolled, at.step, at.row)}` : hint;
  }

  #tabulate(): void {
    const tables = this.#details.open ? this.#shown.map(({ title, unrolled }) => numberTable(title, unrolled)) : [];
    this.#tables.replaceChildren(...tables);
  }

  #pointAt(at: EventTarget | null): void {
    if (!(at instanceof HTMLElement || at instanceof SVGElement) || at.dataset.step === undefined) return;
    const { step, row = this.#pointed?.row ?? 0 } = at.dataset;
    const picture = this.#pictures.findIndex(({ figure }) => figure.contains(at));
    this.#pointed = { picture, step: Number(step), row: Number(row) };
    this.#tell();
    if (at instanceof HTMLButtonElement && !at.disabled) this.#ask(Number(step));
  }

  #ask(step: number | undefined): void {
    if (step === this.#asked) return;
    this.#asked = step;
    if (step !== undefined) {
      for (const { characters } of this.#pictures) {
        characters.forEach((button, i) => {
          button.tabIndex = i === step ? 0 : -1;
        });
      }
    }
    this.#onTarget(step);
  }

  #press(event: KeyboardEvent): void {
    const { key, target: at } = event;
    if (key === "Escape") this.#ask(undefined);
    if (!(at instanceof HTMLButtonElement) || !this.#pointed) return;
    const { picture, row } = this.#pointed;
    const characters = this.#pictures[picture]!.characters.filter(({ disabled }) => !disabled);
    const here = characters.indexOf(at);
    const along = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: characters.length - 1 }[key];
    const up = { ArrowUp: 1, ArrowDown: -1 }[key];
    if (along === undefined && up === undefined) return;
    event.preventDefault(); // nothing scrolls by itself
    if (along !== undefined) characters[along]?.focus();
    else if (this.#shown[picture]!.unrolled.rows[row + up!]) {
      this.#pointed = { ...this.#pointed, row: row + up! };
      this.#tell();
    }
  }
}
