// The training page: the buttons and settings drive a training in a worker, and the page shows it.

import { findAdapter, whyNoWebGpu } from "../no-webgpu";
import { download, element, html, scrollable } from "../page";
import { Charts } from "./charts";
import { Desk } from "./desk";
import { presets } from "./presets";
import { asCsv, asJson } from "./runs";
import { RunsTable } from "./runs-table";
import { addSample } from "./samples";
import { fromAddress, type Settings, toAddress } from "./settings";
import { SettingsForm } from "./settings-form";
import { wholeText } from "./texts";
import { ThroughTime } from "./through-time";
import { showActivity, showFacts, showFailure, showNoWebGpu, showNumbers } from "./view";
import type { Kept } from "./workshop";

/** How often what is shown is drawn anew. A software adapter and the screen share the processor: rarely, then. */
const drawMilliseconds = { hardware: 150, software: 1000 };
const compareSteps = 300;

const desk = new Desk({
  activity() {
    showActivity(desk);
    if (!desk.order) element("device").hidden = true;
    form.mark(desk.order?.settings);
    showPending();
    show();
  },
  failure: showFailure,
  begun(facts) {
    element("kept").hidden = true;
    showFacts(facts);
    showBlankSamples(facts.writes);
  },
  look(step, heldOut, sample) {
    if (sample) addSample(element("samples"), step, heldOut, sample);
    void throughTime.look().then(() => throughTime.offer());
  },
  kept: say,
  device(message) {
    element("device").hidden = false;
    element("device").textContent = message;
  },
});

const { settings, ignored } = fromAddress(location.hash);
const form = new SettingsForm(element<HTMLFormElement>("settings"), settings, () => changed());
const charts = new Charts((step) => {
  table.point = step;
  table.show(desk.runs);
});
const table = new RunsTable(element<HTMLTableElement>("runs"), {
  change: show,
  use: (run) => {
    form.show(run.settings);
    changed();
  },
});
const throughTime = new ThroughTime(desk);
const blankSamples = [...element("samples").childNodes];

