// Which parameters are meant, by their names or how those begin.

/** The first of `entries` that is the parameter's name, or is no parameter's and begins it. */
export const entryFor = (entries: readonly string[], name: string, all: readonly string[]): string | undefined =>
  entries.find((entry) => (all.includes(entry) ? entry === name : name.startsWith(entry)));
