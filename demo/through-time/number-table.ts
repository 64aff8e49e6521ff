// The numbers behind the pictures, as tables: made when they are asked for.

import { html } from "../page";
import { blame, isWhole } from "./numbers";
import type { Unrolled } from "./unroll";
import { gradientText, lossText, numeral, percent, spoken } from "./words";

export function numberTable(title: string, unrolled: Unrolled): HTMLElement {
  const { labels, rows, inputGradient } = unrolled;
  const shares = blame(unrolled);
  const whole = isWhole(unrolled);
  const names = rows.flatMap(({ label }) => [`${label}: RMS of h`, `${label}: ‖dL/dh‖`]);
  const head = ["t", "reads", "loss", ...names, "‖dL/dx‖", "share"].map((name) => {
    const cell = html("th", "", name);
    cell.scope = "col";
    return cell;
  });
  const bodyRow = (t: number, texts: readonly string[]) => {
    const first = html("th", "", String(t));
    first.scope = "row";
    return html("tr", "", first, ...texts.map((text) => html("td", "", text)));
  };
  const initial = rows.flatMap(({ gradient }) => ["–", gradientText(gradient[0]!)]);
  const steps = labels.map((label, step) =>
    bodyRow(step + 1, [
      spoken(label),
      lossText(unrolled, step),
      ...rows.flatMap(({ rms, gradient }) => [numeral(rms[step]!), gradientText(gradient[step + 1]!)]),
      gradientText(inputGradient[step]!),
      whole ? percent(shares[step]!) : "–",
    ]),
  );
  const body = html("tbody", "", bodyRow(0, ["initial state", "–", ...initial, "–", "–"]), ...steps);
  const table = html("table", "", html("caption", "", title), html("thead", "", html("tr", "", ...head)), body);
  const scroller = html("div", "scroller", table);
  scroller.role = "region";
  scroller.ariaLabel = `The numbers of ${title}`;
  scroller.tabIndex = 0;
  return scroller;
}
