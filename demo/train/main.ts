// The training page: the buttons and settings drive a session, the view shows it.

import { type Gpu, openGpu } from "../../src/index";
import { mobyDick } from "../data/moby-dick";
import { whyNoWebGpu } from "../no-webgpu";
import { corpusOf } from "./corpus";
import { DivergedError, Session } from "./session";
import { type Choice, SettingsForm } from "./settings-form";
import { type Activity, element, View } from "./view";

const view = new View();
const form = new SettingsForm(element<HTMLFormElement>("settings"), (learningRate) => {
  if (session && learningRate !== undefined) session.trainer.learningRate = learningRate;
  showPending();
});

let gpu: Gpu | undefined;
let session: Session | undefined;
let trained: Choice | undefined; // what the session was made of
let activity: Activity = "opening";

function become(next: Activity): void {
  activity = next;
  view.showActivity(activity, session);
}

async function open(): Promise<void> {
  try {
    gpu = await openGpu();
  } catch {
    return view.showNoWebGpu(whyNoWebGpu());
  }
  gpu.device.lost.then(({ message }) => {
    gpu = undefined;
    fail(`The browser took the graphics adapter away (${message}). Reset to begin anew.`);
  });
  view.showAdapter(gpu);
}

/** Makes a session of the settings, where there is none. Answers nothing where the settings need correcting first. */
async function prepare(): Promise<Session | undefined> {
  if (session) return session;
  if (!form.check() || !gpu) return;
  become("preparing");
  const { settings, text } = form.choice;
  const corpus = await corpusOf(text ?? (await mobyDick()));
  session = await Session.create(gpu, corpus, settings, form.learningRate!);
  trained = { settings, text };
  session.trainer.learningRate = form.learningRate ?? session.trainer.learningRate; // if changed meanwhile
  view.showSession(session);
  showPending();
  return session;
}

/** Runs a piece of training from pressing its button to its end. */
async function work(piece: (session: Session) => Promise<void>): Promise<void> {
  try {
    const current = await prepare();
    if (!current || !gpu) return; // settings to correct, or lost meanwhile
    become("training");
    await piece(current);
    if (session !== current) return; // reset meanwhile
    view.showProgress(current);
    become("paused");
  } catch (error) {
    if (!gpu) return; // lost, as was said
    const cure = error instanceof DivergedError ? "Lower it and reset." : "Reset to begin anew.";
    fail(`${(error as Error).message} ${cure}`);
  }
}

function fail(message: string): void {
  if (session) view.showProgress(session);
  view.showFailure(message);
  become("failed");
}

element("run").addEventListener("click", () => {
  if (activity === "training") {
    become("pausing");
    void session?.pause();
  } else {
    void work((current) => current.train((look) => view.addSample(look)));
  }
});

element("single-step").addEventListener("click", () => void work((current) => current.trainOne()));

element("reset").addEventListener("click", async () => {
  const old = session;
  become("pausing");
  session = undefined;
  await old?.close();
  view.clear();
  view.showFailure(undefined);
  showPending();
  if (!gpu) await open();
  become("ready");
});

function showPending(): void {
  const { settings, text } = form.choice;
  const same = text === trained?.text && JSON.stringify(settings) === JSON.stringify(trained?.settings);
  element("pending").hidden = !session || same;
}

await open();
if (gpu) become("ready");
