// What every program of the terminal does with its arguments: reads words and numbers, and says what is wrong with one.

import { quoted } from "../data/refusal";

/** An option that cannot be used: a line for the user, exit code 2. */
export class OptionError extends Error {}

/** Whether an error is of an option; Node's own parser throws errors with these codes. */
export function isOptionError(error: unknown): error is Error {
  if (error instanceof OptionError) return true;
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
}

/** The line that says what is wrong with an option, and quotes no more of it than tells which it is. @throws other errors. */
export function complaintOf(program: string, error: unknown): string {
  if (!isOptionError(error)) throw error;
  const message = error.message.replace(/\s*\n\s*/g, " ").replace(/'([^']{60})[^']+'/g, "'$1…'");
  return `${program}: ${message.replace(/\.$/, "")}; see npm run ${program} -- --help.`;
}

export function oneOf<Word extends string>(name: string, value: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (!found) throw new OptionError(`--${name} is ${quoted(value)}, expected ${words.join(", ")}`);
  return found;
}

export const mostSeed = 2 ** 32 - 1;

export function integer(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (value.trim() !== "" && Number.isInteger(number) && number >= least && number <= most) return number;
  throw new OptionError(`--${name} is ${quoted(value)}, expected an integer from ${least} to ${most}`);
}

export function numberFrom(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (value.trim() !== "" && number >= least && number <= most) return number;
  const expected = least > 0 && !(number > 0) ? "a number above 0" : `a number from ${least} to ${most}`;
  throw new OptionError(`--${name} is ${quoted(value)}, expected ${expected}`);
}
