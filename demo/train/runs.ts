// The runs of a visit: what was trained, how it went, and whether the charts show it.

import type { Settings } from "../tasks/fields";
import { nameOf } from "../tasks/settings";
import type { Unrolled } from "../through-time/unroll";
import { History, type HistoryData } from "../workshop/history";
import type { Facts, Flow } from "../workshop/session";

export interface Run {
  name: string;
  readonly settings: Settings;
  readonly facts: Omit<Facts, "history" | "costs">;
  history: History;
  step: number;
  /** Which of the charts' colours and dashes it has. */
  readonly look: number;
  shown: boolean;
  /** How the held-out example ran through it when it was last looked at. */
  unrolled?: Unrolled;
  /** How the gradient of its last loss flowed as training went on, the earliest first. */
  flows: Flow[];
}

/** How many there are, before they are used again. */
const lookCount = 6;
/** Points of all curves but the current run's: beyond, the longest are thinned, which no chart is wide enough to show. */
const mostPoints = 8192;
/** A curve of fewer is worth nothing, and takes no room. */
const fewestPoints = 16;

export class Runs {
  readonly all: Run[] = [];

  /** The one that is trained, or was last. */
  get current(): Run | undefined {
    return this.all.at(-1);
  }

  begin(settings: Settings, { history, costs: _, ...facts }: Facts): Run {
    this.#thin();
    const used = new Set(this.all.map(({ look }) => look));
    const free = Array.from({ length: lookCount }, (_, i) => i).find((i) => !used.has(i));
    const run: Run = {
      name: this.#free(nameOf(settings)),
      settings,
      facts,
      history: new History(history),
      step: facts.step,
      look: free ?? this.all.length % lookCount,
      shown: true,
      flows: [],
    };
    this.all.push(run);
    return run;
  }

  /** Takes a run back to where its training goes on from. */
  resume(run: Run, { history, step }: Facts): void {
    run.history = new History(history);
    run.step = step;
    run.flows = run.flows.filter((flow) => flow.step <= step);
  }

  /** Names a run; where another has that name, with a number. */
  rename(run: Run, name: string): void {
    if (name.trim() !== run.name) run.name = this.#free(name.trim() || run.name);
  }

  remove(run: Run): void {
    this.all.splice(this.all.indexOf(run), 1);
  }

  /** Makes room for the curves of another run. */
  #thin(): void {
    const histories = this.all.map(({ history }) => history);
    const length = ({ steps }: History) => steps.length;
    for (;;) {
      const points = histories.reduce((sum, history) => sum + length(history), 0);
      const longest = histories.reduce((a, b) => (length(b) > length(a) ? b : a), new History());
      if (points <= mostPoints || length(longest) <= fewestPoints) return;
      longest.thin();
    }
  }

  #free(name: string): string {
    const taken = new Set(this.all.map((run) => run.name));
    if (!taken.has(name)) return name;
    let i = 2;
    while (taken.has(`${name} (${i})`)) i++;
    return `${name} (${i})`;
  }
}

/**
 * Runs as a table of all their points, a line each: what spreadsheets and data frames read. A line stands for `stride`
 * steps from `step` on.
 */
export function asCsv(runs: readonly Run[]): string {
  const lines = runs.flatMap(({ name, history: { stride, steps, curves } }) => {
    const columns = Object.values(curves);
    return steps.map((step, i) => [quoted(name), step, stride, ...columns.map((curve) => curve[i] ?? "")].join(","));
  });
  return [["run", "step", "stride", ...Object.keys(new History().curves)].join(","), ...lines, ""].join("\n");
}

/** Spreadsheets would compute what begins like a formula. */
const quoted = (text: string) => `"${text.replace(/^[=+@-]/, "'$&").replaceAll('"', '""')}"`;

/** Runs with their settings and all points, each of which stands for the `stride` of its history in steps. */
export function asJson(runs: readonly Run[]): string {
  const all = runs.map(({ name, settings, step, facts, history }) => {
    const { parameterCount, description } = facts;
    const data: HistoryData = history.toJSON();
    return { name, settings, step, parameterCount, data: description, history: data };
  });
  return JSON.stringify({ runs: all }, null, 1);
}
