// Shows, as a question is typed, how much each piece of it speaks for an answer: in colour, and the most of them in words.

import { element, html } from "../page";
import { tint } from "../through-time/heat";
import { largest } from "../through-time/numbers";
import { numeral, spoken } from "../through-time/words";
import type { AnswerSaliency } from "../workshop/asked";
import type { Desk } from "./desk";
import { percentText } from "./texts";

const mostNamed = 3;
/** Where it takes longer, the next answer would wait for it: it is asked for once nobody has typed for a while. */
const quickMilliseconds = 50;
const restMilliseconds = 300;

export class SaliencyPanel {
  readonly #desk: Desk;
  readonly #latest: () => string;
  #milliseconds = Number.POSITIVE_INFINITY;
  #asked: { question: string; about: string | undefined } | undefined;
  #busy = false;

  /** @param latest the question as it stands: what was asked of an earlier one is not shown. */
  constructor(desk: Desk, latest: () => string) {
    this.#desk = desk;
    this.#latest = latest;
  }

  /** @param about the answer, by its name; the likeliest unless given. What is asked meanwhile takes the place of this. */
  async show(question: string, about?: string): Promise<void> {
    this.#asked = { question, about };
    if (this.#busy) return;
    this.#busy = true;
    while (this.#asked) {
      const asked: { question: string; about: string | undefined } = this.#asked;
      this.#asked = undefined;
      const isOutdated = () => this.#asked !== undefined || asked.question !== this.#latest();
      if (this.#milliseconds > quickMilliseconds) await new Promise((rested) => setTimeout(rested, restMilliseconds));
      if (isOutdated()) continue;
      const began = performance.now();
      const found = await this.#desk.workshop.saliency(asked.question, asked.about).catch(() => undefined); // the answer says why
      this.#milliseconds = performance.now() - began;
      if (!isOutdated()) this.#draw(found);
    }
    this.#busy = false;
  }

  clear(): void {
    this.#draw(undefined);
  }

  #draw(found: AnswerSaliency | undefined): void {
    element("saliency").hidden = found === undefined;
    if (!found) return;
    const { pieces, values } = found;
    const most = largest([...values]);
    const marked = pieces.map((piece, t) => {
      const place = html("span", "", piece === "\n" ? "↵\n" : piece);
      tint(place, values[t]!, most);
      place.title = signed(values[t]!);
      return place;
    });
    element("saliency-text").replaceChildren(...marked);
    element("saliency-words").textContent = saliencyWords(found, this.#desk.order?.settings.labelSmoothing ?? 0);
  }
}

const signed = (value: number): string => `${value < 0 ? "" : "+"}${numeral(value)}`;

function saliencyWords({ answer, probability, pieces, values }: AnswerSaliency, labelSmoothing: number): string {
  const named = [...values.keys()]
    .filter((t) => values[t] !== 0)
    .sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!))
    .slice(0, mostNamed)
    .map((t) => {
      const back = pieces.length - 1 - t;
      return `${spoken(pieces[t]!)} ${back === 0 ? "at the end" : `${back} earlier`} (${signed(values[t]!)})`;
    });
  const of = labelSmoothing > 0 ? "log probability, smoothed as in training" : "log probability";
  const most = named.length > 0 ? ` Most of all ${named.join(", ")}.` : " Nothing does: the gradient is zero.";
  return `What speaks for ${spoken(answer)}, ${percentText(probability)} likely, and what against it.${most} This is input × gradient: what each input adds to its ${of}, to first order.`;
}
