// Unit by unit: h, a gate or a state of all units as heat below each picture, and of one unit behind the text that it read.

import { html } from "../page";
import { drawHeat, tint } from "./heat";
import { largest } from "./numbers";
import { type UnitWords, unitWords } from "./unit-words";
import type { Unrolled, UnrolledRow } from "./unroll";
import { numeral, spoken } from "./words";

interface Titled {
  title: string;
  unrolled: Unrolled;
}

/** Heights of a unit's line, in CSS pixels: a short picture has high ones. */
const [leastLine, mostLine, wantedHeight] = [4, 12, 160];

interface Heat {
  canvas: HTMLCanvasElement;
  mark: HTMLElement;
  picture: number;
  row: number;
}

const valuesOf = ({ units, beside }: UnrolledRow, name: string): Float32Array | undefined =>
  name === "h" ? units : beside?.find((series) => series.name === name)?.values;

/** The largest value, where the words do not say it. */
const mostOf = (words: UnitWords, all: readonly (Float32Array | undefined)[]): number =>
  words.most ?? largest(all.flatMap((values) => [...(values ?? [])]));

export class Units {
  /** Stands above the pictures, and below them. */
  readonly controls: HTMLElement;
  readonly lines = html("div", "unit-lines");
  readonly #choice = html("select");
  readonly #row = html("select");
  readonly #unit = html("input");
  readonly #rowField = html("label", "", "of ", this.#row);
  readonly #meaning = html("p", "note");
  readonly #onBeside: (wanted: boolean) => void;
  #shown: readonly Titled[] = [];
  #places: readonly HTMLElement[] = [];
  #heats: Heat[] = [];

