// What a visitor brings to learn from, and how to tell it again.

import { brief } from "../data/refusal";

/** A text, or a file of sequences. */
export interface OwnData {
  /** The file's name, or "your text". */
  name: string;
  text: string;
}

/** What a checkpoint says of the data, which stays out of it. */
export interface OwnDataLabel {
  name: string;
  /** Characters. */
  length: number;
  /** SHA-256 of its text, in hexadecimal digits. */
  digest: string;
}

export async function labelOf({ name, text }: OwnData): Promise<OwnDataLabel> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const digest = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { name, length: text.length, digest };
}

export const isSame = async (own: OwnData, { digest }: OwnDataLabel): Promise<boolean> =>
  (await labelOf(own)).digest === digest;

/** @throws where a training goes on with other data than it began with. */
export async function expectSame(own: OwnData | undefined, expected: OwnDataLabel | undefined): Promise<void> {
  if (!expected || (own && (await isSame(own, expected)))) return;
  const { name, length } = expected;
  throw new Error(
    `This was trained on ${brief(String(name))}, ${length.toLocaleString("en")} characters, which the file leaves out: give the same text first, then open the file again.`,
  );
}
