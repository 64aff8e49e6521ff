// The training page: the buttons and settings drive a training in a worker, and the page shows it.

import { download, element, scrollable } from "../page";
import { fromAddress, toAddress } from "../tasks/address";
import { type Settings, settingNames } from "../tasks/fields";
import { isLive, taskOf, wrongWith } from "../tasks/settings";
import { inSmall } from "../without-webgpu";
import type { Opened } from "../workshop/keeper";
import { AskingPanel } from "./asking-panel";
import { Charts } from "./charts";
import { type Activity, Desk } from "./desk";
import { ElsewherePanel } from "./elsewhere-panel";
import { showKept } from "./kept-trainings";
import { OwnFile } from "./own-file";
import { presets } from "./presets";
import { asCsv, asJson } from "./runs";
import { RunsTable } from "./runs-table";
import { addSample } from "./samples";
import { SettingsForm } from "./settings-form";
import { ThroughTime } from "./through-time";
import { showActivity, showFacts, showFailure, showNumbers, showProcessor } from "./view";

/** How often what is shown is drawn anew. A software adapter and the screen share the processor: rarely, then. */
const drawMilliseconds = { hardware: { numbers: 150, charts: 150 }, software: { numbers: 1000, charts: 2000 } };
const compareSteps = 300;
const writeMilliseconds = 300;
let writing: ReturnType<typeof setTimeout> | undefined;
let drawing: number | undefined;

const desk = new Desk({
  activity() {
    showActivity(desk);
    void elsewhere.show();
    if (!desk.order) {
      element("device").hidden = true;
      asking.end();
    }
    markForm();
    showPending();
    show();
  },
  failure: showFailure,
  begun(facts) {
    element("kept").hidden = true;
    ownFile.hide();
    showFacts(facts);
    showBlankSamples(facts.pieces !== undefined);
    asking.begin(facts);
  },
  flow() {
    throughTime.lookBack();
  },
  look(step, heldOut, sample) {
    if (sample) addSample(element("samples"), step, heldOut, sample);
    void asking.ask();
    void throughTime.look().then(() => throughTime.offer());
  },
  kept(message) {
    element("saved").textContent = message;
  },
  device(message) {
    element("device").hidden = false;
    element("device").textContent = message;
  },
});

/** Whether an address says settings; others lead to a place in the page. */
const saysSettings = (hash: string) => hash.includes("=");
const { settings, ignored } = fromAddress(saysSettings(location.hash) ? location.hash : "");
const form = new SettingsForm(element<HTMLFormElement>("settings"), settings, changed);
const charts = new Charts((step) => {
  table.point = step;
  table.show(desk.runs, desk.order && desk.runs.current);
});
const table = new RunsTable(element<HTMLTableElement>("runs"), {
  change: show,
  use: (run) => {
    form.show(run.settings);
    changed();
  },
});
const ownFile = new OwnFile(desk, form);
const throughTime = new ThroughTime(desk);
const asking = new AskingPanel(desk);
const elsewhere = new ElsewherePanel(desk, { say, fail: ({ message }) => showFailure(message) });
const blankSamples = [...element("samples").childNodes];

/** After a change of the settings. @param name the one that the visitor changed: a live one takes effect at once. */
function changed(name?: keyof Settings): void {
  element<HTMLSelectElement>("preset").value = "";
  if (name && isLive(name)) takeLive(name);
  markForm();
  showPending();
  ownFile.follow();
  clearTimeout(writing);
  writing = setTimeout(writeAddress, writeMilliseconds);
}

function markForm(): void {
  form.mark(desk.order && { ...desk.order, pieces: desk.runs.current?.facts.pieces });
  throughTime.show(taskOf(desk.order?.settings ?? form.settings).answer !== "date");
}

