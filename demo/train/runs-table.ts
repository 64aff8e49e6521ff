// The table of the runs: their names, which of them the charts show, and their numbers.

import { html, svg } from "../page";
import type { CurveName } from "../workshop/history";
import { dashes } from "./chart";
import type { Run, Runs } from "./runs";
import { lossText, percentText, wholeText } from "./texts";

interface Row {
  element: HTMLTableRowElement;
  remove: HTMLButtonElement;
  cells: Record<"step" | CurveName, HTMLTableCellElement>;
}

const columns: readonly (readonly ["step" | CurveName, (value: number | null) => string])[] = [
  ["step", (value) => wholeText(value ?? 0)],
  ["smoothed", lossText],
  ["heldOut", lossText],
  ["accuracy", percentText],
];

export class RunsTable {
  readonly #body: HTMLElement;
  readonly #caption: HTMLElement;
  readonly #on: { change: () => void; use: (run: Run) => void };
  readonly #rows = new Map<Run, Row>();
  /** The step under the pointer, whose numbers are shown. */
  point: number | undefined;

  /** @param on what to do when the runs shown or their names change, and when a run's settings are to be used again. */
  constructor(table: HTMLTableElement, on: { change: () => void; use: (run: Run) => void }) {
    this.#body = table.tBodies[0]!;
    this.#caption = table.caption!;
    this.#on = on;
  }

  /** @param trained the run that goes on, which cannot be removed. */
  show(runs: Runs, trained: Run | undefined): void {
    const { all } = runs;
    this.#caption.textContent =
      this.point === undefined ? "Runs of this visit" : `Runs at step ${wholeText(this.point)}`;
    for (const [run, { element }] of this.#rows) {
      if (all.includes(run)) continue;
      element.remove();
      this.#rows.delete(run);
    }
    for (const run of all) {
      const { cells, remove } = this.#rows.get(run) ?? this.#build(run, runs);
      remove.disabled = run === trained;
      const values = this.#valuesOf(run);
      for (const [name, text] of columns) cells[name].textContent = text(values(name));
    }
  }

  #valuesOf({ history, step }: Run): (name: "step" | CurveName) => number | null {
    const { point } = this;
    if (point === undefined) return (name) => (name === "step" ? step : history.latest(name));
    const at = history.steps.findLastIndex((first) => first <= point);
    return (name) => (name === "step" ? Math.min(step, point) : (lastUpTo(history.curves[name], at) ?? null));
  }

  #build(run: Run, runs: Runs): Row {
    const element = html("tr");
    const shown = html("input");
    shown.type = "checkbox";
    shown.checked = run.shown;
    shown.addEventListener("change", () => {
      run.shown = shown.checked;
      this.#on.change();
    });
    const name = html("input");
    name.type = "text";
    name.value = run.name;
    name.addEventListener("change", () => {
      runs.rename(run, name.value);
      name.value = run.name;
      say();
      this.#on.change();
    });
    const use = smallButton("Use settings");
    use.addEventListener("click", () => this.#on.use(run));
    const remove = smallButton("Remove");
    remove.addEventListener("click", () => {
      const next = element.previousElementSibling ?? element.nextElementSibling;
      runs.remove(run);
      this.#on.change();
      next?.querySelector("button")?.focus(); // its own is gone
    });
    const say = () => {
      shown.ariaLabel = `Show ${run.name}`;
      name.ariaLabel = `Name of ${run.name}`;
      use.ariaLabel = `Use settings of ${run.name}`;
      remove.ariaLabel = `Remove ${run.name}`;
    };
    say();
    element.append(html("td", "", shown), html("td", "", swatch(run.look)), html("td", "", name));
    const cells = Object.fromEntries(columns.map(([column]) => [column, html("td", "number")])) as Row["cells"];
    element.append(...Object.values(cells));
    element.append(html("td", "", use), html("td", "", remove));
    this.#body.prepend(element);
    const row = { element, remove, cells };
    this.#rows.set(run, row);
    return row;
  }
}

function smallButton(text: string): HTMLButtonElement {
  const button = html("button", "small", text);
  button.type = "button";
  return button;
}

/** The line that a run has in the charts. */
const swatch = (look: number): SVGElement =>
  svg(
    "svg",
    { viewBox: "0 0 32 8", class: `swatch look-${look + 1}`, "aria-hidden": "true" },
    svg("line", { x1: 0, y1: 4, x2: 32, y2: 4, "stroke-dasharray": dashes[look]!.join(" ") }),
  );

function lastUpTo(values: readonly (number | null)[], at: number): number | null | undefined {
  for (let i = at; i >= 0; i--) if (values[i] != null) return values[i];
  return undefined;
}
