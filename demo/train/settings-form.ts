// Makes the settings' form of their table, reads it, and says beside a control what is wrong or what a change needs.

import { unknownInPrompt } from "../data/characters";
import { element, html } from "../page";
import { type Field, labelOf } from "../tasks/field";
import { fields, groupOf, type Settings, settingNames } from "../tasks/fields";
import type { OwnData } from "../tasks/own-data";
import { forTask, isOwn, isShown, taskOf, wrongWith } from "../tasks/settings";

type Control = HTMLInputElement | HTMLSelectElement;

/** Characters of the visitor's own data. */
const ownText = { least: 20, most: 20e6 };
/** A text area with more would hold up the page. */
const mostShown = 200_000;

/** What is being trained: its settings, its data and, where it writes text, what it knows. */
interface Trained {
  settings: Settings;
  own: OwnData | undefined;
  pieces: { kind: string; symbols: readonly string[] } | undefined;
}

export class SettingsForm {
  /** As they stand on the form; a number that is none is NaN. */
  settings: Settings;
  /** What the visitor brought. */
  own: OwnData | undefined;
  /** Makes settings fit where it computes: what of them is as usual, a task's defaults unless said. */
  fit: (settings: Settings, usual?: Settings) => Settings = (settings) => settings;
  readonly #controls = {} as Record<keyof Settings, Control>;
  readonly #places = {} as Record<keyof Settings, Record<"field" | "effect" | "error" | "hint", HTMLElement>>;
  readonly #text: HTMLTextAreaElement;
  readonly #onChange: (name?: keyof Settings) => void;
  #trained: Trained | undefined;

  /** @param onChange called after each change of the visitor's, with the setting unless it is the data. */
  constructor(form: HTMLFormElement, settings: Settings, onChange: (name?: keyof Settings) => void) {
    this.settings = settings;
    this.#onChange = onChange;
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of settingNames) {
      const control = this.#build(name);
      form.querySelector(`[data-group=${groupOf(name)}]`)!.append(this.#places[name].field);
      control.addEventListener("input", () => this.#read(name));
      control.addEventListener("change", () => this.#tell(name));
    }
    this.#text = form.querySelector("#text")!;
    this.#text.addEventListener("input", () => this.#bring("your text", this.#text.value));
    this.#text.addEventListener("paste", (event) => this.#bringLong(event, event.clipboardData?.getData("text")));
    this.#text.addEventListener("beforeinput", (event) => this.#bringLong(event, event.data)); // dropped, perhaps
    this.show(settings);
  }

  /** Puts settings on the form. */
  show(settings: Settings): void {
    this.settings = settings;
    for (const name of settingNames) {
      const control = this.#controls[name];
      if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = settings[name] === true;
      else control.value = String(settings[name] ?? "");
      if (control.ariaInvalid === "true") this.#tell(name);
    }
    this.#refresh();
  }

  /** Takes data as what to learn from. */
  take(own: OwnData): void {
    this.#text.value = own.text.length > mostShown ? "" : own.text;
    this.tellOwn("");
    this.#bring(own.name, own.text, own);
  }

  /** Shows what was brought at an earlier visit. */
  showOwn(own: OwnData | undefined): void {
    this.own = own;
    this.#text.value = own && own.text.length <= mostShown ? own.text : "";
    this.#refresh();
  }

  /** Marks what differs from what is being trained; undefined: nothing is. */
  mark(trained: Trained | undefined): void {
    this.#trained = trained;
    this.#refresh();
  }

  /** How many settings, the data among them, differ from those trained: they begin it anew. */
  get changes(): number {
    if (!this.#trained) return 0;
    const data = isOwn(this.settings) && this.own !== this.#trained.own ? 1 : 0;
    return settingNames.filter((name) => this.#isChanged(name)).length + data;
  }

  #isChanged(name: keyof Settings): boolean {
    return !!this.#trained && isShown(name, this.settings) && this.#trained.settings[name] !== this.settings[name];
  }

  /** Checks everything, tells what is wrong and goes to the first such control. Answers whether all is well. */
  check(): boolean {
    for (const name of settingNames) this.#tell(name);
    const wrong = settingNames.find((name) => wrongWith(name, this.settings));
    if (wrong) {
      const control = this.#controls[wrong];
      control.closest("details")?.setAttribute("open", "");
      control.focus();
      return false;
    }
    const problem = this.#ownProblem();
    this.tellOwn(problem);
    if (problem) (reads(this.settings) === "text" ? this.#text : element("file")).focus();
    return !problem;
  }

  #bring(name: string, text: string, own: OwnData | undefined = text === "" ? undefined : { name, text }): void {
    this.own = own;
    this.#refresh();
    if (this.#text.ariaInvalid === "true") this.tellOwn(this.#ownProblem());
    this.#onChange();
  }

  /** Takes a long text without the text area, which would lay it out for minutes; one that is too long changes nothing. */
  #bringLong(event: Event, text: string | null | undefined): void {
    if (!text || text.length <= mostShown) return;
    event.preventDefault();
    const long = text.length > ownText.most;
    this.tellOwn(long ? tooLong(text.length) : "");
    if (long) return;
    this.#text.value = "";
    this.#bring("your text", text);
  }

  #ownProblem(): string {
    if (!isOwn(this.settings) || (taskOf(this.settings).made && !this.own)) return "";
    const length = this.own?.text.length ?? 0;
    if (length > ownText.most) return tooLong(length);
    if (length >= ownText.least) return "";
    return reads(this.settings) === "sequences"
      ? "Drop or choose a CSV or JSON file of sequences, each with its class."
      : `The text has ${length} characters; ${ownText.least} or more are needed. Paste one, or drop a file.`;
  }

  /** Says beside the data what is wrong with it; nothing where that is empty. */
  tellOwn(problem: string): void {
    const place = element("text-error");
    place.textContent = problem;
    place.hidden = problem === "";
    this.#text.ariaInvalid = String(problem !== "");
  }

  #read(name: keyof Settings): void {
    const control = this.#controls[name];
    const changed = { ...this.settings, [name]: held(fields[name], control) };
    if (name === "task") {
      this.show(this.fit(forTask(changed.task, this.settings)));
    } else {
      this.settings = changed;
      if (control.ariaInvalid === "true") this.#tell(name);
      this.#refresh();
    }
    this.#onChange(name);
  }

  /** Shows the settings that have a meaning beside the others, what a change of them needs, and what of the prompt is lost. */
  #refresh(): void {
    for (const name of settingNames) {
      const { field, effect } = this.#places[name];
      field.hidden = !isShown(name, this.settings);
      effect.textContent = this.#isChanged(name) ? "after a reset" : "";
    }
    this.#tell("prompt");
    const { hint } = this.#places.task;
    const { about = "" } = taskOf(this.settings);
    if (hint.textContent !== about) hint.textContent = about;
    hint.hidden = about === "";
    const given = element("own-name");
    element("own").hidden = !isOwn(this.settings);
    element("own-text").hidden = reads(this.settings) !== "text";
    element("own-sequences").hidden = reads(this.settings) !== "sequences";
    element("own-series").hidden = reads(this.settings) !== "series";
    const said = this.own ? `${this.own.name}, ${this.own.text.length.toLocaleString("en")} characters` : "";
    if (given.textContent !== said) given.textContent = said;
    element("own-look").hidden = !this.own;
  }

