// The items of a CSV or JSON file as they stand there, each with the place that messages name; not yet checked.

/** An item of a file. */
export interface Entry {
  /** Where it stands: "data.csv, row 17". */
  where: string;
  label: unknown;
  /** A text, or the values of a series: one a step, or a list of them a step. */
  sequence: string | readonly unknown[];
}

/** What a column or a key of classes may be called. */
const labelNames = ["label", "class", "target"];

export const refusal = (where: string, got: string, expected: string, cure: string) =>
  new Error(`${where}: ${got}, expected ${expected}; ${cure}.`);

/** A value for a message, cut where it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

const isNumber = (cell: string) => cell.trim() !== "" && Number.isFinite(Number(cell));

/**
 * The rows of a CSV file, with commas, semicolons, tabs or bars between the cells: the class in the first column, or in
 * the one that a header calls label, class or target; in the others a text or a series of numbers. Empty cells at the
 * end of a row and empty rows are none. Rows count from 1, as in a spreadsheet.
 * @throws where quotes do not pair, or where the first row may be a header or not.
 */
export async function csvEntries(name: string, text: string): Promise<Entry[]> {
  const { default: Papa } = await import("papaparse");
  // The separator is what follows the first cell: to guess it from how often each comes fails for rows of any length.
  const delimiter = /^(?:(?:"[^"]*")+|[^",;\t|\r\n]*)([,;\t|])/.exec(text.trimStart())?.[1] ?? ",";
  const { data, errors } = Papa.parse<string[]>(text, { delimiter });
  const where = (row: number) => `${name}, row ${row + 1}`;
  const [error] = errors;
  if (error) {
    const got = `its quotes do not pair (${error.message.toLowerCase()})`;
    throw refusal(where(error.row ?? 0), got, '"…" around a cell', "write each quote inside such a cell twice");
  }

  const rows = [...data.entries()].filter(([, cells]) => cells.some((cell) => cell.trim() !== ""));
  const header = rows[0]?.[1].map((cell) => cell.trim().toLowerCase()) ?? [];
  const named = header.findIndex((cell) => labelNames.includes(cell));
  const column = Math.max(0, named);
  const items = rows.map(([row, cells]) => {
    const values = cells.filter((_, i) => i !== column);
    while (values.at(-1)?.trim() === "") values.pop();
    return { where: where(row), label: cells[column]?.trim(), values };
  });
  if (items.length > 0 && items.every(({ values }) => values.length === 0)) {
    const expected = "the class in one column and a text or numbers in others";
    throw refusal(name, "has one column", expected, "put a comma between the class and the rest");
  }

  const [first, ...others] = items;
  const alone = others.every(({ label }) => label !== first?.label);
  const isHeader = named >= 0 || (alone && areSeries(others) && !first?.values.some(isNumber));
  if (first && alone && !isHeader) {
    const got = `${shown(first.label)} is the class of no other row`;
    const expected = "a class that comes again, or a header";
    throw refusal(first.where, got, expected, 'call the column of classes "label" in a header, there or above');
  }
  const body = isHeader ? others : items;
  const series = areSeries(body);
  return body.map(({ where, label, values }) => {
    return { where, label, sequence: series || values.length > 1 ? values : (values[0] ?? "") };
  });
}

/** Whether rows are series rather than texts, one of which may lack its quotes and so seem to be several. */
function areSeries(rows: readonly { values: readonly string[] }[]): boolean {
  const [first] = rows;
  const beginsAsText = first?.values.length === 1 && !isNumber(first.values[0]!);
  return !beginsAsText && rows.some(({ values }) => values.length > 1);
}

/**
 * The items of a JSON file: an array, an array under "data", or one item a line; with "label" (or "class", "target")
 * and either "text" or "values".
 * @throws where it is no JSON, or an item is not as said.
 */
export function jsonEntries(name: string, text: string): Entry[] {
  return jsonItems(name, text).map(([where, item]) => {
    const { text, values, ...rest } = (item ?? {}) as Record<string, unknown>;
    const isText = typeof text === "string";
    if (isText === Array.isArray(values)) {
      const expected = '{"label": …, "text": "…"} or {"label": …, "values": […]}';
      throw refusal(where, `is ${shown(item)}`, expected, "correct or remove it");
    }
    const label = rest[labelNames.find((key) => key in rest) ?? ""];
    return { where, label, sequence: isText ? text : (values as unknown[]) };
  });
}

function jsonItems(name: string, text: string): [where: string, item: unknown][] {
  const lines = [...text.split("\n").entries()].filter(([, line]) => line.trim() !== "");
  if (lines.length > 1 && /^\s*\{.*\}\s*$/.test(lines[0]![1])) {
    return lines.map(([i, line]) => {
      const where = `${name}, line ${i + 1}`;
      return [where, parsed(where, line)];
    });
  }
  const whole = parsed(name, text) as { data?: unknown } | null;
  const list = Array.isArray(whole) ? whole : whole?.data;
  if (!Array.isArray(list)) {
    throw refusal(name, `is ${shown(whole)}`, 'an array of items, {"data": […]}, or one item a line', "rewrite it so");
  }
  return list.map((item, i) => [`${name}, item ${i + 1}`, item]);
}

function parsed(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refusal(where, `is not JSON (${(error as Error).message})`, "JSON", "correct it");
  }
}
