// Shows a walk on the page: the stage with its matrices, the progress of training, and what can be done next.

import { element, html } from "../page";
import { Diagram } from "./diagram";
import { type Example, letters } from "./example";
import { type Curve, learningRates } from "./learning-rates";
import { LossCurves } from "./loss-curves";
import { math, plain } from "./math";
import { check } from "./matrices";
import { distanceText, markScrollers, matrixFigure, numberText, scientific } from "./matrix-figure";
import { type Stage, stagesOf } from "./stages";
import type { Walk } from "./walk";

const phases = { forward: "Forward", backward: "Backward, through time", update: "Update" } as const;

export class View {
  readonly #losses = new LossCurves(element("losses"), [{ label: "loss", colour: "chart-smoothed" }]);
  readonly #rates = new LossCurves(
    element("rates"),
    [
      { label: `α = ${learningRates[0]}`, colour: "chart-reference", dash: [2, 4] },
      { label: `α = ${learningRates[1]}`, colour: "chart-smoothed" },
      { label: `α = ${learningRates[2]}`, colour: "chart-held-out", dash: [8, 4] },
    ],
    { logarithmic: true },
  );
  readonly #onStage: (index: number) => void;
  #diagram!: Diagram;
  #stages: Stage[] = [];

  /** @param onStage called with a stage's index when its button is pressed. */
  constructor(onStage: (index: number) => void) {
    this.#onStage = onStage;
    new ResizeObserver(() => markScrollers(document)).observe(element("content"));
  }

  get stageCount(): number {
    return this.#stages.length;
  }

  /** Shows an example that begins: its diagram, its stages, its table. */
  showExample(example: Example): void {
    this.#diagram = new Diagram(element("diagram"), example);
    this.#stages = stagesOf(example);
    element("stages").replaceChildren(
      ...this.#stages.map(({ name, title, phase }, index) => {
        const button = html("button", phase, math(name));
        button.type = "button";
        button.ariaLabel = `${plain(name)}: ${title}`;
        button.addEventListener("click", () => this.#onStage(index));
        return html("li", "", button);
      }),
    );
    element("sharing").replaceChildren(...sharingTable(example));
  }

  /** Shows one stage, with the numbers of the walk's round. */
  showStage(walk: Walk, index: number): void {
    const stage = this.#stages[index]!;
    const { phase, title, formulas, text, lines } = stage;
    const place = `Stage ${index + 1} of ${this.stageCount} · ${phases[phase]}`;
    element("stage-place").textContent = place;
    element("stage-title").textContent = title;
    element("stage-text").textContent = text;
    element("status").textContent = `${place}: ${title}`;
    element("stage").className = phase;
    element("formulas").replaceChildren(...formulas.map(math));
    element("equations").replaceChildren(...lines.map((line) => equation(walk, line)));
    for (const [i, button] of element("stages").querySelectorAll("button").entries()) {
      if (i === index) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
    element<HTMLButtonElement>("back").disabled = index === 0;
    element<HTMLButtonElement>("next").disabled = index === this.stageCount - 1;
    this.#diagram.showValues(walk.matrices);
    this.#diagram.showStage(this.#stages, index);
    markScrollers(document);
  }

  /** Shows how far training has come. */
  showProgress({ example, losses, loss, matrices, agreement }: Walk): void {
    element("rounds").textContent = (losses.length - 1).toLocaleString("en");
    element("loss").textContent = numberText(loss);
    element("probability").textContent = `${(100 * matrices.get("ŷ")!.values[example.target]!).toFixed(1)}%`;
    element("checked").textContent = agreement ? `${agreement.agrees ? "✓" : "✗"} ${agreement.count}` : "float64";
    const largest = agreement && scientific(agreement.difference, 1);
    element("agreement").textContent = !agreement
      ? "All numbers are the float64 reference’s own."
      : agreement.agrees
        ? `✓ All ${agreement.count} numbers of this round agree with the float64 reference; the largest difference is ${largest}. The GPU computed them in float32; what it keeps to itself, such as da, is multiplied out from its numbers.`
        : `✗ The GPU’s numbers of this round differ from the float64 reference by up to ${largest}.`;
    this.#losses.show([losses]);
  }

  /** While it runs. */
  showLosses(losses: readonly number[]): void {
    element("rounds").textContent = losses.length.toLocaleString("en");
    element("loss").textContent = numberText(losses.at(-1) ?? Number.NaN);
    this.#losses.show([losses]);
  }

  showCurves(curves: readonly Curve[]): void {
    this.#rates.show(curves.map(({ losses }) => losses));
    for (const [i, row] of element<HTMLTableSectionElement>("rates-table").querySelectorAll("tr").entries()) {
      const { losses, difference } = curves[i]!;
      const worse = losses.filter((loss, round) => round > 0 && loss > losses[round - 1]!).length;
      const cells = [losses[0]!.toFixed(3), losses.at(-1)!.toFixed(3), `${worse} of ${losses.length - 1}`];
      const beside = difference === undefined ? "float64" : distanceText(difference);
      row.append(...[...cells, beside].map((text) => html("td", "number", text)));
    }
    markScrollers(document);
  }

  /** Says what it computes with where that is not the GPU. */
  showNotice(reason: string): void {
    element("notice").textContent =
      `${reason} The numbers here are computed by the float64 reference instead: the same equations, without a GPU.`;
    element("notice").hidden = false;
  }
}

/** Matrices by name, with the signs between them; a sign stays with what follows it. */
function equation({ matrices, reference }: Walk, line: readonly string[]): HTMLElement {
  const terms: HTMLElement[] = [];
  let sign: HTMLElement | undefined;
  for (const word of line) {
    const matrix = matrices.get(word);
    if (!matrix) {
      sign = html("span", "sign", word);
      continue;
    }
    const twin = reference?.get(word);
    const figure = matrixFigure(word, matrix, twin && check(matrix, twin));
    terms.push(html("div", "term", ...(sign ? [sign] : []), figure));
    sign = undefined;
  }
  return html("div", "equation", ...terms);
}

/** A row for each parameter, a column for each time that it is used, and one for its update. */
function sharingTable({ words }: Example): HTMLElement[] {
  const cell = (text: string, used: boolean) => html("td", used ? "used" : "", text);
  const columns = [...words.map((_, i) => `t = ${i + 1}`), "output", "after the sum"];
  const heads = ["Parameter", ...columns].map((text) => {
    const head = html("th", "", text);
    head.scope = "col";
    return head;
  });
  const rows = Object.entries(letters).map(([name, letter]) => {
    const everyStep = name.startsWith("layer");
    const head = html("th", "", letter);
    head.scope = "row";
    const steps = words.map(() => cell(everyStep ? "used" : "–", everyStep));
    return html("tr", "", head, ...steps, cell(everyStep ? "–" : "used", !everyStep), cell("updated", true));
  });
  return [html("thead", "", html("tr", "", ...heads)), html("tbody", "", ...rows)];
}