/** Not with every key: browsers refuse an address that changes too often. */
function writeAddress(): void {
  const address = toAddress(form.settings);
  if (location.hash.replace(/^#/, "") === address) return;
  history.replaceState(null, "", address ? `#${address}` : location.pathname);
}

function show(): void {
  showNumbers(desk.order && desk.runs.current);
  if (drawing === undefined) drawing = requestAnimationFrame(draw);
}

/** Once a frame, however much happened since the last one: with many runs a drawing takes its time. */
function draw(): void {
  drawing = undefined;
  const { current, all } = desk.runs;
  charts.show(all, current);
  table.show(desk.runs, desk.order && current);
}

function say(message: string): void {
  element("said").textContent = message;
}

function showPending(): void {
  const count = form.changes;
  element("pending").textContent =
    count === 0 ? "" : `${count === 1 ? "One change needs" : `${count} changes need`} a reset, and a new start.`;
}

function showBlankSamples(writes: boolean): void {
  element("writing").hidden = !writes;
  element("samples").replaceChildren(...blankSamples);
}

/** Begins what the form says, where nothing is begun. Answers whether there is something to go on with. */
async function prepared(): Promise<boolean> {
  if (desk.order) return true;
  throughTime.clear();
  if (!form.check() || !(await desk.begin({ settings: form.settings, own: form.own, from: undefined }))) return false;
  for (const name of settingNames) if (isLive(name)) takeLive(name); // what was changed while it was prepared
  return true;
}

/** Lets a live setting take effect, where it has changed and is right. */
function takeLive(name: keyof Settings): void {
  const { order } = desk;
  if (!order || order.settings[name] === form.settings[name] || wrongWith(name, form.settings)) return;
  desk.change({ ...order.settings, [name]: form.settings[name] });
}

const isWatched = () => desk.activity === "training" && !document.hidden;

element("run").addEventListener("click", async () => {
  if (desk.activity === "training") return void desk.pause();
  if (await prepared()) await desk.train();
});
element("single-step").addEventListener("click", async () => {
  if (await prepared()) await desk.trainOne();
});
element("reset-training").addEventListener("click", () => void desk.reset());

const preset = element<HTMLSelectElement>("preset");
for (const [i, { name }] of presets.entries()) preset.add(new Option(name, String(i)));
preset.addEventListener("change", () => {
  const chosen = presets[Number(preset.value)];
  if (preset.value === "" || !chosen) return;
  form.show(form.fit(chosen.settings, chosen.settings));
  const { value } = preset;
  changed();
  preset.value = value;
});

element("compare").addEventListener("click", async () => {
  if (!form.check()) return;
  const before = form.settings;
  const compared = async (cell: Settings["cell"]) => {
    // Orthogonal weights would carry an Elman's gradient far at first: both begin as PyTorch has it.
    form.show({ ...form.settings, cell, recurrentInitializer: "uniform", pauseAt: compareSteps });
    changed();
    throughTime.clear();
    if (!(await desk.begin({ settings: form.settings, own: form.own, from: undefined }))) return undefined;
    await desk.train();
    await throughTime.look();
    return desk.runs.current;
  };
  const elman = await compared("elman");
  const both = elman && elman.step >= compareSteps && (await compared("lstm"));
  if (both) throughTime.compareWith(elman);
  // What it set for itself alone; a cell is a choice that the visitor sees.
  const { recurrentInitializer, pauseAt } = before;
  form.show({ ...form.settings, recurrentInitializer, pauseAt });
  changed("pauseAt");
});

document.addEventListener("visibilitychange", async () => {
  const does = (activity: Activity) => desk.activity === activity;
  if (!document.hidden || !does("training") || form.settings.hiddenTab !== "pause") return;
  await desk.pause();
  if (document.hidden) await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
  if (does("paused")) await desk.train();
});

addEventListener("hashchange", () => {
  if (!saysSettings(location.hash)) return writeAddress();
  const { settings, ignored } = fromAddress(location.hash);
  form.show(form.fit(settings));
  showIgnored(ignored);
  changed();
});

function showIgnored(ignored: readonly string[]): void {
  if (ignored.length > 0) showFailure(`The address has what this page does not know, left out: ${ignored.join(", ")}.`);
}

/**
 * Goes on with a training that was saved; where that cannot be, what was trained before goes on.
 * @param kept the name under which the browser keeps it.
 */
async function goOn({ settings, own, file }: Opened, kept?: string): Promise<void> {
  const trained = desk.activity === "training";
  if (!(await desk.begin({ settings, own, from: file, kept }))) {
    if (!trained || desk.activity !== "paused") return;
    const { textContent: why } = element("failure");
    void desk.train();
    return showFailure(why ?? undefined);
  }
  throughTime.clear();
  form.show(settings);
  form.showOwn(own);
  changed();
}

const fail = (error: Error) => showFailure(error.message);

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
/** Takes a file by what it is. @param tell says beside the control what is wrong with one */
async function take(file: File, tell?: (problem: string) => void): Promise<void> {
  showFailure(undefined);
  if (file.name.endsWith(".safetensors")) {
    ownFile.hide();
    await openFile(file);
  } else {
    const problem = await ownFile.bring(file);
    if (problem) tell?.(problem);
  }
  const said = ["failure", "brought"].map((id) => element(id)).find(({ hidden }) => !hidden);
  said?.scrollIntoView({ block: "nearest" }); // from wherever it was brought
}

const chosen = element<HTMLInputElement>("file");
chosen.addEventListener("change", () => {
  if (chosen.files?.[0]) void take(chosen.files[0], (problem) => form.tellOwn(problem));
  chosen.value = ""; // the same file, corrected, is a change too
});
const bringsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
const showDrop = (over: boolean) => {
  element("drop").hidden = !over;
};
document.addEventListener("dragover", (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  showDrop(true);
});
document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget ?? showDrop(false)); // out of the window
document.addEventListener("drop", (event) => {
  showDrop(false);
  if (!bringsFiles(event)) return; // text goes where it is dropped
  event.preventDefault();
  const { files } = event.dataTransfer!;
  if (files.length > 1) return showFailure(`${files.length} files were dropped, expected one: none is taken.`);
  if (files[0]) void take(files[0]);
});

element("save").addEventListener("click", async () => {
  try {
    const { step, bytes } = await desk.workshop.file();
    download(`tempograd-${desk.order!.settings.cell}-step-${step}.safetensors`, new Blob([bytes]));
  } catch (error) {
    showFailure((error as Error).message);
  }
});
element("export-png").addEventListener("click", async () => download("runs.png", await charts.picture(desk.runs.all)));
element("export-csv").addEventListener("click", () => download("runs.csv", new Blob([asCsv(desk.runs.all)])));
element("export-json").addEventListener("click", () => download("runs.json", new Blob([asJson(desk.runs.all)])));
element("copy-link").addEventListener("click", async () => {
  writeAddress();
  await navigator.clipboard.writeText(location.href).then(
    () => say("The link is copied."),
    () => say(`Copy it from the address bar: ${location.href}`),
  );
});

async function open(): Promise<void> {
  const place = await desk.open();
  const software = place.kind === "gpu" && place.software;
  if (place.kind === "processor") {
    showProcessor(place.why);
    form.fit = inSmall;
    form.show(form.fit(form.settings));
    changed();
  } else {
    const kind = software ? "software: it computes on the processor, so expect it to be slow" : "hardware";
    element("adapter").textContent = `${place.description} (${kind})`;
  }
  const { numbers, charts } = drawMilliseconds[software ? "software" : "hardware"];
  setInterval(() => isWatched() && showNumbers(desk.runs.current), numbers);
  setInterval(() => isWatched() && show(), charts);
  showIgnored(ignored);
  const kept = await desk.workshop.kept();
  if (desk.order) return;
  showKept(kept, { goOn: goOnWithKept, discard: (name) => desk.workshop.discard(name).catch(fail) });
}

async function goOnWithKept(name: string): Promise<void> {
  try {
    const opened = await desk.workshop.openKept(name);
    await goOn({ ...opened, own: opened.own ?? form.own }, name);
  } catch (error) {
    fail(error as Error);
  }
}

history.scrollRestoration = "manual"; // a reload shows what there is to go on with
scrollable(element("runs").parentElement!, "Runs");
scrollable(element("plan"), "Dispatches of a training step");
form.show(settings);
show();
await open();
