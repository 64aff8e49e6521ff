// Shows a walk on the page: the stage with its matrices, the progress of training, and what can be done next.

import { element, html } from "../page";
import { Diagram } from "./diagram";
import { isSign } from "./equations";
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
    const place = placeOf(stage, index, this.stageCount);
    element("status").textContent = `${place}: ${stage.title}`;
    element("stage").className = stage.phase;
    element("stage-place").textContent = place;
    element("stage-title").textContent = stage.title;
    element("stage-text").textContent = stage.text;
    element("formulas").replaceChildren(...stage.formulas.map(math));
    element("equations").replaceChildren(...stage.lines.map((line) => equation(walk, line)));
    const list = element("stages");
    for (const [i, button] of list.querySelectorAll("button").entries()) {
      if (i !== index) button.removeAttribute("aria-current");
      else {
        button.setAttribute("aria-current", "step");
        list.scrollLeft = button.offsetLeft - (list.clientWidth - button.offsetWidth) / 2;
      }
    }
    element<HTMLButtonElement>("back").disabled = index === 0;
    element<HTMLButtonElement>("next").disabled = index === this.stageCount - 1;
    this.#diagram.showValues(walk.matrices);
    this.#diagram.showStage(this.#stages, index);
    markScrollers(document);
  }

  /** All stages below each other, for paper; nothing of them without a walk. */
  showSheet(walk: Walk | undefined): void {
    const stages = walk ? this.#stages : [];
    element("sheet").replaceChildren(
      ...stages.map((stage, index) => {
        const { phase, title, formulas, text, lines } = stage;
        return html(
          "article",
          phase,
          html("p", "note", placeOf(stage, index, this.stageCount)),
          html("h3", "", title),
          html("div", "formulas", ...formulas.map(math)),
          html("p", "", text),
          ...lines.map((line) => equation(walk!, line)),
        );
      }),
    );
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
        ? `✓ All ${agreement.count} numbers of this round agree with the float64 reference; the largest difference is ${largest}. Those that say “GPU” are its own, in float32; what it keeps to itself, such as ${example.cell === "lstm" ? "dc" : "a"}, is multiplied out from them.`
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

const placeOf = ({ phase }: Stage, index: number, count: number): string =>
  `Stage ${index + 1} of ${count} · ${phases[phase]}`;

/** Matrices by name, with the signs between them; signs stay with what follows them. */
function equation({ matrices, reference }: Walk, line: readonly string[]): HTMLElement {
  const terms: HTMLElement[] = [];
  let signs: HTMLElement[] = [];
  for (const word of line) {
    if (isSign(word)) {
      signs.push(html("span", "sign", word));
      continue;
    }
    const matrix = matrices.get(word)!;
    const twin = reference?.get(word);
    const figure = matrixFigure(word, matrix, twin && check(matrix, twin));
    terms.push(html("div", "term", ...signs, figure));
    signs = [];
  }
  return html("div", "equation", ...terms);
}

/** A row for each parameter, a column for each time that it is used, and one for its update. */
function sharingTable({ words, cell: walked }: Example): HTMLElement[] {
  const cell = (text: string, used: boolean) => html("td", used ? "used" : "", text);
  const columns = [...words.map((_, i) => `t = ${i + 1}`), "output", "after the sum"];
  const heads = ["Parameter", ...columns].map((text) => {
    const head = html("th", "", text);
    head.scope = "col";
    return head;
  });
  const own = Object.entries(letters).filter(([, letter]) => letter !== "bʰ" || walked === "gru");
  const rows = own.map(([name, letter]) => {
    const everyStep = name.startsWith("layer");
    const head = html("th", "", letter);
    head.scope = "row";
    const steps = words.map(() => cell(everyStep ? "used" : "–", everyStep));
    return html("tr", "", head, ...steps, cell(everyStep ? "–" : "used", !everyStep), cell("updated", true));
  });
  return [html("thead", "", html("tr", "", ...heads)), html("tbody", "", ...rows)];
}
