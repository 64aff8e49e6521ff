// Reads the form of the example, and says beside a control what is wrong with its value.

import type { ReferenceParameters } from "../../src/index";
import { drawnParameters } from "./engine";
import { classesOf, type Example, exampleOf } from "./example";
import { recordedSizes, recordedWeights } from "./recorded-weights";

const mostWords = 8;

export class ExampleForm {
  readonly #form: HTMLFormElement;
  readonly #sentence: HTMLInputElement;
  readonly #target: HTMLSelectElement;
  readonly #hidden: HTMLInputElement;
  readonly #weights: HTMLSelectElement;
  readonly #seed: HTMLInputElement;

  /** @param onChange called after each change that leaves all values usable. */
  constructor(form: HTMLFormElement, onChange: () => void) {
    const control = <T extends HTMLElement>(id: string) => form.querySelector<T>(`#${id}`)!;
    this.#form = form;
    this.#sentence = control("sentence");
    this.#target = control("target");
    this.#hidden = control("hidden");
    this.#weights = control("weights");
    this.#seed = control("seed");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.#follow());
    form.addEventListener("change", () => {
      if (this.#check()) onChange();
    });
    this.#follow(); // browsers restore a form's values on reload
  }

  /** What is chosen, where it is usable. */
  get choice(): { example: Example; initial: ReferenceParameters } | undefined {
    if (!this.#check()) return undefined;
    const sizes = { hidden: this.#hidden.valueAsNumber, seed: this.#seed.valueAsNumber };
    const example = exampleOf([{ words: this.#words, target: this.#target.selectedIndex }], sizes);
    return { example, initial: this.#recorded ? recordedWeights() : drawnParameters(example) };
  }

  setDisabled(disabled: boolean): void {
    this.#form.querySelector("fieldset")!.disabled = disabled;
  }

  get #words(): string[] {
    return this.#sentence.value.split(/\s+/).filter(Boolean);
  }

  get #recorded(): boolean {
    return this.#weights.value === "recorded" && this.#fits;
  }

  /** Whether the recorded weights are of this network's sizes. */
  get #fits(): boolean {
    const { length } = classesOf(this.#words);
    const { inputs, outputs, hidden } = recordedSizes;
    return new Set(this.#words).size === inputs && length === outputs && this.#hidden.valueAsNumber === hidden;
  }

  /** Keeps the rest of the form in step with what was entered. */
  #follow(): void {
    const chosen = Math.max(0, this.#target.selectedIndex);
    const classes = classesOf(this.#words);
    this.#target.replaceChildren(...classes.map((word) => new Option(word)));
    this.#target.selectedIndex = Math.min(chosen, classes.length - 1);
    this.#form.querySelector<HTMLElement>("#weights-hint")!.hidden = this.#weights.value !== "recorded" || this.#fits;
    this.#seed.disabled = this.#recorded;
    for (const control of [this.#sentence, this.#hidden, this.#seed]) {
      if (control.ariaInvalid === "true") this.#tell(control);
    }
  }

  /** Tells what is wrong. Answers whether all is well. */
  #check(): boolean {
    const controls = [this.#sentence, this.#hidden, this.#seed];
    for (const control of controls) this.#tell(control);
    return controls.every((control) => this.#problem(control) === "");
  }

  /** What is wrong with a control's value; empty if nothing. */
  #problem(control: HTMLInputElement): string {
    if (control === this.#sentence) {
      const { length } = this.#words;
      if (length === 0) return "Enter a word, or up to 8.";
      return length > mostWords ? `These are ${length} words; enter ${mostWords} at most.` : "";
    }
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
