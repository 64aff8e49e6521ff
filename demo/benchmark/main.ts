// The benchmark's page: the form starts a run, the view shows its report, which can be copied and sent.

import { openGpu } from "../../src/index";
import { whyNoWebGpu } from "../no-webgpu";
import { element } from "../page";
import { isOk, type Report } from "./report";
import { runInPage } from "./run-in-page";
import { fillForm, readForm } from "./selection-form";
import { fromHash, toHash } from "./share";
import { say, showReport } from "./view";

const run = element<HTMLButtonElement>("run");
let report: Report | undefined;
let running: AbortController | undefined;
/** Whether this browser's own adapter computes on the processor. */
let software = false;

const status = (text: string) => {
  element("status").textContent = text;
};

async function measure(): Promise<void> {
  const selection = readForm();
  if (!selection) return status("Not started: see what is missing above.");
  forget();
  const stopping = new AbortController();
  running = stopping;
  run.textContent = "Stop";
  const listener = {
    doing: (what: string) => status(`${what}…`),
    found(found: Report) {
      report = found;
      showReport(found);
    },
  };
  try {
    const { rows } = await runInPage(selection, listener, stopping.signal);
    const failed = rows.filter((row) => !isOk(row)).length;
    status(`Done: ${rows.length} rows${failed ? `, ${failed} of them not ok` : ""}.`);
  } catch (error) {
    if (stopping.signal.aborted) return status("Stopped.");
    const { message } = error as Error;
    status("Stopped.");
    say(
      "failure",
      message === "hidden tab" ? "The tab was hidden, and browsers slow hidden tabs down. Run again." : message,
    );
  } finally {
    running = undefined;
    run.textContent = "Run";
  }
}

/** Shows no report any more. */
function forget(): void {
  report = undefined;
  showReport(undefined);
  say("failure", undefined);
  showWhose(undefined);
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
}

/** Says whether what is shown was measured elsewhere; else there is the form, and whether a software adapter measures. */
function showWhose(shared: Report | undefined): void {
  element("shared").hidden = !shared;
  element("selection").hidden = shared !== undefined;
  element("software").hidden = !software || shared !== undefined;
  if (!shared) return;
  const { adapter, browser, date, software: kind } = shared.environment;
  element("shared-text").textContent =
    `Measured elsewhere: on ${adapter}${kind ? ", a software adapter" : ""}, in ${browser}, on ${date.slice(0, 10)}. ` +
    "Nothing here is of your own adapter.";
}

/** Shows the report that the address carries, if it carries one. */
async function showShared(): Promise<void> {
  try {
    const shared = await fromHash(location.hash);
    if (!shared || running) return;
    report = shared;
    showReport(shared);
    showWhose(shared);
  } catch (error) {
    say("failure", (error as Error).message);
  }
}

/** @param refused what is said where the browser does not allow it. */
async function copy(text: string, done: string, refused: string): Promise<void> {
  const copied = navigator.clipboard.writeText(text).then(
    () => done,
    () => refused,
  );
  element("copied").textContent = await copied;
}

element("selection").addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) running.abort("stopped");
  else void measure();
});
element("discard").addEventListener("click", () => {
  forget();
  run.focus();
});
element("copy-json").addEventListener("click", () =>
  copy(JSON.stringify(report, null, 2), "Copied.", "The browser does not allow to copy."),
);
element("copy-link").addEventListener("click", async () => {
  history.replaceState(null, "", await toHash(report!));
  await copy(location.href, "Copied.", "The browser does not allow to copy: take the address of this page.");
});
addEventListener("hashchange", () => void showShared());

fillForm();
await showShared();
try {
  const gpu = await openGpu();
  software = gpu.software;
  gpu.destroy();
  if (element("shared").hidden) showWhose(undefined);
  run.disabled = false;
  status("Ready to run.");
} catch {
  say("no-webgpu", whyNoWebGpu());
  status("Nothing can be measured here.");
}
