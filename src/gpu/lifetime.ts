// How long something may be used: until it is destroyed, or what it lives on is, or the device is lost.

import { TempogradError } from "../errors";

/** Why something can be used no more, and what to do. */
export interface Ending {
  readonly code: "destroyed" | "device-lost";
  readonly why: string;
}

export const errorOf = (operation: string, { code, why }: Ending): TempogradError =>
  new TempogradError(code, `${operation}: ${why}`);

type Living = { readonly lifetime?: Lifetime } | null | undefined;

/** @throws unless `thing`, which such as `makes` makes, is a `what` that is there to be used. */
export function expectLiving(operation: string, what: string, thing: Living, makes: string): void {
  const { lifetime } = thing ?? {};
  expectKind(operation, what, lifetime?.what === what, thing, makes);
  lifetime!.expect(operation);
}

/** @throws unless `thing` is a `what`, which such as `makes` makes. */
export function expectKind(operation: string, what: string, is: boolean, thing: unknown, makes: string): void {
  if (is) return;
  const got = (thing as Living)?.lifetime?.what ?? Object.prototype.toString.call(thing).slice(8, -1);
  throw new TempogradError("option", `${operation}: the ${what} is ${got}, expected what ${makes} gives; await it.`);
}

/** The life of one thing, which ends no later than that of what it lives on. */
export class Lifetime {
  readonly what: string;
  readonly #owner: Lifetime | undefined;
  readonly #watchers = new Set<(ending: Ending) => void>();
  #ending: Ending | undefined;

  /** @param what such as "program", for messages. */
  constructor(what: string, owner?: Lifetime) {
    this.what = what;
    this.#owner = owner;
  }

  /** Undefined while it lasts. The owner's comes first: to make another of this would not help. */
  get ending(): Ending | undefined {
    return this.#owner?.ending ?? this.#ending;
  }

  /** @throws where it has ended. */
  expect(operation: string): void {
    const { ending } = this;
    if (ending) throw errorOf(operation, ending);
  }

  /** Ends it, once. */
  end(ending: Ending = { code: "destroyed", why: `the ${this.what} was destroyed; create another.` }): void {
    if (this.#ending) return;
    this.#ending = ending;
    for (const watcher of [...this.#watchers]) watcher(ending);
  }

  /** Calls `watcher` when it ends. @returns what leaves off watching. */
  watch(watcher: (ending: Ending) => void): () => void {
    this.#watchers.add(watcher);
    const leave = this.#owner?.watch(watcher);
    return () => {
      this.#watchers.delete(watcher);
      leave?.();
    };
  }

  /**
   * Waits for what may take for ever, but no longer than this lasts, or until `signal` aborts.
   * @throws as `expect`, or the signal's reason.
   */
  async outlast<T>(operation: string, work: PromiseLike<T>, signal?: AbortSignal): Promise<T> {
    this.expect(operation);
    signal?.throwIfAborted();
    let leave: (() => void) | undefined;
    const interrupted = new Promise<never>((_, reject) => {
      const unwatch = this.watch((ending) => reject(errorOf(operation, ending)));
      const abort = () => reject(signal!.reason);
      signal?.addEventListener("abort", abort);
      leave = () => {
        unwatch();
        signal?.removeEventListener("abort", abort);
      };
    });
    try {
      return await Promise.race([work, interrupted]);
    } finally {
      leave?.();
    }
  }
}
