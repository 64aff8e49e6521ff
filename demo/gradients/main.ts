// The page on why gradients shrink: sliders set it, the engine computes what they say, two chapters show it.

import { openGpu } from "../../src/index";
import { whyNoWebGpu } from "../no-webgpu";
import { element } from "../page";
import { CutChapter } from "./cut-chapter";
import { type Engine, GpuEngine, referenceEngine } from "./engine";
import type { SettingName, Settings } from "./settings";
import { ShrinkChapter } from "./shrink-chapter";
import { Sliders } from "./sliders";

/** A part of the page, which is computed anew where one of its settings changes. */
interface Part {
  of: readonly SettingName[];
  show(engine: Engine, settings: Settings): Promise<void> | void;
}

const shrink = new ShrinkChapter();
const cut = new CutChapter();
const sequence = ["size", "steps", "input", "seed"] as const;
const parts: readonly Part[] = [
  { of: sequence, show: (engine, settings) => shrink.elman(engine, settings) },
  { of: [...sequence, "clip"], show: (engine, settings) => shrink.clip(engine, settings) },
  { of: [...sequence, "forget"], show: (engine, settings) => shrink.lstm(engine, settings) },
  { of: [...sequence, "every", "distance"], show: (engine, settings) => cut.cut(engine, settings) },
  { of: ["distance"], show: (_, settings) => cut.name(settings) },
];

let engine: Engine = referenceEngine;
const shown = new Map<Part, string>();
let showing: Promise<void> | undefined;

/** Shows what the sliders say; what changes meanwhile comes at once. */
function show(): Promise<void> {
  showing ??= showAll().finally(() => {
    showing = undefined;
  });
  return showing;
}

const keyOf = ({ of }: Part): string => of.map((name) => sliders.settings[name]).join();

async function showAll(): Promise<void> {
  document.body.ariaBusy = "true";
  for (let part = parts.find(isOld); part; part = parts.find(isOld)) {
    const key = keyOf(part);
    await attempt((engine) => part!.show(engine, sliders.settings));
    shown.set(part, key);
  }
  document.body.ariaBusy = "false";
}

const isOld = (part: Part): boolean => shown.get(part) !== keyOf(part);

/** Does something on the GPU; what its loss breaks is done again with the reference. */
async function attempt(work: (engine: Engine) => Promise<void> | void): Promise<void> {
  const begun = engine;
  try {
    await work(begun);
  } catch (error) {
    if (begun === referenceEngine) throw error;
    leaveGpu((error as Error).message);
    await work(engine);
  }
}

function leaveGpu(message: string): void {
  if (engine === referenceEngine) return;
  engine.destroy();
  engine = referenceEngine;
  notice(`The GPU cannot be used any more (${message}). The float64 reference computes instead.`);
}

function notice(message: string): void {
  element("notice").textContent = message;
  element("notice").hidden = message === "";
}

const sliders = new Sliders(
  () => void show().catch(reportError),
  (ignored) => {
    if (ignored.length > 0) notice(`The address has what this page does not know, left out: ${ignored.join(", ")}.`);
  },
);

element("train").addEventListener("click", () => {
  void attempt((engine) => cut.train(engine, sliders.settings)).catch(reportError);
});

sliders.read();
try {
  const gpu = await openGpu();
  engine = new GpuEngine(gpu);
  void gpu.device.lost.then(({ message }) => leaveGpu(message));
} catch {
  notice(`${whyNoWebGpu()} The float64 reference computes instead, on the processor.`);
}
element<HTMLButtonElement>("train").disabled = false;
await show();
