// The panel in which a visitor asks the network that is trained, while it trains and when it is paused.

import { element, html, released } from "../page";
import type { Answer, Asking, Tested } from "../tasks/asking";
import type { Facts } from "../workshop/session";
import { answered, nextPieces, testedTables } from "./answers";
import type { Desk } from "./desk";
import { SaliencyPanel } from "./saliency-panel";
import { addSample } from "./samples";
import { wholeText } from "./texts";

/** What a question is called, how it is written, and what there is to know of it. */
const words: Readonly<Record<Asking["reads"] | "texts", { label: string; note: string }>> = {
  text: { label: "A text", note: "What comes next? Type, take a likely one by a click, or have it write on." },
  texts: { label: "A text", note: "Which class has it?" },
  row: { label: "Numbers, with commas between", note: "Which class have they?" },
  sum: { label: "Numbers from 0 to 1", note: "A star behind two of them: what is their sum?" },
  signs: { label: "A stream of + and −", note: "What is their product so far, at each step?" },
  date: { label: "A date, as you would write it", note: "What is it in ISO 8601? Capitals are read as small letters." },
  window: { label: "Held-out window", note: "What comes after it? None of it was learned from." },
};

export class AskingPanel {
  readonly #desk: Desk;
  readonly #question = element<HTMLTextAreaElement>("question");
  readonly #saliency: SaliencyPanel;
  /** The piece that is pointed at: what speaks for it is shown, in place of the likeliest. */
  #about: string | undefined;
  #asking: Facts["asking"] | undefined;
  #writes = false;
  #example = 0;
  /** Counts questions: an answer to an earlier one than that which is shown comes too late. */
  #asked = 0;
  #shown = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#saliency = new SaliencyPanel(desk, () => this.#question.value);
    this.#question.addEventListener("focus", () => void desk.workshop.attend());
    this.#question.addEventListener("input", () => {
      void desk.workshop.attend();
      void this.ask();
    });
    element("another").addEventListener("click", () => void this.#another());
    element("write").addEventListener("click", () => void this.#write());
    element("test").addEventListener("click", () => void this.#test());
    element("answer").addEventListener("click", ({ target }) => this.#take(target));
    for (const kind of ["pointerover", "focusin"] as const) {
      element("answer").addEventListener(kind, ({ target }) => this.#point(pieceOf(target)));
    }
    element("answer").addEventListener("pointerleave", () => this.#point(pieceOf(document.activeElement)));
    element("answer").addEventListener("focusout", () => this.#point(undefined));
  }

  /** Offers to ask the network that a training began with; what was asked of one that reads the same stays. */
  begin({ asking, pieces }: Facts): void {
    const { reads, count, tests } = asking;
    this.#writes = pieces !== undefined;
    if (reads !== this.#asking?.reads || count !== this.#asking.count) {
      this.#question.value = "";
      this.#example = 0;
    }
    this.#asking = asking;
    element("asking").hidden = false;
    const { label, note } = words[reads === "text" && !this.#writes ? "texts" : reads];
    element("question-label").textContent =
      count !== undefined && reads === "window" ? `${label}, 1 to ${wholeText(count)}` : label;
    element("asking-note").textContent = note;
    element("write").hidden = !this.#writes;
    element("test").hidden = !tests;
    element("tested").replaceChildren();
    element("written").replaceChildren();
    this.#about = undefined;
    this.#saliency.clear();
    this.#question.rows = { text: 3, row: 3, sum: 4, signs: 2, window: 1, date: 1 }[reads];
    if (this.#question.value === "" && !this.#writes) void this.#another();
    else void this.ask();
  }

  end(): void {
    element("asking").hidden = true;
  }

  /** Asks anew: the network has learned, or the question is another. */
  async ask(): Promise<void> {
    if (!this.#desk.order) return;
    const number = ++this.#asked;
    const question = this.#question.value;
    const asked = performance.now();
    const isLate = () => number < this.#shown || !this.#desk.order;
    try {
      const found = await this.#desk.workshop.ask(question);
      const time = Math.max(1, Math.round(performance.now() - asked));
      await released(element("answer"));
      if (!found || isLate()) return;
      this.#shown = number;
      this.#tell("");
      this.#show(found.answer);
      element("answered").textContent = `After ${wholeText(found.step)} steps, in ${wholeText(time)} ms.`;
      void this.#saliency.show(question, this.#about);
    } catch (error) {
      if (isLate()) return;
      this.#shown = number;
      this.#tell((error as Error).message);
    }
  }

  #show(answer: Answer): void {
    const focused = document.activeElement;
    const at = [...element("answer").querySelectorAll("button")].indexOf(focused as HTMLButtonElement);
    const shown = answer.kind === "next" ? nextPieces(answer) : answered(answer);
    element("answer").replaceChildren(...shown);
    if (at >= 0) element("answer").querySelectorAll("button")[at]?.focus();
  }

  #tell(problem: string): void {
    element("question-error").textContent = problem;
    element("question-error").hidden = problem === "";
    this.#question.ariaInvalid = String(problem !== "");
    if (problem) element("answer").replaceChildren();
    if (problem) this.#saliency.clear();
    if (problem) element("answered").textContent = "";
  }

  #point(piece: string | undefined): void {
    if (piece === this.#about) return;
    this.#about = piece;
    void this.#saliency.show(this.#question.value, piece);
  }

  /** Takes the piece that is pressed behind the text. */
  #take(target: EventTarget | null): void {
    const piece = pieceOf(target);
    if (piece === undefined) return;
    this.#question.value += piece;
    void this.ask();
  }

  async #another(): Promise<void> {
    const question = await this.#desk.workshop.example(this.#example++).catch(() => undefined);
    if (question === undefined) return;
    this.#question.value = question;
    await this.ask();
  }

  async #write(): Promise<void> {
    try {
      const sample = await this.#desk.workshop.write(this.#question.value);
      const { current } = this.#desk.runs;
      if (!sample || !current || !this.#desk.order) return;
      this.#question.value += sample.characters.slice(sample.prompt).join("");
      element("written").replaceChildren();
      addSample(element("written"), current.step, current.history.latest("heldOut"), sample);
      await this.ask();
    } catch (error) {
      this.#tell((error as Error).message);
    }
  }

  async #test(): Promise<void> {
    try {
      const found = await this.#desk.workshop.test();
      if (found) this.#showTested(found.tested, found.step);
    } catch (error) {
      this.#tell((error as Error).message);
    }
  }

  #showTested(tested: Tested, step: number): void {
    const asked = (question: string) => {
      this.#question.value = question;
      this.#question.focus();
      void this.ask();
    };
    const said = html("p", "note", `After ${wholeText(step)} steps.`);
    element("tested").replaceChildren(said, ...testedTables(tested, asked));
  }
}

/** The piece whose button a target is in. */
const pieceOf = (target: EventTarget | null): string | undefined =>
  (target as HTMLElement | null)?.closest<HTMLElement>("[data-piece]")?.dataset.piece;
