// Next-token prediction on one long sequence of tokens: cuts it into batches whose targets are the inputs one step later.

import { expectOptions, TempogradError } from "../errors";
import type { Batch } from "../network/batch";
import { expectTyped } from "../network/columns";
import { expectBatchSize, heldOutCount } from "./options";
import { type BatchStream, batchStream } from "./stream";

/**
 * Keeps the end of the tokens back for evaluation: the last tenth, unless another fraction is given. Both parts are
 * views of the same memory. Throws if the fraction is not between 0 and 1, or leaves one part without a token.
 */
export function split(tokens: Int32Array, heldOutFraction = 0.1): { training: Int32Array; heldOut: Int32Array } {
  expectTyped("split", "tokens", tokens);
  const at = tokens.length - heldOutCount("split", "tokens", tokens.length, heldOutFraction);
  return { training: tokens.subarray(0, at), heldOut: tokens.subarray(at) };
}

/**
 * Batches without end, for training: every row is a window of `steps` tokens, in `inputs` [steps, batch], with the
 * tokens one step later in `targets` [steps, batch]. Windows start anywhere with equal chance and may overlap; the same
 * seed gives the same batches.
 * @param options with the `position` of an earlier stream, goes on from there.
 * @throws where there are fewer than steps + 1 tokens, an option is not a whole number, or the position is not one of
 *   such a stream.
 * @example
 * ```ts
 * import { randomWindows } from "tempograd";
 *
 * const stream = randomWindows(text, { steps: 8, batch: 4, seed: 1 });
 * const { value } = stream.next();
 * console.log(value?.inputs.length, value?.targets.length); // 32, 32
 * ```
 */
export function randomWindows(
  tokens: Int32Array,
  options: { steps: number; batch: number; seed: number; position?: unknown },
): BatchStream {
  expectOptions("randomWindows", options);
  const { steps, batch, seed, position } = options;
  expectBatchSize("randomWindows", steps, batch);
  checkLength("randomWindows", tokens, steps + 1, `${steps} steps`);
  const lastStart = tokens.length - 1 - steps;
  return batchStream(
    {
      stream: "randomWindows",
      given: { tokens: tokens.length, steps, batch, seed },
      source: (random) => ({
        next() {
          const starts = Array.from({ length: batch }, () => random.integer(0, lastStart));
          return windowsAt(tokens, starts, steps, batch);
        },
        where: () => ({ random: random.state, place: [] }),
      }),
      isPlace: (place) => place.length === 0,
    },
    position,
  );
}

/**
 * Every token but the first as a target exactly once, for evaluation: windows of `steps` tokens laid end to end, `batch`
 * of them in a batch, `inputs` and `targets` [steps, batch]. What the last batch has no tokens for has target −1, so
 * batches weighed by how many targets count give the mean over the text. Each window starts without a past.
 * Throws if there are fewer than 2 tokens or an option is not a whole number of 1 or more.
 */
export function consecutiveWindows(
  tokens: Int32Array,
  options: { steps: number; batch: number },
): Generator<Batch, void> {
  expectOptions("consecutiveWindows", options);
  const { steps, batch } = options;
  expectBatchSize("consecutiveWindows", steps, batch);
  checkLength("consecutiveWindows", tokens, 2, "a token and its next");
  return (function* () {
    for (let start = 0; start < tokens.length - 1; start += steps * batch) {
      const starts = Array.from({ length: batch }, (_, row) => start + row * steps);
      yield windowsAt(tokens, starts, steps, batch);
    }
  })();
}

/** Row b holds the window at starts[b]; where it runs past the tokens: input 0, target −1. */
function windowsAt(tokens: Int32Array, starts: number[], steps: number, batch: number): Batch {
  const inputs = new Int32Array(steps * batch); // [steps, batch]
  const targets = new Int32Array(steps * batch).fill(-1); // [steps, batch]
  for (const [row, start] of starts.entries()) {
    const end = Math.min(steps, tokens.length - 1 - start);
    for (let step = 0; step < end; step++) {
      inputs[step * batch + row] = tokens[start + step]!;
      targets[step * batch + row] = tokens[start + step + 1]!;
    }
  }
  return { inputs, targets };
}

function checkLength(operation: string, tokens: Int32Array, least: number, purpose: string): void {
  expectTyped(operation, "tokens", tokens);
  if (tokens.length < least) {
    throw new TempogradError(
      "batch",
      `${operation}: tokens has length ${tokens.length}, expected ${least} or more for ${purpose}; ` +
        "give a longer text or fewer steps.",
    );
  }
}
