// Next-token prediction on documents longer than a batch: cuts them into windows that follow one another from batch to
// batch, for training that carries the state (truncated backpropagation through time).

import { expectOptions, TempogradError } from "../errors";
import type { Batch } from "../network/batch";
import { expectTyped } from "../network/columns";
import { Epochs } from "./epochs";
import { expectBatchSize, expectList, expectRows } from "./options";
import { type BatchStream, batchStream } from "./stream";

/**
 * Batches without end, for a trainer with `carryState`. Each row reads a document from its start, `steps` tokens a batch,
 * then the next one: all documents once an epoch, in an order drawn anew for each epoch. The same seed gives the same
 * batches: `inputs` and `targets` [steps, batch], `lengths` [batch] with what a document's last window has, and `reset`
 * [batch], 1 where a row begins a document. Past a row's length inputs are 0 and targets −1.
 * @param options with the `position` of an earlier stream, goes on from there.
 * @throws where there is no document, one has fewer than 2 tokens, an option is not a whole number, or the position is
 *   not one of such a stream.
 * @example
 * ```ts
 * import { carriedWindows, cut } from "tempograd";
 *
 * const stream = carriedWindows(cut(text, 2), { steps: 8, batch: 2, seed: 1 }); // for a trainer with carryState
 * console.log(stream.next().value?.reset); // 1 where a row begins a document
 * ```
 */
export function carriedWindows(
  documents: readonly Int32Array[],
  options: { steps: number; batch: number; seed: number; position?: unknown },
): BatchStream {
  expectOptions("carriedWindows", options);
  const { steps, batch, seed, position } = options;
  expectBatchSize("carriedWindows", steps, batch);
  checkDocuments("carriedWindows", documents);
  const targetsOf = (document: number) => documents[document]!.length - 1;
  const tokens = documents.reduce((sum, { length }) => sum + length, 0);
  return batchStream(
    {
      stream: "carriedWindows",
      given: { documents: documents.length, tokens, steps, batch, seed },
      source(random, [taken, ...readings] = [0]) {
        const epochs = new Epochs(documents.length, random, taken);
        const rows = Array.from({ length: batch }, (_, row): Row => {
          const [document, start] = readings.slice(2 * row);
          return document === undefined ? { document: epochs.take(1)[0]!, start: 0 } : { document, start: start! };
        });
        return {
          next() {
            const windows = windowsAt(documents, rows, steps);
            for (const row of rows) {
              row.start += steps;
              if (row.start < targetsOf(row.document)) continue;
              row.document = epochs.take(1)[0]!;
              row.start = 0;
            }
            return windows;
          },
          where: () => ({
            random: epochs.state,
            place: [epochs.taken, ...rows.flatMap(({ document, start }) => [document, start])],
          }),
        };
      },
      isPlace([taken, ...readings]) {
        const documentOf = (i: number) => readings[i - 1]!;
        return (
          taken! <= documents.length &&
          readings.length === 2 * batch &&
          readings.every((value, i) =>
            i % 2 === 0 ? value < documents.length : value < targetsOf(documentOf(i)) && value % steps === 0,
          )
        );
      },
    },
    position,
  );
}

/**
 * Every document once, for evaluating with `carryState`: each row reads a document from its start, `steps` tokens a batch,
 * then the next one that no row has read. Batches are those of `carriedWindows`; a row that no document is left for has
 * targets of −1 alone.
 * @throws where there is no document, one has fewer than 2 tokens, or an option is not a whole number.
 */
export function carriedWindowsOnce(
  documents: readonly Int32Array[],
  options: { steps: number; batch: number },
): Generator<Batch, void> {
  expectOptions("carriedWindowsOnce", options);
  const { steps, batch } = options;
  expectBatchSize("carriedWindowsOnce", steps, batch);
  checkDocuments("carriedWindowsOnce", documents);
  return (function* () {
    let taken = 0;
    const take = () => (taken < documents.length ? { document: taken++, start: 0 } : undefined);
    let rows = Array.from({ length: batch }, take);
    while (rows.some((row) => row)) {
      yield windowsAt(documents, rows, steps);
      rows = rows.map((row) => {
        if (!row) return row;
        const start = row.start + steps;
        return start < documents[row.document]!.length - 1 ? { ...row, start } : take();
      });
    }
  })();
}

/**
 * One long text as `parts` documents of equal length, views of the same memory, each beginning with the token that the
 * one before ends with: what follows a token is then lost nowhere but at the text's end, where fewer than `parts` tokens
 * are left over.
 * @throws where there are fewer than parts + 1 tokens, or `parts` is not a whole number of 1 or more.
 */
export function cut(tokens: Int32Array, parts: number): Int32Array[] {
  expectRows("cut", "parts", parts);
  expectTyped("cut", "tokens", tokens);
  const length = Math.floor((tokens.length - 1) / parts);
  if (length < 1) {
    throw new TempogradError(
      "batch",
      `cut: tokens has length ${tokens.length}, expected ${parts + 1} or more for ${parts} parts; ` +
        "give a longer text or fewer parts.",
    );
  }
  return Array.from({ length: parts }, (_, part) => tokens.subarray(part * length, (part + 1) * length + 1));
}

/** Where a row reads: a document, and the first token of its next window. */
interface Row {
  document: number;
  start: number;
}

function windowsAt(documents: readonly Int32Array[], rows: readonly (Row | undefined)[], steps: number): Batch {
  const batch = rows.length;
  const inputs = new Int32Array(steps * batch); // [steps, batch]
  const targets = new Int32Array(steps * batch).fill(-1); // [steps, batch]
  const lengths = new Int32Array(batch).fill(1); // [batch]
  const reset = new Int32Array(batch).fill(1); // [batch]
  for (const [row, reading] of rows.entries()) {
    if (!reading) continue;
    const { document, start } = reading;
    const tokens = documents[document]!;
    const length = Math.min(steps, tokens.length - 1 - start);
    for (let step = 0; step < length; step++) {
      inputs[step * batch + row] = tokens[start + step]!;
      targets[step * batch + row] = tokens[start + step + 1]!;
    }
    lengths[row] = length;
    reset[row] = start === 0 ? 1 : 0;
  }
  return { inputs, targets, lengths, reset };
}

function checkDocuments(operation: string, documents: readonly Int32Array[]): void {
  expectList(operation, "documents", documents);
  if (documents.length === 0) {
    throw new TempogradError("batch", `${operation}: got 0 documents, expected 1 or more; give some to read.`);
  }
  for (const [index, document] of documents.entries()) {
    expectTyped(operation, `documents[${index}]`, document);
    if (document.length < 2) {
      throw new TempogradError(
        "batch",
        `${operation}: documents[${index}] has length ${document.length}, expected 2 or more for a token and its next; ` +
          "leave the document out.",
      );
    }
  }
}
