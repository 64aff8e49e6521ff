// Reads the form of the example, and says beside a control what is wrong with its value.

import type { ReferenceParameters } from "../../src/index";
import { html } from "../page";
import type { Settings } from "./address";
import { type CellName, cells } from "./cells";
import { drawnParameters } from "./engine";
import { classesOf, type Example, exampleOf, vocabularyOf } from "./example";
import { recordedSizes, recordedWeights } from "./recorded-weights";

const mostWords = 8;

export type Entered = Omit<Settings, "alpha" | "stage">;

export class ExampleForm {
  readonly #form: HTMLFormElement;
  readonly #sentence: HTMLInputElement;
  readonly #answer: HTMLInputElement;
  readonly #cell: HTMLSelectElement;
  readonly #hidden: HTMLInputElement;
  readonly #weights: HTMLSelectElement;
  readonly #seed: HTMLInputElement;

  /** @param onChange called after each change that leaves all values usable. */
  constructor(form: HTMLFormElement, onChange: () => void) {
    const control = <T extends HTMLElement>(id: string) => form.querySelector<T>(`#${id}`)!;
    this.#form = form;
    this.#sentence = control("sentence");
    this.#answer = control("answer");
    this.#cell = control("cell");
    this.#cell.append(...Object.entries(cells).map(([name, { title }]) => new Option(title, name)));
    this.#hidden = control("hidden");
    this.#weights = control("weights");
    this.#seed = control("seed");
    form.addEventListener("submit", (event) => event.preventDefault());
    this.#sentence.addEventListener("input", () => this.#followSentence());
    form.addEventListener("input", () => this.#follow());
    form.addEventListener("change", () => {
      if (this.#check()) onChange();
    });
  }

  /** What is entered, wrong or not. */
  get entered(): Entered {
    return {
      sentence: this.#words.join(" "),
      answer: this.#answer.value.trim(),
      cell: this.#cell.value as CellName,
      hidden: this.#hidden.value,
      weights: this.#weights.value,
      seed: this.#seed.value,
    };
  }

  set entered({ sentence, answer, cell, hidden, weights, seed }: Entered) {
    this.#sentence.value = sentence;
    this.#answer.value = answer;
    this.#cell.value = cell;
    this.#hidden.value = hidden;
    this.#weights.value = weights;
    this.#seed.value = seed;
    this.#vocabulary = vocabularyOf(this.#words);
    this.#follow();
  }

  /** What is chosen, where it is usable. */
  get choice(): { entered: Entered; example: Example; initial: ReferenceParameters } | undefined {
    if (!this.#check()) return undefined;
    const { entered } = this;
    const { answer, cell } = entered;
    const classes = this.#classes;
    const sizes = { hidden: this.#hidden.valueAsNumber, seed: this.#seed.valueAsNumber };
    const sentence = { words: this.#words, target: classes.indexOf(answer) };
    const example = exampleOf([sentence], { ...sizes, cell, classes });
    return { entered, example, initial: this.#recorded ? recordedWeights() : drawnParameters(example) };
  }

  setDisabled(disabled: boolean): void {
    this.#form.querySelector("fieldset")!.disabled = disabled;
  }

  /** The different words that the sentence had when the answer was chosen among them. */
  #vocabulary: string[] = [];

  get #classes(): string[] {
    return classesOf(this.#words, this.#answer.value.trim());
  }

  get #words(): string[] {
    return this.#sentence.value.split(/\s+/).filter(Boolean);
  }

  get #recorded(): boolean {
    return this.#weights.value === "recorded" && this.#fits;
  }

  /** Whether the recorded weights are of this network's sizes. */
  get #fits(): boolean {
    const { inputs, outputs, hidden } = recordedSizes;
    const sizes = [new Set(this.#words).size, this.#classes.length, this.#hidden.valueAsNumber];
    return this.#cell.value === "elman" && [inputs, outputs, hidden].every((size, i) => size === sizes[i]);
  }

  /** An answer that was a word of the sentence goes with it: to the word that now stands there. */
  #followSentence(): void {
    const words = vocabularyOf(this.#words);
    const place = this.#vocabulary.indexOf(this.#answer.value.trim());
    if (words.length === 0) return;
    this.#vocabulary = words;
    if (place >= 0) this.#answer.value = words[Math.min(place, words.length - 1)]!;
  }

  /** Keeps the rest of the form in step with what was entered. */
  #follow(): void {
    this.#form.querySelector("#words")!.replaceChildren(
      ...vocabularyOf(this.#words).map((word) => {
        const option = html("option");
        option.value = word;
        return option;
      }),
    );
    this.#form.querySelector<HTMLElement>("#weights-hint")!.hidden = this.#weights.value !== "recorded" || this.#fits;
    this.#seed.disabled = this.#recorded;
    for (const control of this.#checked) if (control.ariaInvalid === "true") this.#tell(control);
  }

  get #checked(): HTMLInputElement[] {
    return [this.#sentence, this.#answer, this.#hidden, this.#seed];
  }

  /** Tells what is wrong. Answers whether all is well. */
  #check(): boolean {
    for (const control of this.#checked) this.#tell(control);
    return this.#checked.every((control) => this.#problem(control) === "");
  }

  /** What is wrong with a control's value; empty if nothing. */
  #problem(control: HTMLInputElement): string {
    if (control === this.#sentence) {
      const { length } = this.#words;
      if (length === 0) return "Enter a word, or up to 8.";
      return length > mostWords ? `These are ${length} words; enter ${mostWords} at most.` : "";
    }
    if (control === this.#answer) return /^\s*\S+\s*$/.test(control.value) ? "" : "Enter one word.";
    const { valid } = control.validity;
    return valid || control.disabled ? "" : `Enter a whole number from ${control.min} to ${control.max}.`;
  }

  #tell(control: HTMLInputElement): void {
    const problem = this.#problem(control);
    const place = this.#form.querySelector<HTMLElement>(`#${control.id}-error`)!;
    place.textContent = problem;
    place.hidden = problem === "";
    control.ariaInvalid = String(problem !== "");
  }
}
