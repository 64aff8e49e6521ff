// Errors that a program may want to tell from others, and how they show what was got.

/** What an error is of, for programs: messages are for people, and may change. */
export type ErrorCode =
  | "destroyed"
  | "device-lost"
  | "not-finite"
  | "out-of-memory"
  /** What was asked for: an option is missing, unknown or out of range, or does not go with another. */
  | "option"
  /** What was given to be read (a batch, a prompt, a text): of another type or length, or with a value in it that cannot be. */
  | "batch"
  /** What was saved (a file, its tensors, a position in a stream): damaged, of another making, or not what it says. */
  | "file"
  /** What was defined (a cell, a loss, an optimizer, a shader and what it is bound to) does not hold together. */
  | "definition"
  /** What is under way, or did not begin yet, stands in the way: it can be asked for again later. */
  | "busy"
  /** The place has no such thing: no WebGPU, no adapter, nowhere to keep files. */
  | "unsupported";

/** An error with a code. Any other error that the library throws itself is a fault of the library. */
export class TempogradError extends Error {
  override readonly name = "TempogradError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The beginning of a text. */
export const brief = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** A value for a message, short whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(brief(value));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : brief(String(value));
}

/** @throws unless `options` is an object. */
export function expectOptions(operation: string, options: unknown, name = "options"): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  throw new TempogradError(
    "option",
    `${operation}: ${name} is ${shown(options)}, expected an object; pass the options by name.`,
  );
}
