// A file that a visitor brings: what came, what it is read as and why, its first rows, and how to say otherwise. What was there
// before stays until a file can be learned from.

import { type FileKind, type Judged, kindWords, sizeOf } from "../data/kinds";
import { type Encoding, encodings, expectReadable, inAnotherEncoding, readText } from "../data/text-file";
import { element } from "../page";
import { labelOf } from "../tasks/field";
import { fields, type Settings } from "../tasks/fields";
import type { OwnData } from "../tasks/own-data";
import { forTask, initialSettings, isOwn } from "../tasks/settings";
import type { Survey } from "../workshop/survey";
import type { Desk } from "./desk";
import { RowsTable, saidOtherwise } from "./rows-table";
import { expectLength, type SettingsForm } from "./settings-form";
import { bytesText } from "./texts";

/** The settings that say how a table is read. */
const ofTable = ["label", "read", "columns", "features", "known", "time", "firstRow"] as const;

const stays = "What was there before is still there.";

const isKind = (task: string): task is FileKind => Object.hasOwn(kindWords, task);

/** A file that came, and how its bytes were read. */
interface Came {
  file: File;
  encoding: Encoding | undefined;
  said: readonly string[];
  /** Whether they may mean another text. */
  unsure: boolean;
}

/** What is shown of a file, and by which settings it is read. */
interface Shown {
  own: OwnData;
  settings: Settings;
  survey: Survey;
  why: string;
}

