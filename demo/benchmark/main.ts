// The benchmark's page: the form starts a run, the view shows its report, which can be copied and sent.

import { whyNoWebGpu } from "../no-webgpu";
import { isOk, type Report } from "./report";
import { runBenchmark } from "./run";
import { fillForm, readForm } from "./selection-form";
import { fromHash, toHash } from "./share";
import { element, say, showReport } from "./view";

const run = element<HTMLButtonElement>("run");
let report: Report | undefined;
let running: AbortController | undefined;

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
    const { rows } = await runBenchmark(selection, listener, stopping.signal);
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
  element("shared").hidden = true;
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
}

/** Shows the report that the address carries, if it carries one. */
async function showShared(): Promise<void> {
  try {
    const shared = await fromHash(location.hash);
    if (!shared || running) return;
    report = shared;
    showReport(shared);
    const { adapter, browser, date } = shared.environment;
    element("shared-text").textContent =
      `Measured elsewhere: on ${adapter}, in ${browser}, on ${date.slice(0, 10)}. Nothing here is of your own adapter.`;
    element("shared").hidden = false;
  } catch (error) {
    say("failure", (error as Error).message);
  }
}

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    element("copied").textContent = `${what} copied.`;
  } catch {
    element("copied").textContent = `The browser did not let ${what.toLowerCase()} be copied.`;
  }
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
element("copy-json").addEventListener("click", () => void copy(JSON.stringify(report, null, 2), "JSON"));
element("copy-link").addEventListener("click", async () => {
  history.replaceState(null, "", await toHash(report!));
  await copy(location.href, "Link");
});
addEventListener("hashchange", () => void showShared());

fillForm();
await showShared();
const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
if (adapter) {
  run.disabled = false;
  status("Ready to run.");
} else {
  say("no-webgpu", whyNoWebGpu());
  status("Nothing can be measured here.");
}
