// The page of pens: an application that owns its device. A frame is one command buffer of its own: a step of the network
// between its buffers, and a picture drawn from them.

import { element } from "../page";
import { type Knowledge, lesson } from "./apprentice";
import { closedStroke, type FigureName, figure, type Point } from "./stroke";
import { Studio } from "./studio";

/** Training steps after which the pens begin anew. */
const scatterSteps = lesson / 5;
/** Between frames, while it learns: on a software adapter the processor computes them as well as the lesson. */
const frameMilliseconds = { hardware: 0, software: 250 };
const reopeningTries = 8;
const reopeningMilliseconds = 250;

const paper = element<HTMLCanvasElement>("paper");
const figures = element<HTMLSelectElement>("figure");
const controls = [...document.querySelectorAll<HTMLButtonElement | HTMLSelectElement>("button, select")];

let stroke = figure(figures.value as FigureName);
let done = 0; // training steps for this stroke
let running = false;
let forgetting = false;
let teaching = false;
let failed = false;
let frameRequest = 0;
/** When the latest frame was drawn. */
let drawn = 0;
/** Whether there ever was a studio: what was there comes again, as a rule. */
let opened = false;
/** Undefined while its device is lost. */
let studio: Studio | undefined;
/** What to go on from where the device is lost. */
let known: Knowledge | undefined;

/** Opens a studio, as often as its device is lost. */
async function openStudio(): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const made = await Studio.open(paper, known);
      void made.device.lost.then(() => reopen(made));
      studio = made;
      opened = true;
      break;
    } catch (error) {
      if (!opened || attempt === reopeningTries) return fail((error as Error).message);
      await new Promise((resolve) => setTimeout(resolve, reopeningMilliseconds * 2 ** Math.min(attempt, 4)));
    }
  }
  studio.outline(stroke);
  scatter();
  void keepTeaching();
}

async function reopen(lost: Studio): Promise<void> {
  if (studio !== lost) return;
  studio = undefined;
  element("status").textContent = "The graphics device was lost; waiting for it…";
  done = known?.stroke === stroke ? known.done : 0;
  await openStudio();
  if (!failed) show();
}

/** The first failure is told: others follow from it. */
function fail(message: string): void {
  if (failed) return;
  failed = true;
  running = false;
  element("status").textContent = "Stopped.";
  element("failure").textContent = `${message} Load the page again to begin anew.`;
  element("failure").hidden = false;
  for (const control of controls) control.disabled = true;
}

function frame(time: number): void {
  if (!studio) return;
  const { software } = studio.apprentice.network.gpu;
  const wait = running && done < lesson ? frameMilliseconds[software ? "software" : "hardware"] : 0;
  if (time >= drawn + wait) {
    studio.frame(running);
    drawn = time;
  }
  if (running) nextFrame();
}

/** Asks for one frame, however often it is called before that. */
function nextFrame(): void {
  cancelAnimationFrame(frameRequest);
  frameRequest = requestAnimationFrame(frame);
}

function show(loss?: number): void {
  const begun = done > 0;
  element("run").textContent = running ? "Pause" : begun ? "Go on" : "Start";
  element("steps").textContent = `${done} of ${lesson}`;
  if (loss !== undefined) element("loss").textContent = loss.toFixed(4);
  const said = done === lesson ? "It has learned the stroke; the pens follow it." : "It learns while the pens move.";
  element("status").textContent = running ? said : begun ? "Paused." : "Ready to start.";
}

/** Learns whatever stroke there is until the lesson is over or it is paused, and forgets when it is asked to. */
async function teach({ apprentice, pens }: Studio): Promise<void> {
  known ??= await apprentice.knowledge();
  while (forgetting || (running && done < lesson)) {
    if (forgetting) {
      apprentice.forget();
      known = await apprentice.knowledge();
      forgetting = false;
      continue;
    }
    const taught = stroke;
    for await (const { step, loss } of apprentice.learn(taught, done)) {
      if (stroke !== taught || forgetting) break;
      done = step;
      if (done % scatterSteps === 0) pens.scatter(); // they all came to one place while it knew little
      if (done % scatterSteps === 0 || !running) known = await apprentice.knowledge();
      show(loss);
      if (!running) break;
    }
  }
}

/** Sees to it that what there is to learn is being learned; the lesson under way sees by itself what has changed. */
async function keepTeaching(): Promise<void> {
  if (teaching || !studio) return;
  teaching = true;
  const taught = studio;
  try {
    await teach(taught);
  } catch (error) {
    if (!(await isLost(taught.device))) fail((error as Error).message);
  }
  teaching = false;
  if (studio !== taught) void keepTeaching(); // its device was lost, and another is there already
}

/** Whether a device is lost. What failed of it may be told a little before its loss is. */
async function isLost(device: GPUDevice): Promise<boolean> {
  const soon = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
  return (await Promise.race([device.lost, soon])) !== undefined;
}

function setStroke(points: Float32Array<ArrayBuffer>): void {
  stroke = points;
  done = 0;
  element("loss").textContent = "–";
  studio?.outline(stroke);
  show();
  void keepTeaching();
  nextFrame();
}

function scatter(): void {
  studio?.pens.scatter();
  nextFrame();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  studio?.ink();
  nextFrame();
});

element("run").addEventListener("click", () => {
  running = !running;
  show();
  void keepTeaching();
  nextFrame();
});

element("scatter").addEventListener("click", scatter);

element("forget").addEventListener("click", () => {
  forgetting = true;
  setStroke(stroke.slice());
  scatter();
});

figures.addEventListener("change", () => {
  if (figures.value !== "own") setStroke(figure(figures.value as FigureName));
});

let line: Point[] | undefined; // while one is drawn

const draw = element<HTMLButtonElement>("draw");
draw.hidden = !matchMedia("(any-pointer: coarse)").matches;

/** Whether fingers draw the next stroke; they scroll the page else. */
function letFingersDraw(does: boolean): void {
  draw.ariaPressed = String(does);
  paper.classList.toggle("drawn-on", does);
}

draw.addEventListener("click", () => {
  letFingersDraw(draw.ariaPressed === "false");
  paper.scrollIntoView({ block: "nearest" });
});

paper.addEventListener("pointerdown", ({ pointerId, pointerType }) => {
  if (failed || (pointerType === "touch" && draw.ariaPressed === "false")) return;
  paper.setPointerCapture(pointerId);
  line = [];
});

paper.addEventListener("pointermove", ({ offsetX, offsetY }) => {
  if (!line) return;
  line.push([(2 * offsetX) / paper.clientWidth - 1, 1 - (2 * offsetY) / paper.clientHeight]);
  studio?.outline(closedStroke(line) ?? stroke);
  nextFrame();
});

for (const name of ["pointerup", "pointercancel"]) {
  paper.addEventListener(name, () => {
    const points = line && closedStroke(line);
    line = undefined;
    if (!points || failed) return;
    letFingersDraw(false);
    element("own").hidden = false;
    figures.value = "own";
    setStroke(points);
  });
}

await openStudio();
if (!failed) {
  show();
  for (const control of controls) control.disabled = false;
}
