// Makes the settings' form of their table, reads it, and says beside a control what is wrong or what a change needs.

import { element, html } from "../page";
import type { OwnData } from "./problem";
import { type Field, fields, isLive, isOwn, isShown, problemOf, type Settings, settingNames } from "./settings";

type Control = HTMLInputElement | HTMLSelectElement;

/** Where the visitor's own data is entered, and how much of it there must be at least. */
const ownText = { least: 20, most: 20e6 };

export class SettingsForm {
  /** As they stand on the form; a number that is none is NaN. */
  settings: Settings;
  /** What the visitor brought. */
  own: OwnData | undefined;
  readonly #controls = {} as Record<keyof Settings, Control>;
  readonly #places = {} as Record<keyof Settings, { field: HTMLElement; effect: HTMLElement; error: HTMLElement }>;
  readonly #text: HTMLTextAreaElement;
  readonly #onChange: () => void;
  #trained: Settings | undefined;

  /** @param onChange called after each change of the visitor's. */
  constructor(form: HTMLFormElement, settings: Settings, onChange: () => void) {
    this.settings = settings;
    this.#onChange = onChange;
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of settingNames) {
      const control = this.#build(name);
      form.querySelector(`[data-group=${fields[name].group}]`)!.append(this.#places[name].field);
      control.addEventListener("input", () => this.#read(name));
      control.addEventListener("change", () => this.#tell(name));
    }
    this.#text = form.querySelector("#text")!;
    this.#text.addEventListener("input", () => this.#bring("your text", this.#text.value));
    const file = form.querySelector<HTMLInputElement>("#file")!;
    file.addEventListener("change", () => file.files![0] && void this.bringFile(file.files![0]));
    this.show(settings);
  }

  /** Puts settings on the form. */
  show(settings: Settings): void {
    this.settings = settings;
    for (const name of settingNames) {
      const control = this.#controls[name];
      if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = settings[name] === true;
      else control.value = String(settings[name] ?? "");
    }
    this.#refresh();
  }

  /** Takes a visitor's file as what to learn from, and chooses the data that goes with it. */
  async bringFile(file: File): Promise<void> {
    const text = await file.text();
    const table = /\.(csv|tsv|json|jsonl|ndjson)$/i.test(file.name);
    if (!isOwn(this.settings)) {
      this.show({ ...this.settings, data: table ? "sequences" : "own-text" });
    }
    this.#text.value = text.length > 200_000 ? "" : text; // a text area of megabytes would hold up the page
    this.#bring(file.name, text);
  }

  /** Shows what was brought at an earlier visit. */
  showOwn(own: OwnData | undefined): void {
    this.own = own;
    this.#text.value = own && own.text.length <= 200_000 ? own.text : "";
    this.#refresh();
  }

  /** Marks what differs from what is being trained; undefined: nothing is. */
  mark(trained: Settings | undefined): void {
    this.#trained = trained;
    this.#refresh();
  }

  /** Whether nothing is wrong with the settings that are live. */
  get usable(): boolean {
    return settingNames.filter(isLive).every((name) => problemOf(name, this.settings) === undefined);
  }

  /** The settings that differ from those trained and begin it anew. */
  get changed(): (keyof Settings)[] {
    const trained = this.#trained;
    if (!trained) return [];
    return settingNames.filter(
      (name) => !isLive(name) && isShown(name, this.settings) && this.settings[name] !== trained[name],
    );
  }

  /** Checks everything, tells what is wrong and goes to the first such control. Answers whether all is well. */
  check(): boolean {
    for (const name of settingNames) this.#tell(name);
    const wrong = settingNames.find((name) => problemOf(name, this.settings));
    if (wrong) {
      const control = this.#controls[wrong];
      control.closest("details")?.setAttribute("open", "");
      control.focus();
      return false;
    }
    const problem = this.#ownProblem();
    this.#tellOwn(problem);
    if (problem) this.#text.focus();
    return !problem;
  }

  #bring(name: string, text: string): void {
    this.own = text === "" ? undefined : { name, text };
    this.#refresh();
    if (this.#text.ariaInvalid === "true") this.#tellOwn(this.#ownProblem());
    this.#onChange();
  }

  #ownProblem(): string {
    const { data } = this.settings;
    if (!isOwn(this.settings)) return "";
    const length = this.own?.text.length ?? 0;
    if (length > ownText.most) return `That is ${length.toLocaleString("en")} characters. Take 20 million at most.`;
    if (length >= ownText.least) return "";
    return data === "sequences"
      ? "Drop or choose a CSV or JSON file of sequences, each with its class."
      : `The text has ${length} characters; ${ownText.least} or more are needed. Paste one, or drop a file.`;
  }

  #tellOwn(problem: string): void {
    const place = element("text-error");
    place.textContent = problem;
    place.hidden = problem === "";
    this.#text.ariaInvalid = String(problem !== "");
  }

