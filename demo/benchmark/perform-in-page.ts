// The browser's half of what the terminal measures: a task, in a worker of the page.

import { inWorker } from "./in-worker";
import type { Input, Output } from "./perform";
import type { TaskName } from "./tasks";

/** What came of a task; where it failed, why, and what it had until then. */
export type Outcome<Name extends TaskName> = { done: Output<Name> } | { failed: string; soFar: unknown };

export async function performInPage<Name extends TaskName>(
  name: Name,
  input: Input<Name>,
  limit: number,
): Promise<Outcome<Name>> {
  let soFar: unknown;
  const progress = (now: unknown) => {
    soFar = now;
  };
  try {
    return { done: await inWorker(name, input, { limit, progress }) };
  } catch (error) {
    return { failed: (error as Error).message, soFar };
  }
}
