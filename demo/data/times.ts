// Dates and times in the cells of a table, as numbers to put rows in order by.

const clock = String.raw`(?:,?[T ]+(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?(?: ?([ap])\.?m\.?)?)?`;
const zone = String.raw`\s*(Z|[+-]\d{2}:?\d{2})?`;
const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const month = String.raw`(${monthNames.join("|")})[a-z]*\.?`;
const yearFirst = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?${clock}${zone}$`, "i");
const yearLast = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})${clock}$`, "i");
const dayMonth = new RegExp(String.raw`^(\d{1,2})[ -]${month}[ -](\d{4})${clock}$`, "i");
const monthDay = new RegExp(String.raw`^${month} (\d{1,2}),? (\d{4})${clock}$`, "i");
const digits = /^((?:19|20)\d{2})(\d{2})(\d{2})$/;
const hours = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/**
 * The times of all cells of a column, in milliseconds; undefined where one is no date or time. Where it cannot be said whether
 * days or months come first, "ambiguous".
 */
export function timesOf(cells: readonly string[]): { times: Float64Array } | { ambiguous: true } | undefined {
  const trimmed = cells.map((cell) => cell.trim());
  if (trimmed.length < 2) return undefined;
  const dates = trimmed.map((cell) => yearLast.exec(cell));
  if (dates.every((date) => date !== null)) {
    const most = (part: 1 | 3) => dates.reduce((largest, date) => Math.max(largest, Number(date[part])), 0);
    const [first, second] = [most(1), most(3)];
    const point = dates[0]![2] === "."; // days come first where points stand between
    if (!point && first <= 12 && second <= 12) return { ambiguous: true };
    const daysFirst = point || first > 12;
    const times = dates.map(([, a, , b, year, ...time]) =>
      instant([fullYear(year!), ...(daysFirst ? [b, a] : [a, b]), ...time]),
    );
    return valid(times);
  }
  return valid(trimmed.map(timeOf));
}

/** A time that can be told from one cell alone; NaN where there is none. */
function timeOf(cell: string): number {
  const time = hours.exec(cell);
  if (time) return instant(["2000", "1", "1", ...time.slice(1)]);
  const date = yearFirst.exec(cell);
  if (date) {
    const [, year, month, day = "1", ...rest] = date;
    return instant([year, month, day, ...rest.slice(0, 4)]) - zoneOf(rest[4]);
  }
  const [, day, named, year, ...rest] = dayMonth.exec(cell) ?? [];
  if (named) return instant([year, numberOf(named), day, ...rest]);
  const [, name, dayBehind, yearBehind, ...clocked] = monthDay.exec(cell) ?? [];
  if (name) return instant([yearBehind, numberOf(name), dayBehind, ...clocked]);
  return instant((digits.exec(cell) ?? []).slice(1));
}

const numberOf = (name: string) => String(1 + monthNames.indexOf(name.toLowerCase()));

/** As spreadsheets have it: 00 to 68 are of this century. */
const fullYear = (year: string) => (year.length > 2 ? year : `${Number(year) > 68 ? 19 : 20}${year}`);

/** Whether a cell by itself may be a date or a time. */
export const isTime = (cell: string): boolean => timesOf([cell, cell]) !== undefined;

function valid(times: readonly number[]): { times: Float64Array } | undefined {
  return times.every(Number.isFinite) ? { times: Float64Array.from(times) } : undefined;
}

/** @returns NaN where there is no such day or hour. */
function instant(parts: readonly (string | undefined)[]): number {
  const [year, month, day, hour = "0", minute = "0", second = "0", half] = parts;
  const [m, d] = [Number(month), Number(day)];
  const h = half ? (Number(hour) % 12) + (half.toLowerCase() === "p" ? 12 : 0) : Number(hour);
  if (!(m >= 1 && m <= 12 && d >= 1 && d <= 31 && h <= 24)) return Number.NaN;
  return Date.UTC(Number(year), m - 1, d, h, Number(minute)) + 1000 * Number(second);
}

function zoneOf(zone: string | undefined): number {
  const [, sign, h, m] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? "") ?? [];
  return (sign === "-" ? -1 : 1) * 60_000 * (60 * Number(h ?? 0) + Number(m ?? 0));
}
