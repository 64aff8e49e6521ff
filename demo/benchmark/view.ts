// Shows a report on the page.

import { element, html } from "../page";
import { figure, kernelFigures, kernelHeadings, limitFigures } from "./figures";
import type { Environment, KernelTable, Report, Row } from "./report";
import { resultTables, scrollingTable } from "./result-tables";
import { RooflineChart } from "./roofline-chart";
import { cellTitles } from "./selection-form";
import { stepBars } from "./step-bars";

const chart = new RooflineChart(element("chart"));
const which = element<HTMLSelectElement>("which");
let shown: Report | undefined;

which.addEventListener("change", () => {
  if (shown) showKernels(shown);
});

/** Text of the page's places, shown where there is some. */
export function say(id: string, text: string | undefined): void {
  element(id).textContent = text ?? "";
  element(id).hidden = text === undefined;
}

/** Shows what a report has so far; undefined for none. */
export function showReport(report: Report | undefined): void {
  shown = report;
  const { rows = [], limits = null, kernels = [], environment } = report ?? {};
  element("no-results").hidden = rows.length > 0;
  say("measured-on", environment && rows[0] ? measuredOn(environment, rows[0]) : undefined);
  element("bars").replaceChildren(...stepBars(rows));
  element("problems").replaceChildren(...resultTables(rows));
  element("export").hidden = rows.length === 0;
  element("copied").textContent = "";
  element("limits-section").hidden = !limits;
  if (limits) element("limits").replaceChildren(...limitFigures(limits).map(([name, text]) => readout(name, text)));
  element("environment-section").hidden = !environment;
  if (environment) showEnvironment(environment);
  element("kernels-section").hidden = kernels.length === 0 || !limits;
  const chosen = Math.max(0, which.selectedIndex);
  which.replaceChildren(...kernels.map((table, i) => new Option(titleOf(table), String(i), false, i === chosen)));
  if (report && kernels.length > 0) showKernels(report);
}

const measuredOn = ({ adapter, software }: Environment, { work }: Row) =>
  `Milliseconds a ${work === "train" ? "training step" : "prediction"} on ${adapter}${software ? ", a software adapter: they say nothing of a GPU" : ""}. ` +
  "Slower and faster are than tempograd’s fastest row.";

const titleOf = ({ cell, shape, schedule }: KernelTable) => `${cellTitles[cell]}, ${shape}, ${schedule}`;

/** A figure with its unit, what follows in brackets in small. */
function readout(name: string, text: string): HTMLElement {
  const [value = "", more] = text.split(/ \((.*)\)$/);
  const described = html("dd", "", value);
  if (more) described.append(" ", html("small", "", more));
  return html("div", "", html("dt", "", name), described);
}

function showKernels({ kernels, limits, rows }: Report): void {
  const table = kernels[which.selectedIndex] ?? kernels[0]!;
  const measured = table.kernels;
  say("kernels-status", measured ? undefined : `Not measured: ${table.status}.`);
  element("roofline").hidden = !measured;
  element("kernel-table").replaceChildren();
  say("kernels-sum", undefined);
  if (!measured || !limits) return;
  chart.show(measured, limits);
  const cells = measured.map((kernel, i) => {
    const [label = "", ...others] = kernelFigures(kernel, table, limits);
    return [html("span", "", html("span", "number", String(i + 1)), ` ${label}`), ...others];
  });
  element("kernel-table").append(scrollingTable([titleOf(table)], kernelHeadings, cells));
  say("kernels-sum", sumText(table, rows));
}

/** What the kernels take together, beside the step that was timed as a whole. */
function sumText({ cell, shape, schedule, kernels }: KernelTable, rows: readonly Row[]): string | undefined {
  const row = rows.find(
    (one) => one.engine === "tempograd" && one.cell === cell && one.shape === shape && one.schedule === schedule,
  );
  const times = (kernels ?? []).flatMap(({ ms }) => ms ?? []);
  if (!row?.medianMs || times.length === 0) return undefined;
  const sum = times.reduce((all, ms) => all + ms, 0);
  return (
    `Together ${figure(sum)} ms of the ${figure(row.medianMs)} ms that a step takes. Each kernel is timed by itself; ` +
    "the step has, beside them, what lies between: submits, the batch that is sent up, the loss that is read back."
  );
}

function showEnvironment(environment: Environment): void {
  const { adapter, software, browser, platform, cores, versions, commit, timerUs, date, tabVisible } = environment;
  const facts: [string, string][] = [
    ["Adapter", `${adapter} (${software ? "software" : "hardware"})`],
    ["Browser", browser],
    ["System", `${platform}, ${cores} cores`],
    [
      "Versions",
      Object.entries(versions)
        .map((version) => version.join(" "))
        .join(", "),
    ],
    ["Commit", commit],
    ["Timer", `${figure(timerUs)} µs`],
    ["Tab", tabVisible ? "visible" : "hidden"],
    ["Date", date.replace("T", " ").replace(/\.\d+Z$/, " UTC")],
  ];
  element("environment").replaceChildren(
    ...facts.map(([name, text]) => html("div", "", html("dt", "", name), html("dd", "", text))),
  );
  const limits = Object.entries(environment.limits).map(([name, value]) => `${name.padEnd(42)} ${value}`);
  element("adapter-details").textContent = [...environment.features, "", ...limits].join("\n");
}
