// How the readers of data say what is wrong with it: where, what it is, what it should be, and what to do.

/** What is wrong in one place. */
export interface Wrong {
  where: string;
  got: string;
  expected: string;
  cure: string;
}

export const refusal = (where: string, got: string, expected: string, cure: string) =>
  new Error(`${where}: ${got}, expected ${expected}; ${cure}.`);

/** All that is wrong with a file in one message. @param what is wrong so often: "rows" @param of how many */
export function refusalOfAll(name: string, all: readonly Wrong[], what: string, of: number): Error {
  const [first] = all as [Wrong];
  if (all.length === 1) return refusal(first.where, first.got, first.expected, first.cure);
  const places = new Set(all.map(({ where }) => where)).size;
  const got = `${places} of ${of} ${what} cannot be used (${wrongIn(name, all)})`;
  return refusal(name, got, first.expected, first.cure);
}

/** What is wrong in a file, the first of it by its place there. */
export const wrongIn = (name: string, all: readonly Wrong[]): string =>
  several(all.map(({ where, got }) => `${where.slice(where.startsWith(`${name}, `) ? name.length + 2 : 0)}: ${got}`));

/** The first of many things that are said, and how many there are beside. */
export function several(all: readonly string[], most = 5): string {
  const first = all.slice(0, most).join("; ");
  return all.length > most ? `${first}; and ${all.length - most} more` : first;
}

/** No more of a text than tells which it is. */
export const brief = (text: string, most = 60): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** A value for a message: on one line, and no more of it than tells which it is. */
export function shown(value: unknown): string {
  try {
    return brief(JSON.stringify(value) ?? "missing");
  } catch {
    return "nested too deeply"; // for the stack
  }
}

/** What a user wrote, as it stands there. */
export const quoted = (text = ""): string => `"${brief(text)}"`;

/** A path is told by its end. */
export const quotedPath = (path = ""): string => (path.length > 200 ? `"…${path.slice(-200)}"` : `"${path}"`);

/** The first of a list, and how many there are beside. */
export function listed(all: readonly string[]): string {
  const most = 5;
  const first = all.slice(0, most).map(shown).join(", ");
  return all.length > most ? `${first} and ${all.length - most} more` : first;
}
