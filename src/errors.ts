// Errors that a program may want to tell from others.

/** What an error is of, for programs: messages are for people, and may change. */
export type ErrorCode =
  | "destroyed"
  | "device-lost"
  | "not-finite"
  | "out-of-memory"
  /** What was asked for: an option is missing, unknown or out of range, or does not go with another. */
  | "option"
  /** What was given to be read: an array of another type or length, or a value in it that cannot be. */
  | "batch"
  /** A file or its tensors: damaged, of another making, or not what they say. */
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
