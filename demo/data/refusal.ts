// How the readers of data say what is wrong with it: where, what it is, what it should be, and what to do.

export const refusal = (where: string, got: string, expected: string, cure: string) =>
  new Error(`${where}: ${got}, expected ${expected}; ${cure}.`);

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
