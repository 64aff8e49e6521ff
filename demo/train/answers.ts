// What a network answered, as elements of the page.

import { html, scrollable } from "../page";
import type { Answer, Place, Share, Tested } from "../tasks/asking";
import { spoken, visible } from "../through-time/words";
import { forecastPicture } from "./forecast-picture";
import { percentText, wholeText } from "./texts";

const mostClasses = 12;
/** A larger table says less than what was misread. */
const mostCells = 30;

type Of<Kind extends Answer["kind"]> = Extract<Answer, { kind: Kind }>;

/** Buttons that take a piece, each with its probability. */
export function nextPieces({ shares, unread }: Of<"next">): HTMLElement[] {
  const list = html("ol", "shares");
  list.ariaLabel = "What comes next, the likeliest first";
  for (const [piece, share] of shares) {
    const [name, ...rest] = parts([visible(piece), share]);
    name!.ariaHidden = "true"; // a space is said by its name
    const button = html("button", "share", name!, html("span", "unseen", `${spoken(piece)}: `), ...rest);
    button.type = "button";
    button.dataset.piece = piece;
    list.append(html("li", "", button));
  }
  return unread === undefined ? [list] : [list, html("p", "note", `The text ${unread}.`)];
}

export function answered(answer: Exclude<Answer, { kind: "next" }>): HTMLElement[] {
  switch (answer.kind) {
    case "class":
      return classes(answer);
    case "sum": {
      const { answer: told, truth } = answer;
      const off = Math.abs(told - truth);
      return [
        html(
          "p",
          "told",
          html("b", "", told.toFixed(3)),
          `; the sum is ${truth.toFixed(3)}, ${off.toFixed(3)} from it.`,
        ),
      ];
    }
    case "signs": {
      const { told, truth, share } = answer;
      const right = told.filter((sign, t) => sign === truth[t]).length;
      const marked = told.map((sign, t) => html("span", sign === truth[t] ? "" : "wrong", sign));
      return [
        html(
          "p",
          "told",
          html("b", "", told.at(-1)!),
          `, ${percentText(share)} likely; the product is ${truth.at(-1)}.`,
        ),
        html("p", "signs", ...marked),
        html(
          "p",
          "note",
          `${wholeText(right)} of ${wholeText(told.length)} steps are right; the wrong ones are struck.`,
        ),
      ];
    }
    case "written":
      return written(answer);
    case "forecast":
      return [forecastPicture(answer)];
  }
}

const placeWords: Readonly<Record<Place, string>> = {
  "held out": "That day is held out: it never learned from it.",
  learned: "That day is among those that it learns from.",
  beyond: "That day is beyond the years that it learns from.",
};

/** Each symbol above how likely it was, and what the date is. */
function written({ symbols, shares, truth }: Of<"written">): HTMLElement[] {
  const list = html("ol", "symbols");
  list.ariaLabel = "What it writes, symbol by symbol, and how likely each is";
  for (const [i, symbol] of symbols.entries()) {
    const wrong = truth !== undefined && truth.text[i] !== symbol;
    const [name, ...rest] = parts([symbol, shares[i]!], 0);
    list.append(html("li", wrong ? "symbol wrong" : "symbol", name!, ...rest));
  }
  const told = symbols.join("");
  const share = percentText(shares.reduce((product, share) => product * share, 1));
  const judged = truth && (told === truth.text ? "which is right." : `but it is ${truth.text}.`);
  const note = truth
    ? placeWords[truth.place]
    : "The page itself finds no date in that, so nothing says whether it is right.";
  return [
    html("p", "told", html("b", "", told), `, ${share} likely${judged ? `, ${judged}` : "."}`),
    list,
    html("p", "note", note),
  ];
}

function classes({ shares, truth }: Of<"class">): HTMLElement[] {
  const list = html("ol", "shares");
  list.ariaLabel = "Classes, the likeliest first";
  for (const share of shares.slice(0, mostClasses)) {
    list.append(html("li", share[0] === truth ? "share true" : "share", ...parts(share)));
  }
  const more =
    shares.length > mostClasses ? [html("p", "note", `And ${wholeText(shares.length - mostClasses)} more.`)] : [];
  return [list, ...more, ...(truth === undefined ? [] : [html("p", "note", `Held out; it is ${truth}.`)])];
}

/** A name, a bar, a number. */
function parts([name, share]: Share, digits = 1): HTMLElement[] {
  const bar = html("span", "share-bar");
  bar.ariaHidden = "true";
  bar.style.setProperty("--share", String(share));
  return [html("span", "share-name", name), bar, html("span", "share-number", percentText(share, digits))];
}

/** How many are right, the confusion matrix of classes, and what was misread: each a question to ask. */
export function testedTables(tested: Tested, ask: (question: string) => void): HTMLElement[] {
  const { count, right, table, misread } = tested;
  const share = percentText(right / count);
  const summary = html("p", "", `${wholeText(right)} of ${wholeText(count)} held-out ones are right, ${share}.`);
  const items = misread.map(({ question, truth, told, share }) => {
    const button = html("button", "small misread", question);
    button.type = "button";
    button.addEventListener("click", () => ask(question));
    return html("li", "", button, ` is ${truth}, told as ${told}, ${percentText(share, 0)} sure`);
  });
  const list = html("div", "misreads", html("ol", "", ...items));
  scrollable(list, "Misread, the surest first");
  const of = [
    ...(table && table.classes.length <= mostCells ? [matrix(table)] : []),
    ...(items.length > 0 ? [list] : []),
  ];
  return [summary, ...of];
}

function matrix({ classes, confusion }: NonNullable<Tested["table"]>): HTMLElement {
  const head = (text: string, scope: string) => Object.assign(html("th", "", text), { scope });
  const most = confusion.flat().reduce((largest, count) => Math.max(largest, count), 1);
  const rows = confusion.map((counts, is) => {
    const cells = counts.map((count, told) => {
      const cell = html("td", is === told ? "right" : "wrong", wholeText(count));
      cell.style.setProperty("--share", String(count / most));
      return cell;
    });
    return html("tr", "", head(classes[is]!, "row"), ...cells);
  });
  const top = html("tr", "", html("td", "", ""), ...classes.map((name) => head(name, "col")));
  const table = html(
    "table",
    "confusion",
    html("caption", "", "A row a class, told as that of a column"),
    html("thead", "", top),
    html("tbody", "", ...rows),
  );
  const box = html("div", "scroll", table);
  scrollable(box, "Confusion matrix");
  return box;
}
