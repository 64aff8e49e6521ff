// Has a worker of its own do a task, for as long as it may, while the tab is visible.

import { startWorker } from "../start-worker";
import { type Input, type Output, type PerformOptions, TaskError } from "./perform";
import type { TaskName } from "./tasks";
import type { Said } from "./worker";
import workerAddress from "./worker?worker&url";

/** Whether another library runs in it: some make code from text or WebAssembly, which the page's policy forbids. */
const startsPeer = (name: TaskName, input: Input<TaskName>): boolean =>
  name === "row" && (input as Input<"row">).name.engine !== "tempograd";

/** @throws TaskError where the task fails, takes too long, is stopped, or where the tab is or becomes hidden. */
export function inWorker<Name extends TaskName>(
  name: Name,
  input: Input<Name>,
  { limit, signal, progress }: PerformOptions,
): Promise<Output<Name>> {
  const worker = startsPeer(name, input)
    ? new Worker(workerAddress, { type: "module", name })
    : startWorker(workerAddress, name);
  const ending = new AbortController();
  const { signal: ended } = ending;
  const work = new Promise<Output<Name>>((resolve, reject) => {
    const fail = (why: string) => reject(new TaskError(why));
    const failIfHidden = () => {
      if (document.visibilityState === "hidden") fail("hidden tab");
    };
    const failIfStopped = () => {
      if (signal?.aborted) fail(String(signal.reason));
    };
    const timer = setTimeout(() => fail(`timed out after ${limit} s`), 1000 * limit);
    ended.addEventListener("abort", () => clearTimeout(timer));
    document.addEventListener("visibilitychange", failIfHidden, { signal: ended });
    signal?.addEventListener("abort", failIfStopped, { signal: ended });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      fail(`crashed: ${event.message || "its worker could not be loaded"}`);
    });
    worker.addEventListener("messageerror", () => fail("crashed: its answer could not be read"));
    worker.addEventListener("message", ({ data }: MessageEvent<Said>) => {
      if ("soFar" in data) progress?.(data.soFar);
      else if ("done" in data) resolve(data.done as Output<Name>);
      else fail(`crashed: ${data.failed}`);
    });
    failIfHidden();
    failIfStopped();
    worker.postMessage([name, input]);
  });
  return work.finally(() => {
    ending.abort();
    worker.terminate();
  });
}
