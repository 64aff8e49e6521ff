// Reads the settings form, and says beside a control what is wrong with its value.

import { leastCharacters } from "./corpus";
import type { Settings } from "./session";

/** What to train, as the visitor chose it. */
export interface Choice {
  settings: Settings;
  /** The visitor's own text; undefined for Moby-Dick. */
  text: string | undefined;
}

type Checked = HTMLInputElement | HTMLTextAreaElement;

export class SettingsForm {
  readonly #form: HTMLFormElement;
  /** The controls whose values can be wrong. */
  readonly #checked: Checked[];

  /** @param onChange called after each change, with the learning rate where it is usable. */
  constructor(form: HTMLFormElement, onChange: (learningRate: number | undefined) => void) {
    this.#form = form;
    this.#checked = [...form.querySelectorAll<HTMLInputElement>("input[type=number], textarea")];
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => {
      for (const control of this.#checked) {
        if (control.ariaInvalid === "true") this.#tell(control, this.#problem(control));
      }
      this.#control("own-text").hidden = !this.#ownText;
      onChange(this.learningRate);
    });
    for (const control of this.#checked) {
      control.addEventListener("change", () => this.#tell(control, this.#problem(control)));
    }
    this.#control("own-text").hidden = !this.#ownText; // browsers restore a form's values on reload
  }

  /** α; undefined where it is not usable. */
  get learningRate(): number | undefined {
    const input = this.#control("learning-rate") as HTMLInputElement;
    return this.#problem(input) ? undefined : input.valueAsNumber;
  }

  /** What is chosen now, not checked. */
  get choice(): Choice {
    const text = (id: string) => (this.#control(id) as HTMLInputElement | HTMLSelectElement).value;
    const number = (id: string) => (this.#control(id) as HTMLInputElement).valueAsNumber;
    return {
      settings: {
        hidden: number("hidden"),
        batch: number("batch"),
        steps: number("steps"),
        seed: number("seed"),
        activation: text("activation") as Settings["activation"],
        schedule: (text("schedule") || undefined) as Settings["schedule"],
      },
      text: this.#ownText ? text("text") : undefined,
    };
  }

  /** Checks everything, tells what is wrong and goes to the first such control. Answers whether all is well. */
  check(): boolean {
    for (const control of this.#checked) this.#tell(control, this.#problem(control));
    const wrong = this.#checked.find((control) => this.#problem(control));
    wrong?.focus();
    return !wrong;
  }

  get #ownText(): boolean {
    return new FormData(this.#form).get("source") === "own";
  }

  #control(id: string): HTMLElement {
    return this.#form.querySelector<HTMLElement>(`#${id}`)!;
  }

  /** What is wrong with a control's value; empty if nothing. */
  #problem(control: Checked): string {
    if (control instanceof HTMLTextAreaElement) return this.#ownText ? this.#textProblem(control.value) : "";
    if (control.validity.valid) return "";
    const { min, max, step } = control;
    return `Enter a ${step === "any" ? "" : "whole "}number from ${min} to ${max}.`;
  }

  #textProblem(text: string): string {
    const { steps } = this.choice.settings;
    const least = leastCharacters(Number.isInteger(steps) ? steps : 1);
    let count = 0;
    for (const _ of text) if (++count === least) return "";
    return `The text has ${count} characters; ${least} or more are needed for ${steps} time steps. Paste more text, or take fewer time steps.`;
  }

  #tell(control: HTMLElement, problem: string): void {
    const place = this.#control(`${control.id}-error`);
    place.textContent = problem;
    place.hidden = problem === "";
    control.ariaInvalid = String(problem !== "");
  }
}
