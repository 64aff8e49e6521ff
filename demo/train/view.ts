// Shows a training on the page: its numbers, and what can be done next.

import { element } from "../page";
import { processorText } from "../without-webgpu";
import type { Facts } from "../workshop/session";
import type { Desk } from "./desk";
import type { Run } from "./runs";
import { bytesText, lossText, percentText, stepsText, wholeText } from "./texts";

/** The button that had the focus last: a browser takes it away where a button is disabled for a while. */
let pressed: HTMLButtonElement | undefined;

/** Sets the buttons and says, for everyone, what happens. */
export function showActivity({ activity, order, runs, lost }: Desk): void {
  if (document.activeElement instanceof HTMLButtonElement) pressed = document.activeElement;
  const run = element<HTMLButtonElement>("run");
  const busy = activity === "training" || activity === "pausing";
  run.textContent = busy ? "Pause" : order ? "Go on" : "Start";
  run.disabled = !["ready", "training", "paused"].includes(activity);
  const enable = (id: string, when: boolean) => {
    element<HTMLButtonElement>(id).disabled = !when;
  };
  const idle = activity === "ready" || activity === "paused";
  enable("single-step", idle);
  enable("compare", idle);
  enable(
    "reset-training",
    activity === "preparing" || (order !== undefined && !["pausing", "ready"].includes(activity)),
  );
  enable("save-onnx", order !== undefined && ["training", "paused"].includes(activity));
  enable("save", order !== undefined && ["training", "paused", "failed"].includes(activity));
  for (const id of ["export-png", "export-csv", "export-json"]) enable(id, runs.all.length > 0);
  if (document.activeElement === document.body && pressed?.disabled === false) pressed.focus();
  const step = order ? (runs.current?.step ?? 0) : 0;
  element("status").textContent = {
    opening: "Looking for a graphics adapter…",
    ready: "Ready to start.",
    preparing: "Preparing the data and the network…",
    training: "Training.",
    pausing: "Pausing…",
    paused: pausedText(step, order ? lost : 0),
    failed: "Stopped.",
  }[activity];
}

/** @param lost steps that went with a graphics device. */
function pausedText(step: number, lost: number): string {
  const what = lost > 0 ? `${stepsText(lost)} ${lost === 1 ? "was" : "were"} lost with the graphics device.` : "";
  if (step === 0) return what ? `Back at the start: ${what}` : "Ready to start.";
  return `Paused after ${stepsText(step)}. ${what}`.trim();
}

export function showFailure(message: string | undefined): void {
  element("failure").hidden = message === undefined;
  element("failure").textContent = message ?? "";
}

/** Shows what stays the same throughout a training. */
export function showFacts({ description, baseline, parameterCount, costs, loss, right }: Facts): void {
  const reached = baseline.loss === undefined ? percentText(baseline.accuracy) : lossText(baseline.loss);
  const unit = { "cross-entropy": "nats", "mean-squared-error": "mean squared error", quantile: "quantile loss" }[loss];
  element("baseline").textContent =
    `The dashed line, ${reached}${baseline.loss === undefined ? " right" : ` (${unit})`}, is ${baseline.meaning}.`;
  element(baseline.loss === undefined ? "accuracy-caption" : "loss-caption").append(element("baseline"));
  element("right").textContent = right ?? "";
  element(right ? "accuracy-caption" : "loss-caption").append(element("right"));
  element("parameters").textContent = wholeText(parameterCount);
  element("memory").textContent = costs ? bytesText(costs.bytes) : "none";
  element("dispatches").textContent = costs ? wholeText(costs.dispatches) : "none";
  element("description").textContent = description;
  element("plan").textContent = costs?.plan ?? "No dispatches: the float64 reference takes each step on the processor.";
}

/** Shows the numbers that change; of no run, dashes. */
export function showNumbers(run: Run | undefined): void {
  const latest = (name: Parameters<Run["history"]["latest"]>[0]) => run?.history.latest(name);
  element("step").textContent = wholeText(run?.step ?? 0);
  element("training-loss").textContent = lossText(latest("smoothed"));
  element("held-out-loss").textContent = lossText(latest("heldOut"));
  element("accuracy").textContent = percentText(latest("accuracy"));
  element("gradient-norm").textContent = lossText(latest("gradientNorm"));
  const rate = latest("tokensPerSecond");
  element("tokens-per-second").textContent = rate == null ? "–" : wholeText(rate);
}

/** Says that the processor computes, and that nothing is to be chosen there of how WebGPU does. */
export function showProcessor(why: string): void {
  element("processor").hidden = false;
  element("processor-text").textContent = processorText(why);
  element("adapter").textContent = "none: the float64 reference, on the processor";
  element<HTMLFieldSetElement>("engine").disabled = true;
  element("engine-note").textContent = "These say how WebGPU computes. On the processor there is one way.";
}
