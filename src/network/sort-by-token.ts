// Sorts the rows of a batch by token, as the gradient of a gather reads them.

/**
 * The rows sorted by token, stably, on the host: those of token v are order[start[v]] … order[start[v + 1] − 1].
 * @param start [I + 1] and order [rows], out
 */
export function sortByToken(tokens: ArrayLike<number>, start: Uint32Array, order: Uint32Array): void {
  start.fill(0);
  for (let row = 0; row < tokens.length; row++) start[tokens[row]!]!++;
  for (let token = 1; token < start.length; token++) start[token]! += start[token - 1]!; // where each token's rows end
  for (let row = tokens.length - 1; row >= 0; row--) order[--start[tokens[row]!]!] = row;
}

/**
 * The tokens that occur, in ascending order, and −1 behind them.
 * @param rows out, as many as may occur
 * @returns of each token its number among those
 */
export function numberTokens(tokens: ArrayLike<number>, rows: Int32Array): Int32Array {
  const occurring = [...new Set(Array.from(tokens))].sort((a, b) => a - b);
  rows.fill(-1).set(occurring);
  const numbers = new Map(occurring.map((token, number) => [token, number]));
  return Int32Array.from(tokens, (token) => numbers.get(token)!);
}
