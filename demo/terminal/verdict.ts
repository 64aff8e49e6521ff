// How a recording's file fared, as a line for people.

import { readFile } from "node:fs/promises";
import { type Errors, incomparable, type Verdict } from "./recording";

export const kinds: (keyof Errors)[] = ["outputs", "loss", "gradients", "losses", "parameters"];

/** A file that cannot be read or computed has an error in the place of a verdict. */
export async function verdictOf(
  file: string,
  verify: (bytes: Uint8Array) => Promise<Verdict>,
): Promise<Verdict | Error> {
  try {
    return await verify(await readFile(file));
  } catch (error) {
    return error as Error;
  }
}

/** In the order of `kinds`. */
export function described(verdict: Verdict | Error): { passed: boolean; applies: boolean; line: string } {
  if (verdict instanceof Error) return { passed: false, applies: true, line: `FAIL ${verdict.message}` };
  if ("inapplicable" in verdict)
    return { passed: false, applies: false, line: `does not apply: ${verdict.inapplicable}` };
  if ("unsupported" in verdict) {
    return { passed: false, applies: true, line: `unsupported: ${verdict.unsupported.join(", ")}` };
  }
  const { errors, differs } = verdict;
  const cells = kinds.map((kind) => formatError(errors[kind]).padStart(10));
  return {
    passed: differs === null,
    applies: true,
    line: `${cells.join(" ")} ${differs === null ? "ok" : `FAIL ${differs}`}`,
  };
}

function formatError(error: number | null): string {
  if (error === null) return "-";
  return error === incomparable ? "differs" : error.toExponential(1);
}
