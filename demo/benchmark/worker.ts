// The benchmark's worker: does one task and reports it. Each task has a worker of its own, so that what crashes or hangs
// costs that task alone, and its first step finds nothing compiled.

import { type TaskName, tasks } from "./tasks";

/** What a worker says. */
export type Said = { soFar: unknown } | { done: unknown } | { failed: string };

const say = (said: Said) => postMessage(said);
const fail = (error: unknown) => say({ failed: error instanceof Error ? error.message : String(error) });

// What an engine complains of is its row's matter: no error of the page.
console.error = console.warn;
for (const name of ["error", "unhandledrejection"] as const) {
  addEventListener(name, (event) => {
    event.preventDefault();
    fail(event instanceof PromiseRejectionEvent ? event.reason : (event as ErrorEvent).message);
  });
}

addEventListener("message", async ({ data: [name, input] }: MessageEvent<[TaskName, never]>) => {
  try {
    say({ done: await tasks[name](input, (soFar) => say({ soFar })) });
  } catch (error) {
    fail(error);
  }
});
