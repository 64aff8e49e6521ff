// The walkthrough: the buttons and the form drive a walk, the view shows it.

import { type Gpu, openGpu } from "../../src/index";
import { whyNoWebGpu } from "../no-webgpu";
import { element } from "../page";
import { fromAddress, type Settings, toAddress } from "./address";
import { type Entered, ExampleForm } from "./example-form";
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
/** What the form said when the walk began; it may say something else since. */
let begunWith: Entered | undefined;
/** How many addresses were gone to since the page was opened. */
let addresses = 0;
let stage = 0;
let playing: ReturnType<typeof setTimeout> | undefined;
let running = false;
let queue: Promise<void> = Promise.resolve();

const view = new View((index) => {
  pause();
  goTo(index);
});
const form = new ExampleForm(element<HTMLFormElement>("example"), () => {
  pause();
  void remembered(begin, "push");
});

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

/** As `work`, for what begins a walk: the address names it, unless another was gone to meanwhile. */
function remembered(piece: () => Promise<void>, how: "push" | "replace"): Promise<void> {
  const at = addresses;
  return work(async () => {
    await piece();
    if (at === addresses) remember(how);
  });
}

function leaveGpu(message: string): void {
  if (!gpu) return;
  gpu = undefined;
  view.showNotice(`The GPU cannot be used any more (${message}).`);
  void work(async () => {
    if (!walk) return open(fromAddress(location.hash));
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

/** Puts what is shown into the address: as a page of its own that Back leaves, or in place of the one before. */
function remember(how: "push" | "replace"): void {
  if (!walk || !begunWith) return;
  const address = toAddress({ ...begunWith, alpha: String(walk.learningRate), stage: String(stage + 1) });
  if (address === toAddress(fromAddress(location.hash))) return;
  history[`${how}State`](null, "", address === "#" ? location.pathname : address);
}

function goTo(index: number, how: "push" | "replace" = "push"): void {
  if (!walk || index < 0 || index >= view.stageCount) return;
  stage = index;
  view.showStage(walk, stage);
  remember(how);
}

/** Begins with what an address says. */
async function open(said: Settings): Promise<void> {
  form.entered = said;
  const exponent = Math.round(4 * Math.log10(Number(said.alpha))) / 4;
  slider.value = String(exponent);
  showLearningRate();
  await begin(Number(said.stage) - 1);
}

/** Begins with what the form says. @param at the stage; where it is unless given, or the first of another walk. */
async function begin(at?: number): Promise<void> {
  const choice = form.choice;
  if (!choice) return;
  const next = await Walk.create(gpu, choice.example, choice.initial, learningRate());
  const { words, cell } = next.example;
  const isAlike = words.length === walk?.example.words.length && cell === walk.example.cell;
  walk?.destroy();
  walk = next;
  begunWith = choice.entered;
  view.showExample(choice.example);
  stage = Math.min(Math.max(at ?? (isAlike ? stage : 0), 0), view.stageCount - 1);
  element("progress").textContent = "";
  await new Promise((resolve) => setTimeout(resolve)); // what is pressed meanwhile is answered
  show();
}

function pause(): void {
  clearTimeout(playing);
  playing = undefined;
  element("play").textContent = "Play";
}

function play(): void {
  element("play").textContent = "Pause";
  if (stage === view.stageCount - 1) goTo(0, "replace");
  const next = () => {
    goTo(stage + 1, "replace");
    if (stage === view.stageCount - 1) pause();
    else wait();
  };
  const wait = () => {
    playing = setTimeout(next, 1000 * Number(element<HTMLSelectElement>("speed").value));
  };
  wait();
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

function step(way: number): void {
  pause();
  goTo(stage + way);
}
element("back").addEventListener("click", () => step(-1));
element("next").addEventListener("click", () => step(1));
element("play").addEventListener("click", () => (playing === undefined ? play() : pause()));

document.addEventListener("keydown", (event) => {
  const { key, target, ctrlKey, altKey, metaKey } = event;
  if (key === "Escape") pause();
  const elsewhere = (target as Element).closest("input, select, textarea, [tabindex]");
  const to = { ArrowLeft: stage - 1, ArrowRight: stage + 1, Home: 0, End: view.stageCount - 1 }[key];
  if (to === undefined || elsewhere || ctrlKey || altKey || metaKey) return;
  event.preventDefault();
  pause();
  goTo(to, event.repeat ? "replace" : "push");
});

// Of Back and Forward, and of an address that is entered.
addEventListener("hashchange", () => {
  pause();
  addresses++;
  const said = fromAddress(location.hash);
  const { stage } = said;
  const address = toAddress(said);
  const isShown = begunWith && toAddress({ ...begunWith, alpha: String(walk?.learningRate), stage }) === address;
  const isAsked = toAddress({ ...form.entered, alpha: String(learningRate()), stage }) === address;
  if (isShown && isAsked) goTo(Number(stage) - 1);
  else void remembered(() => open(said), "replace");
});

element("full-screen").hidden = !document.fullscreenEnabled;
element("full-screen").addEventListener("click", () => {
  void (document.fullscreenElement ? document.exitFullscreen() : element("walk").requestFullscreen());
});
element("large").addEventListener("click", ({ currentTarget }) => {
  const isLarge = document.documentElement.classList.toggle("large");
  (currentTarget as HTMLElement).ariaPressed = String(isLarge);
});

const paper = matchMedia("print");
paper.addEventListener("change", () => view.showSheet(paper.matches ? walk : undefined));
element("print").addEventListener("click", () => print());

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
    remember("replace");
  });
});

try {
  gpu = await openGpu();
  void gpu.device.lost.then(({ message }) => leaveGpu(message));
} catch {
  view.showNotice(whyNoWebGpu());
}
await remembered(() => open(fromAddress(location.hash)), "replace");
element<HTMLButtonElement>("play").disabled = false;
for (const button of trainingButtons) button.disabled = false;
await work(async () => view.showCurves(await learningCurves(gpu).catch(() => learningCurves(undefined))));
