// What readers of recordings share: their metadata is not trusted, and what is refused is named.

import { TempogradError, type TensorData } from "../../src/index";

export type Words = Record<string, unknown>;

/** Beyond this, what a recording says is none of it: a class weight for each of many outputs is the longest. */
const mostCharacters = 100_000;
export const mostQuoted = 60;

export const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

export const isWords = (value: unknown): value is Words =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws where metadata under this key is no object in JSON. */
export function jsonOf(metadata: Record<string, string>, key: string): Words {
  const text = metadata[key] ?? "";
  if (text.length <= mostCharacters) {
    try {
      const value: unknown = JSON.parse(text);
      if (isWords(value)) return value;
    } catch {} // it is no JSON
  }
  const expected = `an object in JSON of at most ${mostCharacters} characters`;
  refuse(`metadata "${key}"`, `${brief(text)}, of ${text.length} characters`, expected);
}

/** Notes in `unsupported` a word that is none of those known. @throws where it is no word. */
export function expectWord(unsupported: string[], what: string, word: unknown, words: readonly string[]): void {
  if (typeof word !== "string") refuse(what, brief(word), "a word");
  if (!words.includes(word)) unsupported.push(`${what} ${word.slice(0, mostQuoted)}`);
}

/** @throws unless there is a tensor of this name, shape and type; answers it. */
export function expectTensor(
  tensors: ReadonlyMap<string, TensorData>,
  name: string,
  shape: readonly number[],
  type: "F32" | "I32",
): TensorData {
  const tensor = tensors.get(name);
  const expected = `${type} [${shape.join(", ")}]`;
  if (!tensor) refuse(`tensor "${name}"`, "missing", expected);
  const got = tensor.data instanceof Float32Array ? "F32" : "I32";
  if (got !== type || tensor.shape.join() !== shape.join()) {
    refuse(`tensor "${name}"`, `${got} ${brief(JSON.stringify(tensor.shape))}`, expected);
  }
  return tensor;
}

/** What `act` makes of a part of the file, or why it is refused. */
export function checked<T>(part: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new TempogradError("file", `verify: ${part} of the file is refused (${(error as Error).message})`);
  }
}

export function brief(value: unknown): string {
  const text = typeof value === "object" ? (value === null ? "null" : "an object") : String(value);
  const short = text.length > mostQuoted ? `${text.slice(0, mostQuoted)}…` : text;
  return typeof value === "string" ? `"${short}"` : short;
}

export function refuse(
  subject: string,
  got: unknown,
  expected: string,
  cure = "the file is damaged, record it again",
): never {
  throw new TempogradError("file", `verify: ${subject} is ${got}, expected ${expected}; ${cure}.`);
}
