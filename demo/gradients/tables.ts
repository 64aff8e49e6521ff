// The numbers behind the pictures, as tables.

import { html, scrollable } from "../page";

/** @param rows the first text of each is its head. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const scoped = (scope: "col" | "row", text: string) => {
    const cell = html("th", "", text);
    cell.scope = scope;
    return cell;
  };
  const body = rows.map(([first, ...rest]) =>
    html("tr", "", scoped("row", first!), ...rest.map((text) => html("td", "", text))),
  );
  const heads = html("tr", "", ...head.map((text) => scoped("col", text)));
  const made = html("table", "", html("caption", "", caption), html("thead", "", heads), html("tbody", "", ...body));
  const scroller = html("div", "scroller", made);
  scrollable(scroller, caption);
  return scroller;
}

/** A part of the page that opens to a table, which is made when it is. */
export class NumberDetails {
  readonly #place = html("div");
  readonly root = html("details", "", html("summary", "", "All numbers"), this.#place);
  #make: () => HTMLElement = () => html("p");

  constructor() {
    this.root.addEventListener("toggle", () => this.#tabulate());
  }

  show(make: () => HTMLElement): void {
    this.#make = make;
    this.#tabulate();
  }

  #tabulate(): void {
    this.#place.replaceChildren(...(this.root.open ? [this.#make()] : []));
  }
}
