// Shows what the network writes, each character marked by how much it surprised the network that reads it.

import { html } from "../page";
import { visible } from "../through-time/words";
import type { Sample } from "../workshop/surprise";
import { lossText, percentText, wholeText } from "./texts";

const samplesShown = 6;
/** From which surprise on a character has the next mark: one in 4, 16, 64 and 256. */
const thresholds = [4, 16, 64, 256].map(Math.log);

/** Puts a sample on top of the earlier ones; as text, never as HTML. */
export function addSample(list: HTMLElement, step: number, heldOut: number | null | undefined, sample: Sample): void {
  list.querySelector("li.note")?.remove();
  const { characters, prompt, surprise } = sample;
  const mean = surprise.subarray(prompt).reduce((sum, value) => sum + value, 0) / (surprise.length - prompt);
  const caption = `${step === 0 ? "Before the first step" : `After ${wholeText(step)} steps`} · held-out loss ${lossText(heldOut)} · its own writing surprises it by ${lossText(mean, 2)} nats a character`;
  const text = characters.map((character, i) => marked(character, surprise[i]!, i < prompt));
  list.prepend(html("li", "sample", html("p", "note", caption), html("blockquote", "", ...text)));
  while (list.children.length > samplesShown) list.lastElementChild!.remove();
}

function marked(character: string, surprise: number, prompted: boolean): HTMLElement {
  const place = html("span", prompted ? "prompt" : "", character);
  if (Number.isNaN(surprise)) return place;
  const level = thresholds.filter((threshold) => surprise >= threshold).length;
  place.dataset.surprise = String(level);
  place.title = `${visible(character)}: ${percentText(Math.exp(-surprise), surprise > 4 ? 2 : 0)} likely, ${surprise.toFixed(1)} nats of surprise`;
  return place;
}