/** After a change of the settings: the address, the checks, and what takes effect at once. */
function changed(): void {
  const address = toAddress(form.settings);
  if (location.hash.replace(/^#/, "") !== address)
    history.replaceState(null, "", address ? `#${address}` : location.pathname);
  element<HTMLSelectElement>("preset").value = "";
  if (form.usable) desk.change(form.settings);
  form.mark(desk.order?.settings);
  showPending();
}

function show(): void {
  const { current, all } = desk.runs;
  showNumbers(desk.order && current);
  charts.show(all, current);
  table.show(desk.runs);
}

function say(message: string): void {
  element("saved").textContent = message;
}

function showPending(): void {
  const count = form.changed.length;
  element("pending").textContent =
    count === 0 ? "" : `${count === 1 ? "One change needs" : `${count} changes need`} a reset, and a new start.`;
}

function showBlankSamples(writes: boolean): void {
  const nothing = html("li", "note", "This network answers questions; it does not write.");
  element("samples").replaceChildren(...(writes ? blankSamples : [nothing]));
}

/** Begins what the form says, where nothing is begun. Answers whether there is something to go on with. */
async function prepared(): Promise<boolean> {
  if (desk.order) return true;
  throughTime.clear();
  return form.check() && desk.begin({ settings: form.settings, own: form.own, from: undefined });
}

function draw(): void {
  if (desk.activity === "training" && !document.hidden) show();
}

element("run").addEventListener("click", async () => {
  if (desk.activity === "training") return void desk.pause();
  if (await prepared()) await desk.train();
});
element("single-step").addEventListener("click", async () => {
  if (await prepared()) await desk.trainOne();
});
element("reset").addEventListener("click", () => void desk.reset());

const preset = element<HTMLSelectElement>("preset");
for (const [i, { name }] of presets.entries()) preset.add(new Option(name, String(i)));
preset.addEventListener("change", () => {
  const chosen = presets[Number(preset.value)];
  if (preset.value === "" || !chosen) return;
  form.show(chosen.settings);
  const { value } = preset;
  changed();
  preset.value = value;
});

element("compare").addEventListener("click", async () => {
  if (!form.check()) return;
  const before = form.settings;
  const compared = async (cell: Settings["cell"]) => {
    if (desk.order) await desk.reset();
    // Orthogonal weights would carry an Elman's gradient far at first: both begin as PyTorch has it.
    const both: Settings = { ...before, cell, recurrentInitializer: "uniform", pauseAt: compareSteps };
    if (!(await desk.begin({ settings: both, own: form.own, from: undefined }))) return undefined;
    await desk.train();
    await throughTime.look();
    return desk.runs.current;
  };
  const elman = await compared("elman");
  if (!elman || elman.step < compareSteps) return;
  await compared("lstm");
  throughTime.compareWith(elman);
});

let pausedByHiding = false;
document.addEventListener("visibilitychange", () => {
  if (document.hidden && desk.activity === "training" && form.settings.hiddenTab === "pause") {
    pausedByHiding = true;
    void desk.pause();
  } else if (!document.hidden && pausedByHiding) {
    pausedByHiding = false;
    if (desk.activity === "paused") void desk.train();
  }
});

addEventListener("hashchange", () => {
  form.show(fromAddress(location.hash).settings);
  changed();
});

/** Goes on with a training that was saved. */
async function goOn({ settings, own, file }: Omit<Kept, "step">): Promise<void> {
  if (desk.order) await desk.reset();
  throughTime.clear();
  form.show(settings);
  form.showOwn(own);
  await desk.begin({ settings, own, from: file });
  changed();
}

async function openFile(file: File): Promise<void> {
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { settings } = await desk.workshop.examine(bytes);
    await goOn({ settings, own: form.own, file: bytes });
  } catch (error) {
    showFailure(`${file.name}: ${(error as Error).message}`);
  }
}

const opener = element<HTMLInputElement>("open");
opener.addEventListener("change", () => {
  if (opener.files?.[0]) void openFile(opener.files[0]);
  opener.value = "";
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const file = event.dataTransfer?.files[0];
  if (file) void (file.name.endsWith(".safetensors") ? openFile(file) : form.bringFile(file));
});

element("save").addEventListener("click", async () => {
  try {
    const bytes = await desk.workshop.file();
    const step = desk.runs.current?.step ?? 0;
    download(`tempograd-${form.settings.cell}-step-${step}.safetensors`, new Blob([bytes]));
  } catch (error) {
    showFailure((error as Error).message);
  }
});
element("export-png").addEventListener("click", async () => download("runs.png", await charts.picture(desk.runs.all)));
element("export-csv").addEventListener("click", () => download("runs.csv", new Blob([asCsv(desk.runs.all)])));
element("export-json").addEventListener("click", () => download("runs.json", new Blob([asJson(desk.runs.all)])));
element("copy-link").addEventListener("click", async () => {
  await navigator.clipboard.writeText(location.href).then(
    () => say("The link is copied."),
    () => say(`Copy it from the address bar: ${location.href}`),
  );
});

async function open(): Promise<void> {
  if (!(await findAdapter())) return showNoWebGpu(whyNoWebGpu());
  try {
    const { description, software } = await desk.open();
    const kind = software ? "software: it computes on the processor, so expect it to be slow" : "hardware";
    element("adapter").textContent = `${description} (${kind})`;
    setInterval(draw, drawMilliseconds[software ? "software" : "hardware"]);
  } catch (error) {
    return showNoWebGpu((error as Error).message);
  }
  if (ignored.length > 0) showFailure(`The address has what this page does not know, left out: ${ignored.join(", ")}.`);
  const kept = await desk.workshop.kept();
  if (!kept || desk.order) return;
  element("kept-text").textContent =
    `A training was left here: ${kept.settings.cell.toUpperCase()} on ${kept.own?.name ?? kept.settings.data}, after ${wholeText(kept.step)} steps. A new one takes its place.`;
  element("kept").hidden = false;
  element("go-on").addEventListener("click", () => void goOn(kept), { once: true });
  element("discard").addEventListener("click", () => {
    element("kept").hidden = true;
    void desk.workshop.discard();
  });
}

scrollable(element("runs").parentElement!, "Runs");
scrollable(element("plan"), "Dispatches of a training step");
form.show(settings);
show();
await open();
