// The first rows of a visitor's table, with what each column is taken for, to be said otherwise.

import type { ColumnRole, TableView } from "../data/columns";
import { brief } from "../data/refusal";
import { html, scrollable } from "../page";
import type { Settings } from "../tasks/fields";

/** What a column may be, by what the table is read for. */
const rolesOf: Readonly<Record<string, Partial<Record<ColumnRole, string>>>> = {
  classify: { class: "the class", read: "read", "left out": "left out" },
  forecast: {
    forecast: "forecast",
    beside: "read beside it",
    known: "known ahead",
    time: "the time",
    "left out": "left out",
  },
};

/** More columns would hold up a page. */
const mostColumns = 30;

export class RowsTable {
  readonly #place: HTMLElement;
  readonly #onChange: (roles: readonly ColumnRole[]) => void;
  /** What it was made for: while that stays, a control keeps its place and the focus. */
  #made = "";
  /** As they stand there. */
  #roles: ColumnRole[] = [];

  /** @param onChange is told what each column is to be */
  constructor(place: HTMLElement, onChange: (roles: readonly ColumnRole[]) => void) {
    this.#place = place;
    this.#onChange = onChange;
    scrollable(place, "First rows of the file");
  }

  show(table: TableView | undefined, { task }: Settings): void {
    const roles = rolesOf[task];
    this.#place.hidden = !table || !roles;
    if (!table || !roles) return;
    const { columns, rows, hasHeader } = table;
    const made = JSON.stringify([task, hasHeader, columns.map(({ name }) => name), rows]);
    if (made !== this.#made) this.#place.replaceChildren(this.#build(table, roles));
    this.#made = made;
    this.#roles = columns.map(({ role }) => (role in roles ? role : "left out"));
    this.#mark();
  }

  #mark(): void {
    for (const [i, select] of [...this.#place.querySelectorAll("select")].entries()) select.value = this.#roles[i]!;
    for (const line of this.#place.querySelectorAll("tbody tr")) {
      for (const [i, cell] of [...line.children].entries()) {
        cell.classList.toggle("unread", this.#roles[i] === "left out");
      }
    }
  }

  /** There is one class and one time: what was that becomes what this column was. */
  #change(column: number, role: ColumnRole): void {
    const before = this.#roles[column]!;
    const isOne = role === "class" || role === "time";
    this.#roles = this.#roles.map((one, i) => (i === column ? role : isOne && one === role ? before : one));
    this.#mark();
    this.#onChange(this.#roles);
  }

  #build({ columns, rows, total }: TableView, roles: Partial<Record<ColumnRole, string>>): HTMLElement {
    const shown = columns.slice(0, mostColumns);
    const more = columns.length > mostColumns ? `, and ${mostColumns} of its ${columns.length} columns` : "";
    const selects = shown.map(({ name }, column) => {
      const select = html("select");
      select.ariaLabel = `What ${name} is`;
      for (const [role, words] of Object.entries(roles)) select.add(new Option(words, role));
      select.addEventListener("change", () => this.#change(column, select.value as ColumnRole));
      return html("td", "", select);
    });
    const heads = shown.map(({ name }) => {
      const head = html("th", "", brief(name, 40));
      head.scope = "col";
      return head;
    });
    const lines = rows.map((cells) =>
      html("tr", "", ...shown.map((_, i) => html("td", "", brief(cells[i] ?? "", 40)))),
    );
    const caption = html("caption", "", `The first ${lines.length} of ${total.toLocaleString("en")} rows${more}`);
    const head = html("thead", "", html("tr", "", ...heads), html("tr", "", ...selects));
    return html("table", "rows", caption, head, html("tbody", "", ...lines));
  }
}

/** The settings that say what the columns of a table are to be. */
export function saidOtherwise(table: TableView, settings: Settings, roles: readonly ColumnRole[]): Partial<Settings> {
  const { columns, hasHeader } = table;
  const nameAt = (i: number) => {
    const { name } = columns[i]!;
    const isPlace = !hasHeader || Number.isInteger(Number(name)) || name.includes('"');
    return settings.task === "classify" && isPlace ? String(i + 1) : name;
  };
  const named = (wanted: ColumnRole) =>
    roles
      .flatMap((role, i) => (role === wanted ? [nameAt(i)] : []))
      .map((name) => (name.includes(",") ? `"${name}"` : name))
      .join(", ");
  const before = (wanted: ColumnRole) => columns.findIndex(({ role }) => role === wanted);
  if (settings.task === "classify") {
    const label = roles.indexOf("class");
    const isSaid = settings.label !== "" || label !== before("class");
    const isRead = roles.some((role, i) => i !== label && i !== before("class") && role !== columns[i]!.role);
    return {
      ...(isSaid && { label: label < 0 ? "" : nameAt(label) }),
      ...((isRead || settings.read !== "") && { read: named("read") }),
    };
  }
  const time = roles.indexOf("time");
  const isSaid = settings.time !== "" || time !== before("time");
  return {
    ...{ columns: named("forecast"), features: named("beside"), known: named("known") },
    ...(isSaid && { time: time < 0 ? "" : String(time + 1) }),
  };
}
