// Days, as people write them and as ISO 8601 has them: made, and read again.

import { nothing, type TrainedOn } from "./trained-on";

/** A whole number from 0 to below this, at random. */
export type Pick = (below: number) => number;

export interface Day {
  year: number;
  /** From 1. */
  month: number;
  day: number;
}

const months = "january february march april may june july august september october november december".split(" ");
const weekdays = "sunday monday tuesday wednesday thursday friday saturday".split(" ");

/** Two digits of a year tell it. */
export const firstYear = 1950;
export const lastYear = firstYear + 99;

/** All that may stand in a date, in the order of a network's tokens. */
export const characters: readonly string[] = [
  ...new Set([..." ',-./0123456789", ...[...months, ...weekdays, "the of st nd rd th"].join("")].sort()),
];
/** All that ISO 8601 writes one with, alike. */
export const isoCharacters: readonly string[] = [..."-0123456789"];
export const trainedOnDates: TrainedOn = { ...nothing, answer: "date", symbols: characters, classes: isoCharacters };
export const isoLength = 10;
/** As long as any date is that `writtenBy` makes, and a little longer. */
export const longestDate = 36;

const two = (value: number): string => String(value).padStart(2, "0");
export const isoOf = ({ year, month, day }: Day): string => `${year}-${two(month)}-${two(day)}`;
const short = (name: string): string => name.slice(0, 3);

/** Every day from the first year to the last. */
export function allDays(): Day[] {
  const days: Day[] = [];
  const date = new Date(Date.UTC(firstYear, 0, 1));
  while (date.getUTCFullYear() <= lastYear) {
    days.push({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
    date.setUTCDate(date.getUTCDate() + 1);
  }
  return days;
}

function ordinal(day: number): string {
  const ending = day > 10 && day < 14 ? undefined : ["th", "st", "nd", "rd"][day % 10];
  return `${day}${ending ?? "th"}`;
}

/** Half of the days of the week are left out. */
function weekdayOf({ year, month, day }: Day, pick: Pick): string {
  const name = weekdays[new Date(Date.UTC(year, month - 1, day)).getUTCDay()]!;
  return ["", "", `${name}, `, `${short(name)} `][pick(4)]!;
}

const either = (pick: Pick, ...all: string[]): string => all[pick(all.length)]!;
const monthOf = ({ month }: Day, pick: Pick): string => either(pick, months[month - 1]!, short(months[month - 1]!));
const yearOf = ({ year }: Day, pick: Pick): string => either(pick, String(year), String(year), `'${two(year % 100)}`);
const plainYearOf = ({ year }: Day, pick: Pick): string => either(pick, String(year), two(year % 100));
const twoOrOne = (value: number, pick: Pick): string => either(pick, two(value), String(value));

/** "tuesday, 3rd of march 1998", "3 mar '98" */
function dayFirst(date: Day, pick: Pick): string {
  const day = either(pick, String(date.day), String(date.day), `${ordinal(date.day)} of`);
  return `${weekdayOf(date, pick)}${day} ${monthOf(date, pick)} ${yearOf(date, pick)}`;
}

/** "tue march 3rd, 1998", "mar 3, '98" */
function monthFirst(date: Day, pick: Pick): string {
  const day = either(pick, String(date.day), String(date.day), ordinal(date.day));
  return `${weekdayOf(date, pick)}${monthOf(date, pick)} ${day}${either(pick, ",", ",", "")} ${yearOf(date, pick)}`;
}

const writings: readonly ((date: Day, pick: Pick) => string)[] = [
  dayFirst,
  dayFirst,
  monthFirst,
  monthFirst,
  (date, pick) => [twoOrOne(date.month, pick), twoOrOne(date.day, pick), plainYearOf(date, pick)].join("/"),
  (date, pick) => [twoOrOne(date.day, pick), twoOrOne(date.month, pick), plainYearOf(date, pick)].join("."),
  (date, pick) => [date.day, short(months[date.month - 1]!), plainYearOf(date, pick)].join("-"),
  isoOf,
];

/** A day as somebody might write it. */
export const writtenBy = (pick: Pick, date: Day): string => writings[pick(writings.length)]!(date, pick);

/** A text as dates are written here: in small letters, with one kind of apostrophe, and single blanks. */
export const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[’‘´`]/g, "'")
    .replace(/\s+/g, " ")
    .trim();

const named = (names: readonly string[]): string =>
  names.map((name) => `${short(name)}(?:${name.slice(3)})?`).join("|");
const weekday = `(?:(?:${named(weekdays)}),? )?`;
const month = `(?<month>${named(months)})`;
const day = "(?<day>\\d{1,2})";
const number = "(?<month>\\d{1,2})";
const year = "(?<year>[1-9]\\d{3}|\\d{2})";
const apart = "(?<year>[1-9]\\d{3}|'\\d{2})";
const patterns = [
  `${weekday}(?:the )?${day}(?:st|nd|rd|th)?(?: of)? ${month},? ${apart}`,
  `${weekday}${month} ${day}(?:st|nd|rd|th)?,? ${apart}`,
  `${number}/${day}/${year}`,
  `${day}\\.${number}\\.${year}`,
  `${day}-${month}-${year}`,
  "(?<year>[1-9]\\d{3})-(?<month>\\d\\d)-(?<day>\\d\\d)",
].map((pattern) => new RegExp(`^${pattern}$`));

/** The day that a plain text writes; undefined where it is none, such as 30 February. Its day of the week is not looked at. */
export function dayOf(text: string): Day | undefined {
  const found = patterns.map((pattern) => pattern.exec(text)?.groups).find((groups) => groups !== undefined);
  if (!found) return undefined;
  const written = Number(found.year!.replace("'", ""));
  const century = found.year!.length === 4 ? 0 : firstYear - (firstYear % 100) + (written < firstYear % 100 ? 100 : 0);
  const at = months.findIndex((name) => short(name) === short(found.month!));
  const date = { year: century + written, month: at < 0 ? Number(found.month) : at + 1, day: Number(found.day) };
  const real = new Date(Date.UTC(date.year, date.month - 1, date.day));
  return real.getUTCMonth() === date.month - 1 && real.getUTCDate() === date.day ? date : undefined;
}
