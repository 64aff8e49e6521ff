// The panel that shows the trained network unrolled through time, alone or beside another run.

import { element, released } from "../page";
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
  /** Whether gates and states beside h are asked for too. */
  #series = false;
  /** The run beside the current one. */
  #chosen: Run | undefined;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#view = new ThroughTimeView(element("unrolled"), {
      target: (step) => {
        this.#target = step;
        void this.look();
      },
      beside: (wanted) => {
        this.#series = wanted;
        void this.look();
      },
    });
    this.#beside.addEventListener("change", () => {
      this.#chosen = this.#desk.runs.all[Number(this.#beside.value || -1)];
      this.#show();
    });
  }

  /** Runs the example through the network as it is now; what is asked for meanwhile comes with it. */
  look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const run = this.#desk.runs.current;
      const target = this.#target;
      // Where the device is lost, the next look comes with the next one.
      const unrolled = await this.#desk.workshop.unroll(target, this.#series).catch(() => undefined);
      await released(element("unrolled"));
      if (!unrolled || !run || !this.#desk.order || run !== this.#desk.runs.current) continue;
      if (target === "last") run.unrolled = unrolled;
      this.#show(target === "last" ? undefined : { run, unrolled });
    }
  }

  /** Puts a run beside the one that is trained. */
  compareWith(run: Run): void {
    this.#chosen = run;
    this.offer();
    this.#show();
  }

  /** Lists the runs that can stand beside the current one: those that read the same. */
  offer(): void {
    const { all, current } = this.#desk.runs;
    const labels = current?.unrolled?.labels.join("\0");
    const others = all.filter((run) => run !== current && run.unrolled && run.unrolled.labels.join("\0") === labels);
    if (!this.#chosen || !others.includes(this.#chosen)) this.#chosen = undefined;
    const options = others.map((run) => new Option(run.name, String(all.indexOf(run)), false, run === this.#chosen));
    this.#beside.replaceChildren(new Option("no other run", ""), ...options);
  }

  /** Offers what is known of earlier steps, which is of the last loss. */
  lookBack(): void {
    const { current } = this.#desk.runs;
    const isLast = this.#target === "last" || this.#target === current?.unrolled?.target;
    this.#view.lookBack(current && isLast ? current.flows : []);
  }

  /** @param drawn whether there is a sequence to be shown */
  show(drawn: boolean): void {
    for (const id of ["comparison", "unrolled"]) element(id).hidden = !drawn;
    element("not-drawn").hidden = drawn;
  }

  clear(): void {
    this.#target = "last";
    this.#view.clear();
  }

  /** @param asked what the current run answered about one step's loss, in place of all. */
  #show(asked?: { run: Run; unrolled: Unrolled }): void {
    const { current } = this.#desk.runs;
    const other = this.#chosen === current ? undefined : this.#chosen;
    const shown = [...(other && !asked ? [other] : []), ...(current ? [current] : [])];
    this.#view.show(
      shown.flatMap((run) => {
        const unrolled = asked?.run === run ? asked.unrolled : run.unrolled;
        return unrolled ? [{ title: run.name, unrolled }] : [];
      }),
    );
    this.lookBack();
  }
}
