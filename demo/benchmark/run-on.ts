// Where the terminal measures: in a headless browser or in Node; what other programs compute always from here.

import { commit } from "../commit";
import { type BrowserName, callInPage, withPage } from "../terminal/in-browser";
import { bundledPeers, type EngineName, isProgram } from "./engines/names";
import { inNode, openGpuForTasks } from "./in-node";
import { type Input, type Output, type Perform, type PerformOptions, type Place, TaskError } from "./perform";
import type { Outcome } from "./perform-in-page";
import type { TaskName } from "./tasks";

export const placeNames = ["chromium", "firefox", "node"] as const;
export type PlaceName = (typeof placeNames)[number];

/**
 * Opens a place, works there, and closes it.
 * @param engines that will be run there: a browser needs some of them bundled.
 * @throws what `work` throws, and where there is no such place.
 */
export function runOn<T>(
  on: PlaceName,
  engines: readonly EngineName[],
  work: (place: Place) => Promise<T>,
): Promise<T> {
  return on === "node" ? inThisProcess(work) : inBrowser(on, engines, work);
}

async function inThisProcess<T>(work: (place: Place) => Promise<T>): Promise<T> {
  const gpu = await openGpuForTasks();
  try {
    return await work({ perform: inNode, commit: commit() });
  } finally {
    gpu.close();
  }
}

const inBrowser = <T>(
  on: BrowserName,
  engines: readonly EngineName[],
  work: (place: Place) => Promise<T>,
): Promise<T> =>
  withPage(
    (page) => {
      const inPage: Perform = async <Name extends TaskName>(
        name: Name,
        input: Input<Name>,
        { limit, signal, progress }: PerformOptions,
      ): Promise<Output<Name>> => {
        signal?.throwIfAborted();
        const module = "/demo/benchmark/perform-in-page.ts";
        const outcome = await callInPage<Outcome<Name>>(page, module, "performInPage", name, input, limit);
        if ("done" in outcome) return outcome.done;
        progress?.(outcome.soFar);
        throw new TaskError(outcome.failed);
      };
      const isOfProgram = (name: TaskName, input: Input<TaskName>) =>
        name === "row" && isProgram((input as Input<"row">).name);
      const perform: Perform = (name, input, options) =>
        (isOfProgram(name, input) ? inNode : inPage)(name, input, options);
      return work({ perform, commit: commit() });
    },
    "/demo/terminal/blank.html",
    engines.every((name) => name.engine === "tempograd" || isProgram(name)) ? [] : bundledPeers,
    on,
  );
