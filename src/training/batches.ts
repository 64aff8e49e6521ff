// Where batches come from: anything that can be iterated over, at once or by waiting.

import { shown, TempogradError } from "../errors";
import type { Lifetime } from "../gpu/lifetime";
import type { Batch } from "../network/batch";

/** Batches, one after the other: a list, or what makes them as they are asked for. */
export type Batches = Iterable<Batch> | AsyncIterable<Batch>;

type Source = Iterator<Batch> | AsyncIterator<Batch>;

/** A batch, or the end of them, as an iterator answers it: at once, or later. */
type Taken = IteratorResult<Batch> | PromiseLike<IteratorResult<Batch>>;

/** @throws where `batches` is nothing to iterate over. */
export function iteratorOf(operation: string, batches: Batches): Source {
  if (typeof batches === "object" && batches !== null) {
    if (Symbol.asyncIterator in batches) return batches[Symbol.asyncIterator]();
    if (Symbol.iterator in batches) return batches[Symbol.iterator]();
  }
  const single = typeof batches === "object" && batches !== null && "inputs" in batches;
  const got = single ? "one batch" : shown(batches);
  const cure = single ? "pass [batch] for one, or" : "pass an array, a generator, or";
  throw new TempogradError(
    "batch",
    `${operation}: batches is ${got}, expected something to iterate over; ${cure} what randomWindows or batchStream answers.`,
  );
}

/** Tells a source that no more is wanted of it; it may be busy with what was asked for, so that its answer is not awaited. */
export function closeSource(source: Source): void {
  void Promise.resolve(source.return?.()).catch(() => {});
}

/** Takes batches one by one, and loses none where a wait for one is given up. */
export class BatchTaker {
  /** What was asked for and not taken yet, by who was asked. */
  readonly #asked = new WeakMap<Source, PromiseLike<IteratorResult<Batch>>>();
  #wake = () => {};

  /** The next batch, or a promise of it that is to be given to `wait`. */
  take(source: Source): Taken {
    const asked = this.#asked.get(source);
    if (asked) return asked;
    const taken = source.next();
    if ("then" in taken) this.#asked.set(source, taken);
    return taken;
  }

  /**
   * Waits for the batch that was asked for; undefined where `wake()` is called before it comes.
   * @throws what the source throws; where `lifetime` ends first, or `signal` aborts.
   */
  async wait(operation: string, source: Source, lifetime: Lifetime, signal: AbortSignal | undefined) {
    const woken = new Promise<undefined>((resolve) => {
      this.#wake = () => resolve(undefined);
    });
    const come = this.#asked.get(source)!.then(
      (next) => () => next,
      (error) => () => {
        throw error;
      },
    );
    const answer = await lifetime.outlast(operation, Promise.race([come, woken]), signal);
    if (answer) this.#asked.delete(source);
    return answer?.();
  }

  /** Ends a wait, if there is one. */
  wake(): void {
    this.#wake();
  }
}
