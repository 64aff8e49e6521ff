// What a page and the training's worker tell each other.

import type { Settings } from "../tasks/fields";
import type { OwnData } from "../tasks/own-data";
import type { Facts, Looks, Report } from "./session";

/** How the names of kept trainings begin. */
export const keptPrefix = "training ";

/** What is told to the page as it happens. */
export type News =
  | Report
  /** A checkpoint is kept in the browser, or why it could not be. */
  | { kind: "kept"; step: number; problem: string | undefined }
  /** The device was lost at a step. */
  | { kind: "lost"; step: number }
  /** It is there again, and the training, if there is one, as it was at the latest checkpoint: so many steps were lost. */
  | { kind: "recovered"; facts: Facts | undefined; lost: number }
  /** It does not come back. */
  | { kind: "gone"; message: string }
  /** The training came to numbers that are none, and is as it was at its latest checkpoint: why, and what to do. */
  | { kind: "diverged"; message: string; facts: Facts };

/** What to train. */
export interface Order {
  settings: Settings;
  own: OwnData | undefined;
  /** The bytes of a checkpoint, to go on from. */
  from: Uint8Array<ArrayBuffer> | undefined;
  /** The name under which that is kept in the browser: it goes once the training that went on from it is kept. */
  kept?: string | undefined;
  /** How often the network is looked at; without it, every few seconds. */
  looks?: Looks;
  /** True: it is told how the gradient flows as training goes on. */
  flows?: true;
  /** False: no checkpoint is kept in the browser. */
  keep?: false;
}
