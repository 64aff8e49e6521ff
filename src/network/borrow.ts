// Uses again what an earlier call has left.

import type { Network } from "./network";

/** Each is nearly as large as a pass. */
const mostKept = 8;

/**
 * Uses what an earlier call of the same key has left, or makes it; it is nobody else's meanwhile, and kept afterwards.
 * What fails is not kept.
 */
export async function borrow<Kept extends { destroy(): void }, Answer>(
  { lifetime, programs }: Network,
  key: string,
  make: () => Promise<Kept>,
  use: (kept: Kept) => Promise<Answer>,
): Promise<Answer> {
  const borrowed = (programs.kept.get(key) as Kept | undefined) ?? (await make());
  programs.kept.delete(key);
  try {
    const answer = await use(borrowed);
    if (lifetime.ending) borrowed.destroy();
    else keep(programs.kept, key, borrowed);
    return answer;
  } catch (error) {
    borrowed.destroy();
    throw error;
  }
}

function keep(all: Map<string, { destroy(): void }>, key: string, kept: { destroy(): void }): void {
  all.get(key)?.destroy();
  all.delete(key);
  all.set(key, kept);
  const [oldest] = all.keys();
  if (all.size <= mostKept || oldest === undefined) return;
  all.get(oldest)?.destroy();
  all.delete(oldest);
}