  /** @param onBeside is told whether gates and states beside h are to be shown, which come with what is shown next. */
  constructor(onBeside: (wanted: boolean) => void) {
    this.#onBeside = onBeside;
    Object.assign(this.#unit, { type: "number", min: "1", value: "1" });
    const fields = [
      html("label", "", "Unit by unit: ", this.#choice),
      html("label", "", "Unit ", this.#unit),
      this.#rowField,
    ];
    const key = html("span", "note heat-scale", "−", html("span", "heat-key"), "+");
    key.ariaHidden = "true"; // the numbers are told
    this.controls = html("div", "unit-controls", ...fields, key, this.#meaning);
    this.#choice.addEventListener("change", () => {
      this.#onBeside(this.wantsBeside);
      this.draw();
    });
    for (const control of [this.#row, this.#unit]) control.addEventListener("input", () => this.#point());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Whether more than h is to be shown. */
  get wantsBeside(): boolean {
    return !["", "h"].includes(this.#choice.value);
  }

  /** @param places below the pictures, one for each */
  show(shown: readonly Titled[], places: readonly HTMLElement[]): void {
    this.#shown = shown;
    this.#places = places;
    const offered = Object.assign({}, ...shown.map(({ unrolled }) => unitWords(unrolled.cell)).reverse());
    const options = Object.entries(offered as Record<string, UnitWords>).map(
      ([name, { title }]) => [name, title] as const,
    );
    const rows = shown
      .map(({ unrolled }) => unrolled.rows.map(({ label }, row) => [String(row), label] as const))
      .reduce((longest, labels) => (labels.length > longest.length ? labels : longest), []);
    const before = this.wantsBeside;
    offer(this.#choice, options);
    offer(this.#row, rows);
    if (before !== this.wantsBeside) this.#onBeside(this.wantsBeside);
    this.#rowField.hidden = rows.length < 2;
    this.#unit.max = String(largest(shown.flatMap(({ unrolled }) => unrolled.rows.map(({ unitCount }) => unitCount))));
    this.draw();
  }

  draw(): void {
    const name = this.#choice.value;
    const meanings = new Map<string, string[]>();
    this.#heats = [];
    for (const [picture, { title, unrolled }] of this.#shown.entries()) {
      const words = unitWords(unrolled.cell)[name];
      const blocks = words ? this.#blocks(picture, words) : [];
      this.#places[picture]!.replaceChildren(...blocks);
      if (!words) continue;
      const meaning = `${words.title}: ${words.meaning}`;
      meanings.set(meaning, [...(meanings.get(meaning) ?? []), title]);
    }
    const said = [...meanings].map(
      ([meaning, titles]) => (meanings.size > 1 ? `${titles.join(", ")}, ` : "") + meaning,
    );
    this.#meaning.textContent = `${said.join("; ")}.`;
    this.#point();
  }

  /** The unit at a place of a heat, and what it is at its step. Chooses it where that is asked for. */
  at(event: MouseEvent, choose: boolean): string | undefined {
    const heat = this.#heats.find(({ canvas }) => canvas === event.target);
    if (!heat) return undefined;
    const { canvas, picture, row } = heat;
    const { title, unrolled } = this.#shown[picture]!;
    const box = canvas.getBoundingClientRect();
    const within = (share: number, count: number) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
    const unit = within((event.clientY - box.top) / box.height, canvas.height);
    const step = within((event.clientX - box.left) / box.width, canvas.width);
    if (choose) {
      this.#unit.value = String(unit + 1);
      this.#row.value = String(row);
      this.#point();
    }
    const name = this.#choice.value;
    const of = unrolled.rows[row]!;
    const value = numeral(valuesOf(of, name)![step * of.unitCount + unit]!);
    const place = `${spoken(unrolled.labels[step]!)} (t = ${step + 1}) · ${of.label}, unit ${unit + 1}`;
    return `${title} · ${place}: ${unitWords(unrolled.cell)[name]!.title} ${value}`;
  }

  /** Of each layer and direction, from the highest: its name, and its units by steps. */
  #blocks(picture: number, words: UnitWords): HTMLElement[] {
    const name = this.#choice.value;
    const { title, unrolled } = this.#shown[picture]!;
    const all = unrolled.rows.map((row) => valuesOf(row, name));
    const most = mostOf(words, all);
    return unrolled.rows
      .flatMap(({ label, unitCount }, row) => {
        const values = all[row];
        if (!values) return [];
        const canvas = html("canvas");
        const steps = unrolled.labels.length;
        drawHeat(canvas, values, steps, most);
        canvas.role = "img";
        canvas.ariaLabel = `${title}, ${label}: ${words.title} of ${unitCount} units over ${steps} steps`;
        const mark = html("div", "unit-mark");
        const heat = html("div", "unit-heat", canvas, mark);
        const line = Math.max(leastLine, Math.min(mostLine, Math.floor(wantedHeight / unitCount)));
        heat.style.setProperty("--pitch", `${line}px`);
        heat.style.setProperty("--units", String(unitCount));
        heat.style.setProperty("--steps", String(steps));
        this.#heats.push({ canvas, mark, picture, row });
        const low = values.some((value) => value < 0) ? `${numeral(-most)} to ` : "0 to ";
        return [html("div", "", html("p", "unit-title", `${label}: ${words.title}, ${low}${numeral(most)}`), heat)];
      })
      .reverse();
  }

  /** Marks the chosen unit, and shows its values behind the text. */
  #point(): void {
    const name = this.#choice.value;
    const row = Number(this.#row.value);
    const unit = Math.max(0, Math.min(Number(this.#unit.max) - 1, Math.round(Number(this.#unit.value)) - 1 || 0));
    for (const heat of this.#heats) {
      heat.mark.hidden = heat.row !== row;
      heat.mark.style.setProperty("--unit", String(unit));
    }
    const lines = this.#shown.flatMap(({ title, unrolled }) => {
      const words = unitWords(unrolled.cell)[name];
      const of = unrolled.rows[row];
      const values = of && valuesOf(of, name);
      if (!words || !values || unit >= of.unitCount) return [];
      const most = mostOf(
        words,
        unrolled.rows.map((each) => valuesOf(each, name)),
      );
      const own = unrolled.labels.map((_, t) => values[t * of.unitCount + unit]!);
      return [
        html("p", "", html("b", "", title), ` ${of.label}, unit ${unit + 1}: ${words.title}`),
        unitLine(unrolled, own, most),
      ];
    });
    this.lines.replaceChildren(...lines);
  }
}

/** What was read, each piece in the colour of the unit's value after it. */
function unitLine({ labels, text }: Unrolled, values: readonly number[], most: number): HTMLElement {
  const pieces = labels.flatMap((label, t) => {
    const value = values[t]!;
    const piece = html("span", "", label === "\n" ? "↵\n" : label);
    if (!Number.isNaN(value)) tint(piece, value, most);
    piece.title = `t = ${t + 1}: ${numeral(value)}`;
    return text ? [piece] : [piece, " "];
  });
  return html("p", text ? "unit-text" : "unit-text apart", ...pieces);
}

/** Puts options in a select; what is chosen stays so where it can. */
function offer(select: HTMLSelectElement, options: readonly (readonly [value: string, text: string])[]): void {
  const texts = [...select.options].map(({ value, text }) => [value, text]);
  if (JSON.stringify(texts) === JSON.stringify(options)) return;
  const { value } = select;
  select.replaceChildren(...options.map(([name, text]) => new Option(text, name, false, name === value)));
}
