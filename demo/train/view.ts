// Shows a training run on the page: its numbers, its samples and what can be done next.

import { type Gpu, planTable } from "../../src/index";
import { LossChart, lossText } from "./loss-chart";
import type { Look, Session } from "./session";

/** What the page is doing. */
export type Activity = "opening" | "ready" | "preparing" | "training" | "pausing" | "paused" | "failed";

const samplesShown = 4;
const renderMilliseconds = 100;

export const element = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;
const whole = (value: number) => Math.round(value).toLocaleString("en");

export class View {
  readonly #chart = new LossChart(element("chart"));
  /** What the page says before the first step, by the place where it says so. */
  readonly #blank = [...document.querySelectorAll(".readouts dd, .run-facts, #plan, #samples")].map((place) => ({
    place,
    content: [...place.cloneNode(true).childNodes],
  }));
  #rendering: ReturnType<typeof setInterval> | undefined;

  showAdapter({ description, software }: Gpu): void {
    const kind = software ? "software: it computes on the CPU, so expect it to be slow" : "hardware";
    element("adapter").textContent = `${description} (${kind})`;
  }

  /** Sets the buttons and says, for everyone, what happens. */
  showActivity(activity: Activity, session: Session | undefined): void {
    const run = element<HTMLButtonElement>("run");
    run.textContent =
      activity === "training" || activity === "pausing" ? "Pause" : activity === "paused" ? "Go on" : "Start";
    run.disabled = !["ready", "training", "paused"].includes(activity);
    element<HTMLButtonElement>("single-step").disabled = !["ready", "paused"].includes(activity);
    element<HTMLButtonElement>("reset").disabled = !["training", "paused", "failed"].includes(activity);
    const step = session?.step ?? 0;
    element("status").textContent = {
      opening: "Looking for a graphics adapter…",
      ready: "Ready to start.",
      preparing: "Preparing the text and the network…",
      training: "Training.",
      pausing: "Pausing…",
      paused: `Paused after ${whole(step)} ${step === 1 ? "step" : "steps"}.`,
      failed: "Stopped.",
    }[activity];
    clearInterval(this.#rendering);
    if (session && activity === "training") {
      this.#rendering = setInterval(() => this.showProgress(session), renderMilliseconds);
    }
  }

  showFailure(message: string | undefined): void {
    element("failure").hidden = message === undefined;
    element("failure").textContent = message ?? "";
  }

  /** Shows what stays the same throughout a run. */
  showSession(session: Session): void {
    const { plan } = session.trainer.pass;
    const { vocabulary, training, heldOut, unigramEntropy } = session.corpus;
    element("unigram-entropy").textContent = lossText(unigramEntropy);
    element("parameters").textContent = whole(session.parameterCount);
    element("corpus").textContent =
      `${whole(training.length)} characters to train on, ${whole(heldOut.length)} held out, ${vocabulary.size} symbols`;
    element("dispatches").textContent = whole(plan.describe().total.dispatches);
    element("plan").textContent = planTable(plan);
  }

  /** Shows the numbers that change. */
  showProgress(session: Session): void {
    const { step, history, heldOutLoss, tokensPerSecond, corpus } = session;
    element("step").textContent = whole(step);
    element("training-loss").textContent = lossText(history.latest);
    element("held-out-loss").textContent = lossText(heldOutLoss);
    element("tokens-per-second").textContent = tokensPerSecond === undefined ? "–" : whole(tokensPerSecond);
    this.#chart.show(history, corpus.unigramEntropy);
  }

  /** Puts what the network wrote on top of its earlier samples; as text, never as HTML. */
  addSample({ step, heldOutLoss, prompt, text }: Look): void {
    const samples = element("samples");
    samples.querySelector("li.note")?.remove();
    const item = document.createElement("li");
    item.className = "sample";
    const caption = document.createElement("p");
    caption.className = "note";
    caption.textContent = `${step === 0 ? "Before the first step" : `After ${whole(step)} steps`} · held-out loss ${lossText(heldOutLoss)}`;
    const beginning = document.createElement("span");
    beginning.className = "prompt";
    beginning.textContent = prompt;
    const quote = document.createElement("blockquote");
    quote.append(beginning, text);
    item.append(caption, quote);
    samples.prepend(item);
    while (samples.children.length > samplesShown) samples.lastElementChild!.remove();
  }

  /** Back to how the page looked before the first step. */
  clear(): void {
    this.#chart.clear();
    for (const { place, content } of this.#blank) place.replaceChildren(...content);
  }

  /** Says why nothing can be trained here, in place of the controls. */
  showNoWebGpu(reason: string): void {
    element("content").hidden = true;
    element("no-webgpu").hidden = false;
    element("no-webgpu-reason").textContent = reason;
  }
}
