// Which of several ways to compute the same is taken on a device: as told, as remembered, as measured, or by default.

import type { Gpu } from "./device";
import type { Plan } from "./plan";

/**
 * "measure": each way that is new to this device is timed for a few milliseconds when a network is laid out, and the
 * fastest is remembered. "default": nothing is timed. Or by kind, "product" and "recurrence", the name of the way to take.
 */
export type Tuning = "measure" | "default" | { readonly product?: string; readonly recurrence?: string };

/** Where choices are remembered, by the device's description. */
export interface ChoiceStore {
  load(device: string): Promise<Readonly<Record<string, string>> | undefined>;
  save(device: string, choices: Readonly<Record<string, string>>): Promise<void>;
}

/** Ways to put the same work on a plan, by name. */
export type Ways = Readonly<Record<string, (plan: Plan) => void>>;

/** A choice that nobody has made yet. */
export interface OpenChoice {
  readonly key: string;
  readonly ways: Ways;
}

export class Choices {
  readonly #tuning: Tuning;
  readonly #store: ChoiceStore | undefined;
  readonly #known = new Map<string, string>();
  #loaded: Promise<void> | undefined;

  constructor(tuning: Tuning, store: ChoiceStore | undefined) {
    this.#tuning = tuning;
    this.#store = store;
  }

  /** Whether ways are timed. */
  get measures(): boolean {
    return this.#tuning === "measure";
  }

  /** What this device took so far, or was told to; by kind and shape. */
  get taken(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#known);
  }

  /**
   * The way to take; undefined where it is open.
   * @throws where a way is forced that there is not.
   */
  of(kind: "product" | "recurrence", key: string, ways: Ways): string | undefined {
    const forced = typeof this.#tuning === "object" ? this.#tuning[kind] : undefined;
    if (forced !== undefined) {
      if (!Object.hasOwn(ways, forced)) {
        throw new Error(
          `openGpu: tuning.${kind} is "${forced}", expected one of ${Object.keys(ways).join(", ")} (for ${key}); name one of them, or leave it out.`,
        );
      }
      return forced;
    }
    const known = this.#known.get(key);
    return known !== undefined && Object.hasOwn(ways, known) ? known : undefined;
  }

  /** Recalls what was remembered of this device, once. A store that fails is as good as an empty one. */
  recall(gpu: Gpu): Promise<void> {
    this.#loaded ??= (async () => {
      if (!this.measures || !this.#store) return;
      const remembered = await this.#store.load(gpu.description).catch(() => undefined);
      for (const [key, way] of Object.entries(remembered ?? {})) this.#known.set(key, way);
    })();
    return this.#loaded;
  }

  /** Remembers the ways that were found fastest. */
  async remember(gpu: Gpu, found: ReadonlyMap<string, string>): Promise<void> {
    for (const [key, way] of found) this.#known.set(key, way);
    await this.#store?.save(gpu.description, this.taken).catch(() => {});
  }
}

/** The browser's own place for choices; undefined where it has none. */
export function browserChoiceStore(): ChoiceStore | undefined {
  if (!("indexedDB" in globalThis)) return undefined;
  return {
    load: async (device) => (await import("./choice-store")).load(device),
    save: async (device, choices) => (await import("./choice-store")).save(device, choices),
  };
}