  #tell(name: keyof Settings): void {
    const wrong = wrongWith(name, this.settings);
    const said = wrong ?? (name === "prompt" ? this.#lostOfPrompt() : "");
    const { error } = this.#places[name];
    if (error.textContent !== said) error.textContent = said;
    error.hidden = said === "";
    this.#controls[name].ariaInvalid = String(wrong !== undefined);
  }

  /** What the network that is trained does not read of the prompt, in words; nothing where it reads all. */
  #lostOfPrompt(): string {
    const pieces = this.#trained?.pieces;
    const isCut = pieces?.kind === "characters" && isShown("prompt", this.settings); // others only the session can cut
    const unknown = isCut && unknownInPrompt(pieces.symbols, this.settings.prompt);
    if (!unknown) return "";
    return `The prompt ${unknown.words}.${unknown.isRead ? "" : " It is read without them."}`;
  }

  #build(name: keyof Settings): Control {
    const field = fields[name];
    const control = field.kind === "choice" ? html("select") : html("input");
    const effect = html("span", "effect");
    const label = html("label", "", field.label, " ", effect);
    const error = html("p", "error");
    control.id = name;
    label.htmlFor = name;
    error.id = `${name}-error`;
    error.ariaLive = "polite";
    error.hidden = true;
    if (control instanceof HTMLSelectElement) {
      const choice = field as Extract<Field, { kind: "choice" }>;
      for (const word of Object.keys(choice.choices)) control.add(new Option(labelOf(choice, word), word));
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
    const hint = html("p", "note", hintOf(field));
    hint.id = `${name}-hint`;
    hint.hidden = hint.textContent === "";
    const parts = wide === "switch" ? [control, label] : [label, control];
    const place = html("div", `field ${wide}`, ...parts, error, hint);
    control.setAttribute("aria-describedby", `${hint.id} ${error.id}`);
    this.#controls[name] = control;
    this.#places[name] = { field: place, effect, error, hint };
    return control;
  }
}

/** What a visitor is to bring. */
function reads(settings: Settings): "text" | "sequences" | "series" {
  const { answer } = taskOf(settings);
  return answer === "character" ? "text" : answer === "forecast" ? "series" : "sequences";
}

function hintOf(field: Field): string {
  const without = "without" in field && field.without ? `Empty: ${field.without}.` : "";
  return [field.hint, without].filter(Boolean).join(" ");
}

const tooLong = (characters: number): string =>
  `That is ${characters.toLocaleString("en")} characters. Take 20 million at most.`;

/** @throws where a text is longer than a page can learn from. */
export function expectLength(text: string): void {
  if (text.length > ownText.most) throw new Error(tooLong(text.length));
}

/** What a control holds; NaN where a number is none. */
function held(field: Field, control: Control): unknown {
  if (field.kind === "switch") return (control as HTMLInputElement).checked;
  if (field.kind === "text" || field.kind === "choice") return control.value;
  const input = control as HTMLInputElement;
  if (input.value === "" && !input.validity.badInput) return field.without === undefined ? Number.NaN : undefined;
  return input.valueAsNumber;
}
