// The page of pens: an application that owns its device. A frame is one command buffer of its own: a step of the network
// between its buffers, and a picture drawn from them.

import { findAdapter, whyNoWebGpu } from "../no-webgpu";
import { element } from "../page";
import { Apprentice, lesson } from "./apprentice";
import { Drawing } from "./drawing";
import { Pens } from "./pens";
import { closedStroke, type FigureName, figure, type Point, strokePoints } from "./stroke";

const penCount = 24;
/** Training steps after which the pens begin anew. */
const scatterSteps = lesson / 5;

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

const device = await openDevice().catch(({ message }: Error) => end(message));
const apprentice = await Apprentice.create(device, penCount).catch(({ message }: Error) => end(message));
const pens = new Pens(device, apprentice.network, penCount);
const outline = device.createBuffer({
  label: "stroke",
  size: strokePoints * 2 * 4,
  usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
});
const format = navigator.gpu.getPreferredCanvasFormat();
const context = openPaper();
let drawing = inkedDrawing();

/** The application's own device. */
async function openDevice(): Promise<GPUDevice> {
  const adapter = await findAdapter();
  const opened = await adapter?.requestDevice();
  if (!opened) return end(whyNoWebGpu());
  void opened.lost.then(({ message }) => fail(`The browser took the graphics adapter away (${message}).`));
  return opened;
}

/** Tells the visitor why the page goes no further. */
function end(message: string): Promise<never> {
  fail(message);
  return new Promise(() => {});
}

function openPaper(): GPUCanvasContext {
  const context = paper.getContext("webgpu")!;
  context.configure({ device, format, alphaMode: "premultiplied" });
  return context;
}

/** In the colours that the style sheet has at the moment. */
function inkedDrawing(): Drawing {
  const { color, borderTopColor } = getComputedStyle(paper);
  const line = { places: outline, pens: 1, slots: strokePoints, closed: true };
  const trails = { places: pens.places, pens: pens.count, slots: pens.slots, closed: false };
  return new Drawing(device, format, [
    { ...line, width: 0.01, fade: 0, colour: colourOf(borderTopColor, 1) },
    { ...trails, width: 0.022, fade: 1, colour: colourOf(color, 0.9) },
  ]);
}

/** The colour of a style, such as rgb(11, 100, 112), with an opacity. */
function colourOf(style: string, opacity: number): [number, number, number, number] {
  const [red = 0, green = 0, blue = 0] = (style.match(/[\d.]+/g) ?? []).map((value) => Number(value) / 255);
  return [red, green, blue, opacity];
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

function frame(): void {
  const encoder = device.createCommandEncoder();
  if (running) {
    pens.encodeStep(encoder);
    nextFrame();
  }
  drawing.encode(encoder, context.getCurrentTexture().createView(), [strokePoints - 1, pens.newest]);
  device.queue.submit([encoder.finish()]);
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
  const known = done === lesson ? "It has learned the stroke; the pens follow it." : "It learns while the pens move.";
  element("status").textContent = running ? known : begun ? "Paused." : "Ready to start.";
}

/** Learns whatever stroke there is until the lesson is over or it is paused, and forgets when it is asked to. */
async function teach(): Promise<void> {
  while (forgetting || (running && done < lesson)) {
    if (forgetting) {
      apprentice.forget();
      forgetting = false;
      continue;
    }
    const taught = stroke;
    for await (const { step, loss } of apprentice.learn(taught, done)) {
      if (stroke !== taught || forgetting) break;
      done = step;
      show(loss);
      if (done % scatterSteps === 0) pens.scatter(); // they all came to one place while it knew little
      if (!running) break;
    }
  }
}

/** Sees to it that what there is to learn is being learned; the lesson under way sees by itself what has changed. */
async function keepTeaching(): Promise<void> {
  if (teaching) return;
  teaching = true;
  try {
    await teach();
  } catch (error) {
    fail((error as Error).message);
  } finally {
    teaching = false;
  }
}

function setStroke(points: Float32Array<ArrayBuffer>): void {
  stroke = points;
  done = 0;
  element("loss").textContent = "–";
  device.queue.writeBuffer(outline, 0, stroke);
  show();
  void keepTeaching();
  nextFrame();
}

function scatter(): void {
  pens.scatter();
  nextFrame();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  drawing = inkedDrawing();
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

paper.addEventListener("pointerdown", ({ pointerId }) => {
  if (failed) return;
  paper.setPointerCapture(pointerId);
  line = [];
});

paper.addEventListener("pointermove", ({ offsetX, offsetY }) => {
  if (!line) return;
  line.push([(2 * offsetX) / paper.clientWidth - 1, 1 - (2 * offsetY) / paper.clientHeight]);
  device.queue.writeBuffer(outline, 0, closedStroke(line) ?? stroke);
  nextFrame();
});

for (const name of ["pointerup", "pointercancel"]) {
  paper.addEventListener(name, () => {
    const points = line && closedStroke(line);
    line = undefined;
    if (!points || failed) return;
    element("own").hidden = false;
    figures.value = "own";
    setStroke(points);
  });
}

scatter();
setStroke(stroke);
for (const control of controls) control.disabled = false;
