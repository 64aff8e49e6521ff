// Offers the trainings that earlier visits and other tabs left in this browser.

import { element, html } from "../page";
import { type Kept, mostKept } from "../workshop/keeper";
import { stepsText, wholeText } from "./texts";

/** What can be done with one of them, by its name. */
interface Listener {
  goOn(name: string): Promise<void>;
  discard(name: string): Promise<void>;
}

export function showKept(all: readonly Kept[], on: Listener): void {
  element("kept").hidden = all.length === 0;
  const count = all.length === 1 ? "A training was left here" : `${wholeText(all.length)} trainings were left here`;
  element("kept-text").textContent = `${count}. The latest ${mostKept} are kept.`;
  element("kept-list").replaceChildren(...all.map((kept) => offer(kept, on)));
}

function offer({ name, time, training }: Kept, on: Listener): HTMLElement {
  const words = wordsOf(training);
  const text = html("span", "", words);
  if (time !== undefined) {
    const when = html("time", "", new Date(time).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" }));
    when.dateTime = new Date(time).toISOString();
    text.append(", ", when);
  }
  const item = html("li", "", text);
  const button = (label: string, does: () => Promise<void>) => {
    const made = html("button", "small", label);
    made.type = "button";
    made.ariaLabel = `${label}: ${words}`;
    made.addEventListener("click", () => void does());
    item.append(made);
  };
  if ("settings" in training) button("Go on with it", () => on.goOn(name));
  button("Discard it", async () => {
    await on.discard(name);
    item.remove();
    element("kept").hidden = !element("kept-list").hasChildNodes();
  });
  return item;
}

function wordsOf(training: Kept["training"]): string {
  if ("problem" in training) return `One that this page cannot read: ${training.problem}`;
  const { settings, step, data } = training;
  return `${settings.cell.toUpperCase()} on ${data ?? settings.task}, after ${stepsText(step)}`;
}