  #read(name: keyof Settings): void {
    const control = this.#controls[name];
    this.settings = { ...this.settings, [name]: held(fields[name], control) };
    if (control.ariaInvalid === "true") this.#tell(name);
    this.#refresh();
    this.#onChange();
  }

  /** Shows the settings that have a meaning beside the others, and what a change of them needs. */
  #refresh(): void {
    for (const name of settingNames) {
      const { field, effect } = this.#places[name];
      field.hidden = !isShown(name, this.settings);
      const changed = this.#trained !== undefined && this.#trained[name] !== this.settings[name];
      effect.textContent = changed && !isLive(name) ? "after a reset" : "";
    }
    const { data } = this.settings;
    const given = element("own-name");
    element("own").hidden = !isOwn(this.settings);
    element("own-text").hidden = data !== "own-text";
    element("own-sequences").hidden = data !== "sequences";
    given.textContent = this.own ? `${this.own.name}, ${this.own.text.length.toLocaleString("en")} characters` : "";
  }

  #tell(name: keyof Settings): void {
    const problem = problemOf(name, this.settings);
    const { error } = this.#places[name];
    error.textContent = problem ?? "";
    error.hidden = problem === undefined;
    this.#controls[name].ariaInvalid = String(problem !== undefined);
  }

  #build(name: keyof Settings): Control {
    const field: Field = fields[name];
    const control = field.kind === "choice" ? html("select") : html("input");
    const effect = html("span", "effect");
    const label = html("label", "", field.label, " ", effect);
    const error = html("p", "error");
    control.id = name;
    label.htmlFor = name;
    error.id = `${name}-error`;
    error.ariaLive = "polite";
    error.hidden = true;
    const described = [error.id];
    if (control instanceof HTMLSelectElement) {
      const { choices } = field as Extract<Field, { kind: "choice" }>;
      for (const [value, title] of Object.entries(choices)) control.add(new Option(title, value));
    } else if (field.kind === "switch") {
      control.type = "checkbox";
    } else if (field.kind === "text") {
      control.type = "text";
      control.autocomplete = "off";
      control.spellcheck = false;
    } else {
      control.type = "number";
      control.step = "any";
      control.inputMode = field.kind === "integer" ? "numeric" : "decimal";
    }
    const wide = { switch: "switch", text: "wide", choice: "wide", number: "", integer: "" }[field.kind];
    const place = html("div", `field ${wide}`, ...(wide === "switch" ? [control, label] : [label, control]), error);
    if (field.hint) {
      const hint = html("p", "note", field.hint);
      hint.id = `${name}-hint`;
      described.unshift(hint.id);
      place.append(hint);
    }
    control.setAttribute("aria-describedby", described.join(" "));
    this.#controls[name] = control;
    this.#places[name] = { field: place, effect, error };
    return control;
  }
}

/** What a control holds; NaN where a number is none. */
function held(field: Field, control: Control): unknown {
  if (field.kind === "switch") return (control as HTMLInputElement).checked;
  if (field.kind === "text" || field.kind === "choice") return control.value;
  const input = control as HTMLInputElement;
  if (input.value === "" && !input.validity.badInput) return field.optional ? undefined : Number.NaN;
  return input.valueAsNumber;
}
