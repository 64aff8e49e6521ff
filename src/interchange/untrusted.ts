// What is said and asked of values from a file that is not trusted.

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value for a message: as JSON, shortened, since a hostile file chooses its length. */
export function quote(value: unknown): string {
  let text: string;
  try {
    text = String(JSON.stringify(value));
  } catch {
    text = "nested too deeply to be shown";
  }
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
