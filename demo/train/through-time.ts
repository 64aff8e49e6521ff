// The panel that shows the trained network unrolled through time, alone or beside another run.

import { element } from "../page";
import type { Unrolled } from "../through-time/unroll";
import { ThroughTimeView } from "../through-time/view";
import type { Desk } from "./desk";
import type { Run } from "./runs";

export class ThroughTime {
  readonly #desk: Desk;
  readonly #view: ThroughTimeView;
  readonly #beside = element<HTMLSelectElement>("beside");
  /** The step whose loss alone counts; undefined: all do. At first the last one's, which shows how far back it reaches. */
  #target: number | "last" | undefined = "last";
  #busy = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#view = new ThroughTimeView(element("unrolled"), (target) => {
      this.#target = target;
      void this.look();
    });
    this.#beside.addEventListener("change", () => this.#show());
  }

  /** Runs the example through the network as it is now. What was asked for meanwhile is asked again. */
  async look(): Promise<void> {
    const run = this.#desk.runs.current;
    if (this.#busy || !run || !this.#desk.order) return;
    this.#busy = true;
    try {
      let target: number | "last" | undefined;
      do {
        target = this.#target;
        const unrolled = await this.#desk.workshop.unroll(target);
        if (!unrolled || run !== this.#desk.runs.current) return;
        if (target === "last") run.unrolled = unrolled;
        this.#show(target === "last" ? undefined : { run, unrolled });
      } while (target !== this.#target);
    } catch {
      // The device was lost; the next look comes with the next one.
    } finally {
      this.#busy = false;
    }
  }

  /** Puts a run beside the one that is trained. */
  compareWith(run: Run): void {
    this.offer();
    this.#beside.value = run.name;
    this.#show();
  }

  /** Lists the runs that can stand beside the current one: those that read the same. */
  offer(): void {
    const chosen = this.#beside.value;
    const { all, current } = this.#desk.runs;
    const labels = current?.unrolled?.labels.join("\0");
    const others = all.filter((run) => run !== current && run.unrolled && run.unrolled.labels.join("\0") === labels);
    this.#beside.replaceChildren(new Option("no other run", ""), ...others.map(({ name }) => new Option(name, name)));
    this.#beside.value = others.some(({ name }) => name === chosen) ? chosen : "";
  }

  clear(): void {
    this.#target = "last";
    this.#view.clear();
  }

  /** @param asked what the current run answered about one step's loss, in place of all. */
  #show(asked?: { run: Run; unrolled: Unrolled }): void {
    const { all, current } = this.#desk.runs;
    const other = all.find(({ name }) => name === this.#beside.value);
    const shown = [...(other && !asked ? [other] : []), ...(current ? [current] : [])];
    this.#view.show(
      shown.flatMap((run) => {
        const unrolled = asked?.run === run ? asked.unrolled : run.unrolled;
        return unrolled ? [{ title: run.name, unrolled }] : [];
      }),
    );
  }
}
