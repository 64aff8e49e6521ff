// The rows of a report as tables on the page, a problem each.

import { html, scrollable } from "../page";
import { figure, percent } from "./figures";
import { problemKey, type Row } from "./report";
import { shapeText } from "./selection";
import { cellTitles } from "./selection-form";

export type Child = Node | string;

/** A table in a box that scrolls sideways where it is too wide, from the keyboard as well. */
export function scrollingTable(caption: Child[], headings: readonly string[], rows: readonly Child[][]): HTMLElement {
  const heading = (text: string) => Object.assign(html("th", "", text), { scope: "col" });
  const table = html("table", "");
  const title = html("caption", "", html("span", "", ...caption));
  table.append(title, html("thead", "", html("tr", "", ...headings.map(heading))));
  const body = html("tbody", "");
  for (const [first, ...others] of rows) {
    const name = Object.assign(html("th", "", first!), { scope: "row" });
    body.append(html("tr", "", name, ...others.map((cell) => html("td", "", cell))));
  }
  table.append(body);
  const box = html("div", "table", table);
  scrollable(box, title.textContent);
  return box;
}

const headings = [
  ...["Engine", "Step, ms", "5% to 95%", "First step, ms", "Tokens/s", "Gflop/s", "Of peak"],
  ...["Memory, MB", "Dispatches", "First losses"],
];

/** The rows of each problem, in the order in which they were measured. */
export function problemsOf(rows: readonly Row[]): Row[][] {
  const problems = new Map<string, Row[]>();
  for (const row of rows) {
    const problem = problemKey(row);
    problems.set(problem, [...(problems.get(problem) ?? []), row]);
  }
  return [...problems.values()];
}

/** A problem in words, the short ones first. */
export const titleOf = ({ work, cell, shape }: Row): Child[] => [
  html("strong", "", `${cellTitles[cell]}, ${shape}${work === "predict" ? ", predicted" : ""}`),
  ` ${shapeText(shape)}`,
];

/** An engine, and what tells it from others of its library. */
export const engineOf = ({ engine, backend, schedule }: Row): HTMLElement =>
  html("span", "engine", engine, " ", html("small", "", schedule ?? backend));

export const resultTables = (rows: readonly Row[]): HTMLElement[] =>
  problemsOf(rows).map((problem) => scrollingTable(titleOf(problem[0]!), headings, problem.map(cells)));

function cells(row: Row): Child[] {
  const { medianMs, p5Ms, p95Ms, tokensPerSecond, bytes } = row;
  return [
    engineOf(row),
    figure(medianMs),
    p5Ms === null ? "–" : `${figure(p5Ms)} – ${figure(p95Ms)}`,
    figure(row.firstMs),
    figure(tokensPerSecond && Math.round(tokensPerSecond)),
    figure(row.gflops),
    percent(row.shareOfPeak),
    figure(bytes && bytes / 1e6),
    figure(row.dispatches),
    lossesOf(row),
  ];
}

/** With a tick where they are as they should be. */
function lossesOf({ losses, status }: Row): string {
  const shown = losses.map((loss) => loss?.toFixed(4) ?? "none").join("  ");
  return shown && `${status.startsWith("ok") ? "✓" : "✗"} ${shown}`;
}
