// The rows of a report as tables on the page, a problem each, with bars of their relative speeds.

import { figure, percent } from "./figures";
import { isOk, type Row } from "./report";
import { shapeText } from "./selection";
import { cellTitles } from "./selection-form";

type Child = Node | string;

/** An element with a class, and text or other elements in it; text is never read as HTML. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A table in a box that scrolls sideways where it is too wide, from the keyboard as well. */
export function scrollingTable(caption: Child[], headings: readonly string[], rows: readonly Child[][]): HTMLElement {
  const heading = (text: string) => Object.assign(make("th", "", text), { scope: "col" });
  const table = make("table", "");
  const title = make("caption", "", make("span", "", ...caption));
  table.append(title, make("thead", "", make("tr", "", ...headings.map(heading))));
  const body = make("tbody", "");
  for (const [first, ...others] of rows) {
    const name = Object.assign(make("th", "", first!), { scope: "row" });
    body.append(make("tr", "", name, ...others.map((cell) => make("td", "", cell))));
  }
  table.append(body);
  const box = make("div", "table", table);
  box.tabIndex = 0;
  box.role = "region";
  box.ariaLabel = title.textContent;
  return box;
}

const headings = [
  ...["Engine", "Speed", "Step, ms", "5% to 95%", "First step, ms", "Gflop/s", "Of peak"],
  ...["Memory, MB", "Dispatches", "First losses"],
];

/** A table for each cell and shape, in the order in which they were measured. */
export function resultTables(rows: readonly Row[]): HTMLElement[] {
  const problems = new Map<string, Row[]>();
  for (const row of rows) {
    const problem = `${row.cell} ${row.shape}`;
    problems.set(problem, [...(problems.get(problem) ?? []), row]);
  }
  return [...problems.values()].map((group) => {
    const { cell, shape } = group[0]!;
    const fastest = Math.min(...group.filter(isOk).map(({ medianMs }) => medianMs ?? Number.POSITIVE_INFINITY));
    const caption = [make("strong", "", `${cellTitles[cell]}, ${shape}`), ` ${shapeText(shape)}`];
    return scrollingTable(
      caption,
      headings,
      group.map((row) => cells(row, fastest)),
    );
  });
}

function cells(row: Row, fastest: number): Child[] {
  const { engine, backend, schedule, medianMs, p5Ms, p95Ms, bytes } = row;
  return [
    make("span", "engine", engine, " ", make("small", "", schedule ?? backend)),
    speed(row, fastest),
    figure(medianMs),
    p5Ms === null ? "–" : `${figure(p5Ms)} – ${figure(p95Ms)}`,
    figure(row.firstMs),
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

/** A bar beside the fastest one's, and the speed in words; of a row that is not ok, why. */
function speed(row: Row, fastest: number): HTMLElement {
  const { status, medianMs, tokensPerSecond } = row;
  if (!isOk(row) || medianMs === null) return make("div", "speed failed", status);
  const bar = make("div", "bar", make("div", ""));
  bar.ariaHidden = "true";
  (bar.firstElementChild as HTMLElement).style.width = `${(100 * fastest) / medianMs}%`;
  const slower = medianMs / fastest;
  const beside =
    slower === 1
      ? "the fastest"
      : slower < 1.05
        ? "as fast"
        : `${slower < 10 ? slower.toFixed(1) : figure(Math.round(slower))}× slower`;
  const words = make("span", "", `${figure(tokensPerSecond && Math.round(tokensPerSecond))} tokens/s, ${beside}`);
  const parts = [bar, words];
  if (status !== "ok") parts.push(make("small", "", status));
  return make("div", "speed", ...parts);
}
