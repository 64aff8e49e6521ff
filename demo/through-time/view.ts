// Shows networks unrolled through time beside each other, and asks for the loss of the character that is pointed at.

import { html } from "../page";
import { chartNames, gradientChart } from "./gradient-chart";
import { type Columns, columnsIn, left } from "./layout";
import { numberTable } from "./number-table";
import { DecadeScale, hiddenGradient, isWhole, largest } from "./numbers";
import { Picture } from "./picture";
import { Units } from "./units";
import type { Unrolled } from "./unroll";
import { blameText, lossCount, powerOfTen, reachText, stepText, thenText, visible } from "./words";

/** ‖dL/dh_t‖ over all layers [T + 1] after an earlier update, of the network that is shown last. */
export interface Flow {
  step: number;
  gradient: readonly number[];
}

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

/** What a view asks for; `show` answers. */
export interface Asks {
  /** @param step the step, from 0, whose loss alone shall count, or undefined where all shall. */
  target(step: number | undefined): void;
  /** @param wanted whether gates and states beside h are to be told too. */
  beside(wanted: boolean): void;
}

/** Decades of the heat map: with more, neighbours would look alike. */
const mostColours = 12;
const note =
  "In front, h of up to 16 units, a stroke for each, to the left where it is negative. Behind, ‖dL/dhₜ‖. Below, what the loss blames: each step’s share of all ‖dL/dxₜ‖; then, unit by unit, what you choose of up to 64 units.";
const hint =
  "Point at a cell for its numbers, or at a character to let its loss alone count. Arrow keys move on; up and down through the layers.";

export class ThroughTimeView {
  readonly #asks: Asks;
  readonly #root: HTMLElement;
  readonly #legend = html("p", "decades");
  readonly #numbers = html("p", "pointed", hint);
  readonly #all = html("button", "", "All losses");
  readonly #chart = html("div");
  readonly #scroller = html("div", "scroller");
  readonly #words = html("div", "words");
  readonly #tables = html("div");
  readonly #details = html("details", "", html("summary", "", "All numbers"), this.#tables);
  readonly #units: Units;
  readonly #when = html("input");
  readonly #then = html("output");
  readonly #past = html("div", "past", html("label", "", "Look back ", this.#when), this.#then);
  #flows: readonly Flow[] = [];
  #shown: readonly TitledUnrolled[] = [];
  #pictures: Picture[] = [];
  /** What the pictures were made for: while it stays, they do, and with them the focus. */
  #madeFor = "";
  /** What the pictures were drawn in. */
  #width = 0;
  #columns: Columns | undefined;
  /** Whether new pictures are still to be scrolled to their last step, where the loss is. */
  #opening = false;
  #asked: number | undefined;
  #pointed: Pointed | undefined;

  /** @param container what is to hold the view. */
  constructor(container: HTMLElement, asks: Asks) {
    this.#asks = asks;
    this.#units = new Units((wanted) => asks.beside(wanted));
    this.#scroller.role = "region";
    this.#scroller.ariaLabel = "Networks unrolled through time";
    this.#scroller.tabIndex = 0;
    this.#words.ariaLive = "polite";
    this.#all.type = "button";
    this.#all.addEventListener("click", () => this.#ask(undefined));
    const above = html("div", "above", this.#legend, this.#all);
    const { controls, lines } = this.#units;
    const unitParts = [controls, this.#numbers, this.#scroller, this.#past, lines];
    this.#root = html("div", "through-time", above, html("p", "note", note), ...unitParts, this.#words, this.#details);
    Object.assign(this.#when, { type: "range", min: "0", value: "0" });
    this.#when.addEventListener("input", () => this.#drawFlow());
    this.#past.hidden = true;
    this.#root.style.setProperty("--left", `${left}px`);
    this.#root.hidden = true;
    container.append(this.#root);
    this.#scroller.addEventListener("focusin", ({ target }) => this.#pointAt(target));
    for (const kind of ["pointermove", "click"] as const) {
      this.#scroller.addEventListener(kind, (event) => {
        const said = this.#units.at(event, kind === "click");
        if (said) this.#numbers.textContent = said;
        else this.#pointAt(event.target);
      });
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

  /** Lets one see how the gradient flowed earlier, beside how it does now; the earliest first. */
  lookBack(flows: readonly Flow[]): void {
    this.#flows = flows;
    this.#past.hidden = flows.length === 0;
    this.#when.max = String(Math.max(0, flows.length - 1));
    this.#drawFlow();
  }

  clear(): void {
    this.#flows = [];
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
    this.#scroller.replaceChildren(...this.#pictures.map(({ figure }) => figure), this.#chart);
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
    this.#columns = columns;
    this.#drawFlow();
    if (this.#opening) this.#scroller.scrollLeft = this.#scroller.scrollWidth;
    this.#opening = false;
    this.#units.show(
      this.#shown,
      this.#pictures.map(({ units }) => units),
    );
    const swatches = gradient.decades.map((exponent) => {
      const swatch = html("span", "swatch", `${exponent === gradient.bottom ? "≤ " : ""}${powerOfTen(exponent)}`);
      swatch.style.setProperty("--heat", `${100 * gradient.at(10 ** exponent)}%`);
      return swatch;
    });
    const exploded = all.every(isWhole) ? [] : [html("span", "swatch exploded", "exploded")];
    this.#legend.replaceChildren("‖dL/dhₜ‖:", html("span", "swatch zero", "0"), ...swatches, ...exploded);
  }

  /** The gradient over time: now, and after the earlier update that is looked back at. */
  #drawFlow(): void {
    const [all, columns] = [this.#shown.map(({ unrolled }) => unrolled), this.#columns];
    const last = all.at(-1);
    if (!last || columns?.steps !== last.labels.length) return;
    const flow = this.#flows[Number(this.#when.value)];
    const then = flow?.gradient.length === last.labels.length + 1 ? flow : undefined;
    const shown = [...all.map(hiddenGradient), ...(then ? [then.gradient] : [])];
    const scale = new DecadeScale(shown.flatMap((gradient) => gradient.slice(1)));
    const titles = this.#shown.map(({ title }) => title);
    const name = then && `${titles.at(-1)} after update ${then.step.toLocaleString("en")}`;
    this.#chart.replaceChildren(chartNames(titles, name), gradientChart(all, columns, scale, then?.gradient));
    this.#then.textContent = then ? thenText(then.step, then.gradient, last) : "";
    this.#when.ariaValueText = then ? `update ${then.step}` : null;
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
    this.#asks.target(step);
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
