export async function workedExample(_: unknown): Promise<number> {
  return 0;
}
