// Dates and times in the cells of a table, as numbers to put rows in order by.

const clock = String.raw`(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?`;
const zone = String.raw`\s*(Z|[+-]\d{2}:?\d{2})?`;
const yearFirst = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?${clock}${zone}$`);
const yearLast = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})${clock}$`);
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
    const times = dates.map(([, a, , b, year, ...time]) => instant([year, ...(daysFirst ? [b, a] : [a, b]), ...time]));
    return valid(times);
  }
  const times = trimmed.map((cell) => {
    const time = hours.exec(cell);
    const date = time ? undefined : yearFirst.exec(cell);
    if (time) return instant(["2000", "1", "1", ...time.slice(1)]);
    if (!date) return Number.NaN;
    const [, year, month, day, ...rest] = date;
    return instant([year, month, day ?? "1", ...rest.slice(0, 3)]) - zoneOf(rest[3]);
  });
  return valid(times);
}

function valid(times: readonly number[]): { times: Float64Array } | undefined {
  return times.every(Number.isFinite) ? { times: Float64Array.from(times) } : undefined;
}

/** @returns NaN where there is no such day or hour. */
function instant([year, month, day, hour = "0", minute = "0", second = "0"]: readonly (string | undefined)[]): number {
  const [m, d, h] = [Number(month), Number(day), Number(hour)];
  if (!(m >= 1 && m <= 12 && d >= 1 && d <= 31 && h <= 24)) return Number.NaN;
  return Date.UTC(Number(year), m - 1, d, h, Number(minute)) + 1000 * Number(second);
}

function zoneOf(zone: string | undefined): number {
  const [, sign, h, m] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? "") ?? [];
  return (sign === "-" ? -1 : 1) * 60_000 * (60 * Number(h ?? 0) + Number(m ?? 0));
}