export class OwnFile {
  readonly #desk: Desk;
  readonly #form: SettingsForm;
  readonly #table: RowsTable;
  readonly #kind = element<HTMLSelectElement>("brought-kind");
  readonly #firstRow = element<HTMLSelectElement>("brought-header");
  readonly #encoding = element<HTMLSelectElement>("brought-encoding");
  readonly #came = new WeakMap<OwnData, Came>();
  #shown: Shown | undefined;
  /** That is shown. */
  #file: File | undefined;
  /** How the table was taken that was learned from last. */
  #taken: Survey["table"];
  /** Counts what is asked of the worker: an answer to an earlier question is none. */
  #turn = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(desk: Desk, form: SettingsForm) {
    this.#desk = desk;
    this.#form = form;
    for (const [kind, words] of Object.entries(kindWords)) this.#kind.add(new Option(words, kind));
    this.#encoding.add(new Option("what they seem to be", ""));
    for (const [encoding, words] of Object.entries(encodings)) this.#encoding.add(new Option(words, encoding));
    const { firstRow } = fields;
    if (firstRow.kind === "choice") {
      for (const word of Object.keys(firstRow.choices)) this.#firstRow.add(new Option(labelOf(firstRow, word), word));
    }
    this.#table = new RowsTable(element("brought-rows"), (roles) => {
      const { survey, settings } = this.#shown!;
      void this.#otherwise({ ...settings, ...saidOtherwise(survey.table!, settings, roles) });
    });
    this.#kind.addEventListener("change", () => {
      void this.#otherwise(form.fit(forTask(this.#kind.value as FileKind, this.#shown!.settings)));
    });
    this.#firstRow.addEventListener("change", () => {
      void this.#otherwise({ ...this.#shown!.settings, firstRow: this.#firstRow.value as Settings["firstRow"] });
    });
    this.#encoding.addEventListener("change", () => {
      void this.bring(this.#file!, (this.#encoding.value || undefined) as Encoding | undefined);
    });
    element("brought-close").addEventListener("click", () => this.hide());
    element("own-look").addEventListener("click", () => void this.look());
  }

  /**
   * Takes a file as what to learn from, and chooses the task that goes with it.
   * @param encoding how it is said that its bytes are to be read
   * @returns why it cannot be learned from; undefined where it is taken.
   */
  async bring(file: File, encoding?: Encoding): Promise<string | undefined> {
    const turn = ++this.#turn;
    this.#file = file;
    this.#encoding.value = encoding ?? "";
    this.#announce(named(file), "Reading it…");
    try {
      const own = await this.#open(file, encoding);
      const found = await this.#read(own, this.#form.settings);
      return turn === this.#turn ? this.#take(found) : undefined;
    } catch (error) {
      if (turn !== this.#turn) return undefined;
      const { message, cause } = error as Error;
      this.#shown = undefined;
      this.#announce(named(file), `It cannot be read. ${stays}`);
      this.#tell(message, true);
      this.#offer({ bytes: cause === inAnotherEncoding });
      return message;
    }
  }

  /** Shows how the data is read that is there. */
  async look(): Promise<void> {
    const { own, settings } = this.#form;
    if (!own || !isOwn(settings)) return this.hide();
    const turn = ++this.#turn;
    const survey = await this.#desk.workshop.survey({ settings, own });
    if (turn !== this.#turn) return;
    const same = this.#shown?.own === own && this.#shown.settings.task === settings.task;
    this.#show({ own, settings, survey, why: same ? this.#shown!.why : "so it was chosen" });
  }

  /** After a change on the form: what is shown may be read otherwise now, or be replaced. */
  follow(): void {
    clearTimeout(this.#again);
    if (element("brought").hidden || !this.#shown?.survey.usable) return;
    if (this.#shown.own !== this.#form.own) this.hide();
    else if (this.#shown.settings !== this.#form.settings) this.#again = setTimeout(() => void this.look(), 300);
  }

  hide(): void {
    this.#turn++;
    element("brought").hidden = true;
  }

  /** As the visitor chose, as it is judged, or with columns of its own, those that another table had being none of this one's. */
  async #read(own: OwnData, settings: Settings): Promise<Shown> {
    const judged = await this.#desk.workshop.judge(own);
    const found = (await this.#asChosen(own, settings)) ?? (await this.#asJudged(own, settings, judged));
    const names = (table: Survey["table"]) => JSON.stringify(table?.columns.map(({ name }) => name));
    const isOther = this.#form.own !== undefined && names(found.survey.table) !== names(this.#taken);
    if (found.survey.usable && !isOther) return found;
    return this.#asJudged(own, { ...settings, ...initial(ofTable) }, judged);
  }

  /** As the task that the visitor chose before any file came, where that will do. */
  async #asChosen(own: OwnData, settings: Settings): Promise<Shown | undefined> {
    if (this.#form.own || !isKind(settings.task)) return undefined;
    const survey = await this.#desk.workshop.survey({ settings, own });
    return survey.usable ? { own, settings, survey, why: "so it was chosen" } : undefined;
  }

  async #asJudged(own: OwnData, before: Settings, { kind, why }: Judged): Promise<Shown> {
    const settings = before.task === kind ? before : this.#form.fit(forTask(kind, before));
    return { own, settings, survey: await this.#desk.workshop.survey({ settings, own }), why };
  }

  async #otherwise(settings: Settings): Promise<void> {
    const turn = ++this.#turn;
    const { own } = this.#shown!;
    const survey = await this.#desk.workshop.survey({ settings, own });
    if (turn !== this.#turn) return;
    const why = settings.task === this.#shown!.settings.task ? this.#shown!.why : "so it was chosen";
    this.#take({ own, settings, survey, why });
  }

  /** Puts data and settings on the form, where they can be learned from. @returns why not */
  #take(found: Shown): string | undefined {
    this.#shown = found;
    if (found.survey.usable) {
      this.#taken = found.survey.table;
      this.#form.show(found.settings);
      this.#form.take(found.own);
    }
    this.#show(found);
    return found.survey.usable ? undefined : found.survey.problem;
  }

  #show(shown: Shown): void {
    this.#shown = shown;
    const { own, settings, survey, why } = shown;
    const { usable, problem = "", description = "", table } = survey;
    const size = sizeOf(own.text, table);
    const next = this.#desk.order ? "It needs a reset, and a new start." : "Start, and it learns from that.";
    const what = `${size}, read as ${kindWords[settings.task as FileKind]}: ${why}.`;
    const came = this.#came.get(own);
    this.#file = came?.file;
    this.#encoding.value = came?.encoding ?? "";
    this.#announce(came ? named(came.file) : own.name, `${what} ${!usable ? stays : problem ? "" : next}`.trim());
    this.#tell(problem, !usable);
    this.#kind.value = settings.task;
    this.#offer({ kind: true, bytes: came?.unsure ?? false, firstRow: table !== undefined });
    this.#firstRow.value = settings.firstRow;
    this.#table.show(table, settings);
    const made = [...(came?.said ?? []), description].filter(Boolean).join(". ");
    element("brought-made").textContent = made && `${made[0]!.toUpperCase()}${made.slice(1)}.`;
    element("brought-made").hidden = made === "";
  }

  /** @param what may be said otherwise */
  #offer({ kind = false, bytes = false, firstRow = false }): void {
    element("brought-otherwise").hidden = !(kind || bytes || firstRow);
    element("brought-as").hidden = !kind;
    element("brought-bytes").hidden = !bytes;
    element("brought-first-row").hidden = !firstRow;
  }

  /** The text of a file. @throws where it cannot be read as one. */
  async #open(file: File, encoding: Encoding | undefined): Promise<OwnData> {
    const { name } = file;
    expectReadable(name, file.size);
    const bytes = await file.arrayBuffer().catch((error: Error) => {
      throw new Error(`${name}: ${error.message}`); // a folder, perhaps
    });
    const { text, said, unsure } = readText(name, new Uint8Array(bytes), encoding);
    expectLength(text);
    const own = { name, text };
    this.#came.set(own, { file, encoding, said, unsure });
    return own;
  }

  #announce(name: string, said: string): void {
    element("brought").hidden = false;
    element("brought-name").textContent = name;
    element("brought-said").textContent = said;
    this.#tell("");
    for (const id of ["brought-otherwise", "brought-rows", "brought-made"]) element(id).hidden = true;
  }

  #tell(problem: string, refused = false): void {
    element("brought").classList.toggle("refused", refused);
    element("brought-problem").textContent = problem;
    element("brought-problem").hidden = problem === "";
  }
}

const named = ({ name, size }: File) => `${name}, ${bytesText(size)}`;

const initial = (names: readonly (keyof Settings)[]) =>
  Object.fromEntries(names.map((name) => [name, initialSettings[name]]));
