// The walkthrough: the buttons and the form drive a walk, the view shows it.

import { type Gpu, openGpu } from "../../src/index";
import { whyNoWebGpu } from "../no-webgpu";
import { element } from "../page";
import { ExampleForm } from "./example-form";
import { learningCurves } from "./learning-rates";
import { View } from "./view";
import { convergedLoss, Walk } from "./walk";

/** How many rounds one press of the button may take. */
const mostRounds = 2000;
const renderMilliseconds = 100;

const slider = element<HTMLInputElement>("learning-rate");
const trainingButtons = ["round", "converge", "reset"].map((id) => element<HTMLButtonElement>(id));

let gpu: Gpu | undefined;
let walk: Walk | undefined;
let stage = 0;
let running = false;
let queue: Promise<void> = Promise.resolve();

const view = new View((index) => goTo(index));
const form = new ExampleForm(element<HTMLFormElement>("example"), () => void work(begin));

/** Does one thing after the other; what the loss of the device breaks is done again without it. */
function work(piece: () => Promise<void>): Promise<void> {
  queue = queue.then(async () => {
    const begunOn = gpu;
    try {
      await piece();
    } catch (error) {
      if (begunOn) leaveGpu((error as Error).message);
      else reportError(error);
    }
  });
  return queue;
}

function leaveGpu(message: string): void {
  if (!gpu) return;
  gpu = undefined;
  view.showNotice(`The GPU cannot be used any more (${message}).`);
  void work(async () => {
    if (!walk) return begin();
    await walk.leaveGpu();
    element("progress").textContent = "";
    show();
  });
}

const learningRate = (): number => Number((10 ** slider.valueAsNumber).toPrecision(2));

function showLearningRate(): void {
  element("learning-rate-value").textContent = slider.ariaValueText = String(learningRate());
}

function show(): void {
  if (!walk) return;
  view.showStage(walk, stage);
  view.showProgress(walk);
}

function goTo(index: number): void {
  if (!walk || index < 0 || index >= view.stageCount) return;
  stage = index;
  view.showStage(walk, stage);
}

/** Begins with what the form says. */
async function begin(): Promise<void> {
  const choice = form.choice;
  if (!choice) return;
  const next = await Walk.create(gpu, choice.example, choice.initial, learningRate());
  if (next.example.words.length !== walk?.example.words.length) stage = 0;
  walk?.destroy();
  walk = next;
  view.showExample(choice.example);
  element("progress").textContent = "";
  await new Promise((resolve) => setTimeout(resolve)); // what is pressed meanwhile is answered
  show();
}

function setRunning(value: boolean): void {
  running = value;
  element("converge").textContent = running ? "Stop" : "Run until it converges";
  for (const control of [...trainingButtons, slider]) control.disabled = running && control.id !== "converge";
  form.setDisabled(running);
}

const roundsText = (count: number): string => `${count.toLocaleString("en")} ${count === 1 ? "round" : "rounds"}`;

async function converge(): Promise<void> {
  if (!walk) return;
  const current = walk;
  const before = current.losses.length - 1;
  element("progress").textContent = "Training…";
  const rendering = setInterval(() => view.showLosses(current.losses), renderMilliseconds);
  try {
    await current.run(mostRounds);
  } finally {
    clearInterval(rendering);
    setRunning(false);
  }
  const done = (current.losses.length - 1).toLocaleString("en");
  const first = current.losses.findIndex((loss) => loss < convergedLoss);
  const further = current.losses.length - 1 - first;
  element("progress").textContent =
    first >= 0
      ? `Converged: the loss is below ${convergedLoss} after ${roundsText(first)}${further > 0 ? `; ${done} are done` : ""}.`
      : current.losses.length - 1 - before < mostRounds
        ? `Stopped after ${done} rounds.`
        : `Not there yet after ${done} rounds: the steps are small. Go on, or choose a larger α.`;
  show();
}

element("back").addEventListener("click", () => goTo(stage - 1));
element("next").addEventListener("click", () => goTo(stage + 1));

document.addEventListener("keydown", (event) => {
  const { key, target, ctrlKey, altKey, metaKey } = event;
  const elsewhere = (target as Element).closest("input, select, textarea, [tabindex]");
  const way = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!way || elsewhere || ctrlKey || altKey || metaKey) return;
  event.preventDefault();
  goTo(stage + way);
});

element("round").addEventListener("click", () =>
  work(async () => {
    await walk?.oneRound();
    element("progress").textContent = "One round done: the same stage, with the new parameters.";
    show();
  }),
);

element("converge").addEventListener("click", () => {
  if (running) return walk?.stop();
  setRunning(true);
  void work(converge);
});

element("reset").addEventListener("click", () =>
  work(async () => {
    await walk?.reset();
    element("progress").textContent = "Back at the initial weights.";
    show();
  }),
);

slider.addEventListener("input", () => {
  showLearningRate();
  void work(async () => {
    await walk?.setLearningRate(learningRate());
    show();
  });
});

showLearningRate();
try {
  gpu = await openGpu();
  void gpu.device.lost.then(({ message }) => leaveGpu(message));
} catch {
  view.showNotice(whyNoWebGpu());
}
await work(begin);
for (const button of trainingButtons) button.disabled = false;
await work(async () => view.showCurves(await learningCurves(gpu).catch(() => learningCurves(undefined))));
