// Errors that a program may want to tell from others.

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
  | "file";

/** An error with a code. */
export class TempogradError extends Error {
  override readonly name = "TempogradError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
