// Long work on the processor in pieces, between which all else has its turn.

import type { Lifetime } from "./lifetime";

/** A piece should take less than that. */
const turnMilliseconds = 16;

/**
 * Runs `work` to its end, and lets the event loop have a turn whenever that was not so for a while.
 * @param work yields after each piece.
 * @throws where `lifetime` ends, or `signal` aborts: its reason.
 */
export async function inTurns<T>(
  operation: string,
  work: Iterator<unknown, T>,
  lifetime: Lifetime,
  signal: AbortSignal | undefined,
): Promise<T> {
  let began = performance.now();
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() - began < turnMilliseconds) continue;
    await turn();
    lifetime.expect(operation);
    signal?.throwIfAborted();
    began = performance.now();
  }
}

/** Behind what is waiting now. By a message: browsers put timers off, in a page that is hidden by a second. */
function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
