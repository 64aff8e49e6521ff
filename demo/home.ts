// The home page: a small network, made ready before the click, that learns names and makes up new ones.

import { proxy, wrap } from "comlink";
import { names } from "./data/names";
import { element, html, scrollable } from "./page";
import { startWorker } from "./start-worker";
import type { Settings } from "./tasks/fields";
import { initialSettings } from "./tasks/settings";
import type { Chart } from "./train/chart";
import { lossText, stepsText, wholeText } from "./train/texts";
import { processorText, smallSizes } from "./without-webgpu";
import { History } from "./workshop/history";
import type { News } from "./workshop/messages";
import workshopAddress from "./workshop/worker?worker&url";
import type { Workshop } from "./workshop/workshop";

const settings: Settings = {
  ...initialSettings,
  task: "generate-names",
  hidden: 64,
  steps: 16,
  learningRate: 0.01,
  pauseAt: 3000,
};
/** What it writes is what there is to see. */
const looks = { every: 500, share: 0.3 };
const longestName = 14;
const namesShown = 24;
const renderMilliseconds = 150;

const workshop = wrap<Workshop>(startWorker(workshopAddress));
const run = element<HTMLButtonElement>("run");
const parts = [
  { curve: "loss", as: "faint" },
  { curve: "smoothed", as: "line" },
] as const;
/** Loaded when there is something to draw. */
let chart: Chart | undefined;
let history = new History();
/** Loaded when the first are made up. */
let known: Promise<Set<string>> | undefined;
let step = 0;
let training = false;
/** What became of the graphics device, where something did. */
let device: "lost" | { lost: number } | undefined;

function show(): void {
  chart?.show([{ name: "", look: 0, history }]);
  if (device === "lost") {
    element("status").textContent = "The graphics device was lost; waiting for it…";
    return;
  }
  const loss = lossText(history.latest("smoothed"), 2);
  element("status").textContent =
    `${training ? "Training" : "Paused"}: step ${wholeText(step)}, loss ${loss} nats a character.` +
    (device?.lost ? ` The graphics device was lost meanwhile, and ${stepsText(device.lost)} with it.` : "");
}

function hear(news: News): void {
  if (news.kind === "steps") {
    for (const [i, loss] of news.losses.entries()) history.add(news.first + i, { loss });
    step = news.first + news.losses.length - 1;
  } else if (news.kind === "look" && news.sample) {
    void showNames(news.sample.characters.slice(news.sample.prompt).join(""));
  } else if (news.kind === "lost") {
    device = "lost";
    show();
  } else if (news.kind === "recovered" || news.kind === "diverged") {
    device = news.kind === "recovered" ? { lost: news.lost } : undefined;
    history = new History(news.facts?.history);
    step = news.facts?.step ?? 0;
    show();
  } else if (news.kind === "gone") {
    stop(news.message);
  }
}

/** It goes no further, for this reason. */
function stop(reason: string): void {
  run.disabled = true;
  element("status").textContent = reason;
}

/** The names of the list. */
function knownNames(): Promise<Set<string>> {
  known ??= names().then(({ items }) => new Set(items.map(({ text }) => text)));
  return known;
}

/** Whole lines that are no names of the list, each once. */
async function showNames(text: string): Promise<void> {
  const listed = await knownNames();
  const lines = text.split("\n").slice(0, -1);
  const fits = (name: string) => name !== "" && name.length <= longestName && !listed.has(name);
  const invented = [...new Set(lines)].filter(fits).slice(0, namesShown);
  element("names").replaceChildren(...invented.map((name) => html("li", "", name)));
}

async function openChart(): Promise<void> {
  const { Chart } = await import("./train/chart");
  const text = (loss: number) => lossText(loss, 1);
  chart ??= new Chart(element("chart"), { label: "nats a character", height: 220, parts, text }, () => {});
}

async function train(): Promise<void> {
  training = true;
  element("next").hidden = true;
  void openChart();
  run.textContent = "Pause";
  const rendering = setInterval(show, renderMilliseconds);
  try {
    await workshop.train();
    training = false;
    show();
    run.textContent = "Go on";
    run.disabled = step >= settings.pauseAt!;
    element("next").hidden = false;
    if (run.disabled) element("status").textContent += " That is as far as this one goes.";
  } catch (error) {
    stop((error as Error).message);
  } finally {
    clearInterval(rendering);
  }
}

run.addEventListener("click", () => void (training ? workshop.pause() : train()));

scrollable(element("code"), "Example");
try {
  const place = await workshop.open(proxy(hear));
  const small = place.kind === "processor";
  element("processor").hidden = !small;
  if (small) element("processor").textContent = processorText(place.why);
  const sized = small ? { ...settings, ...smallSizes, steps: settings.steps } : settings;
  await workshop.begin({ settings: sized, own: undefined, from: undefined, looks, keep: false });
  run.disabled = false;
  element("status").textContent =
    `Ready: one click, and it learns on your own ${small ? "processor" : "graphics adapter"}.`;
} catch (error) {
  stop((error as Error).message);
}
