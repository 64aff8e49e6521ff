// Errors that a program may want to tell from others.

/** What an error is of, for programs: messages are for people, and may change. */
export type ErrorCode = "destroyed" | "device-lost" | "not-finite" | "out-of-memory";

/** An error with a code. */
export class TempogradError extends Error {
  override readonly name = "TempogradError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
