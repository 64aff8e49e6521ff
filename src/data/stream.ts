// Streams of batches without end, that can be left at any batch and gone on with later, bit for bit.

import { shown, TempogradError } from "../errors";
import type { Batch } from "../network/batch";
import { Random } from "./random";

/** Batches without end. */
export interface BatchStream extends IterableIterator<Batch, never> {
  /** Where the next batch comes from: the same function, with the same data and options, goes on from there. */
  readonly position: StreamPosition;
}

/** Where a stream of batches stands, as plain JSON. */
export interface StreamPosition {
  /** The function that made the stream. */
  readonly stream: string;
  /** What it was given, in numbers: the size of the data, the size of the batches, the seed. */
  readonly given: Readonly<Record<string, number>>;
  /** The random generator's state: 4 integers. */
  readonly random: readonly number[];
  /** Where in the data: what was taken of an epoch, and where each row reads. Empty where all is drawn at random. */
  readonly place: readonly number[];
}

/** What makes a stream's batches, and tells where the next one comes from. */
export interface BatchSource {
  /** The next batch. */
  next(): Batch;
  /** The generator's state and the place in the data that the next batch is made from. */
  where(): Pick<StreamPosition, "random" | "place">;
}

/** What a stream is, whether it begins or goes on. */
export interface StreamDescription {
  /** The function that makes it. */
  readonly stream: string;
  /** What tells the data and the options apart, in numbers. */
  readonly given: { readonly seed: number; readonly [name: string]: number };
  /** Makes what makes the batches, drawing from `random`. Without a place, from the beginning. */
  source(random: Random, place?: readonly number[]): BatchSource;
  /** Whether integers from 0 up are a place in this data. */
  isPlace(place: readonly number[]): boolean;
}

/**
 * Makes a stream of batches that goes on from a position, bit for bit; without one, it begins at the beginning.
 * @throws where the seed is out of range, or the position is not one of such a stream.
 */
export function batchStream(description: StreamDescription, position?: unknown): BatchStream {
  checkDescription(description);
  const { stream, given } = description;
  const beginning = Random.ofSeed(stream, given.seed);
  const source =
    position === undefined
      ? description.source(beginning)
      : description.source(...checkedPosition(description, position));
  if (typeof source?.next !== "function" || typeof source.where !== "function") {
    misdescribed("source's answer", source, "an object with next and where");
  }
  return {
    next: () => ({ done: false, value: source.next() }),
    [Symbol.iterator]() {
      return this;
    },
    get position() {
      return { stream, given: { ...given }, ...source.where() };
    },
  };
}

const mostName = 60;

function checkDescription(description: StreamDescription): void {
  const isObject = (value: unknown) => typeof value === "object" && value !== null;
  if (!isObject(description)) misdescribed("the description", description, "an object");
  const { stream, given, source, isPlace } = description;
  if (typeof stream !== "string" || stream === "" || stream.length > mostName) {
    misdescribed("stream", stream, `a name of 1 to ${mostName} characters`);
  }
  if (!isObject(given)) misdescribed("given", given, "an object of numbers");
  if (typeof source !== "function") misdescribed("source", source, "a function");
  if (typeof isPlace !== "function") misdescribed("isPlace", isPlace, "a function");
}

function misdescribed(name: string, value: unknown, expected: string): never {
  const cure = "describe the stream that makes your batches";
  throw new TempogradError("option", `batchStream: ${name} is ${shown(value)}, expected ${expected}; ${cure}.`);
}

function checkedPosition(
  description: StreamDescription,
  position: unknown,
): [random: Random, place: readonly number[]] {
  const { stream, given } = description;
  const got = (typeof position === "object" ? position : undefined) as Partial<StreamPosition> | null | undefined;
  const refusal = (what: string, expected: string) => {
    const cure = "pass a position together with the data and the options that it was read with";
    return new TempogradError("file", `${stream}: position${what}, expected ${expected}; ${cure}.`);
  };
  if (got?.stream !== stream) {
    throw refusal(` is of stream ${shown(got?.stream)}`, `the position of a stream of ${stream}`);
  }
  for (const [name, value] of Object.entries(given)) {
    const other = got?.given?.[name];
    if (other !== value) throw refusal(`.given.${name} is ${shown(other)}`, `${value}`);
  }
  const { random, place } = got;
  if (!Random.isState(random)) throw refusal(".random is no state of the generator", "its 4 integers");
  const isWord = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;
  const isOther = (value: unknown) => !isWord(value); // `every` would pass over a hole
  if (!Array.isArray(place) || place.findIndex(isOther) >= 0 || !description.isPlace(place)) {
    throw refusal(".place is no place in the data", "the one that was read");
  }
  return [Random.ofState(random), place];
}
