// Which of several ways to compute the same is taken on a device: as told, as remembered, as measured, or by default.

import { TempogradError } from "../errors";
import type { Gpu } from "./device";
import type { Choice } from "./plan";
import { unknownAdapter } from "./traits";

/**
 * "measure": each way that is new to this device is timed when a program is made, for less than a second in all, and
 * the fastest is remembered; the default, where no other is faster by more than noise. "default": nothing is timed. Or by
 * topic ("product", "recurrence") the name of the way to take, as `src/ops/tile.ts` has them: of products, a tile
 * ("shared", "registers", …); of recurrences, a schedule and a tile ("fused narrow row", …).
 */
export type Tuning = "measure" | "default" | Readonly<Record<string, string>>;

/** Where choices are remembered, by the device's description. */
export interface ChoiceStore {
  /** What was remembered of a device; undefined where nothing was. */
  load(device: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Remembers it, in place of what was. */
  save(device: string, choices: Readonly<Record<string, string>>): Promise<void>;
}

/** The choices of one device. */
export class Choices {
  readonly #tuning: Tuning;
  readonly #store: ChoiceStore | undefined;
  readonly #known = new Map<string, string>();
  /** How often each choice was timed and stayed open. */
  readonly undecided = new Map<string, number>();
  #loaded: Promise<void> | undefined;

  constructor(tuning: Tuning, store: ChoiceStore | undefined) {
    this.#tuning = tuning;
    this.#store = store;
  }

  /** Whether ways are timed. */
  get measures(): boolean {
    return this.#tuning === "measure";
  }

  /** The ways that were measured or recalled to be the fastest, by kind and shape. */
  get taken(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#known);
  }

  /**
   * The way to take; undefined where it is open.
   * @throws where a way is forced that there is not.
   */
  of({ topic, key, names }: Choice): string | undefined {
    const forced = typeof this.#tuning === "object" ? this.#tuning[topic] : undefined;
    if (forced !== undefined) {
      if (!names.includes(forced)) {
        throw new TempogradError(
          "option",
          `openGpu: tuning.${topic} is "${forced}", expected one of ${names.join(", ")} (for ${key}); name one of them, or leave it out.`,
        );
      }
      return forced;
    }
    const known = this.#known.get(key);
    return known !== undefined && names.includes(known) ? known : undefined;
  }

  /** Recalls what was remembered of this device, once. */
  recall(gpu: Gpu): Promise<void> {
    this.#loaded ??= (async () => {
      if (!this.measures) return;
      for (const [key, way] of Object.entries(await this.#remembered(gpu))) this.#known.set(key, way);
    })();
    return this.#loaded;
  }

  /** Takes the way that was found fastest from now on. */
  take(key: string, way: string): void {
    this.#known.set(key, way);
  }

  /** Remembers what was found for other times. */
  async remember(gpu: Gpu): Promise<void> {
    const name = storedName(gpu);
    if (!this.#store || !name) return;
    const all = { ...(await this.#remembered(gpu)), ...this.taken }; // others may have found more meanwhile
    await this.#store.save(name, all).catch(() => {});
  }

  /** A store that fails is as good as an empty one. */
  async #remembered(gpu: Gpu): Promise<Readonly<Record<string, string>>> {
    const name = storedName(gpu);
    return (name && (await this.#store?.load(name).catch(() => undefined))) || {};
  }
}

/** Counts changes of the kernels, and of how they are measured: what was measured before does not hold. */
const generation = 5;

/** What a device's choices are stored under; none for one that does not tell which it is. */
const storedName = ({ description, traits }: Gpu): string | undefined =>
  description === unknownAdapter ? undefined : `${description}${traits.quads ? ", quads" : ""}, kernels ${generation}`;

/** The browser's own place for choices; undefined where it has none. */
export function browserChoiceStore(): ChoiceStore | undefined {
  if (!("indexedDB" in globalThis)) return undefined;
  return {
    load: async (device) => (await import("./choice-store")).load(device),
    save: async (device, choices) => (await import("./choice-store")).save(device, choices),
  };
}
