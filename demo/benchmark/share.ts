// A report as the hash of a URL, and back: JSON, deflated, in base64url.

import { asReport } from "./read-report";
import type { Report } from "./report";

const key = "#report=";
/** A report of every engine on every problem has 100 kB; more is no report, however small it is deflated. */
const mostCharacters = 2_000_000;

export async function toHash(report: Report): Promise<string> {
  const deflated = await bytesOf(
    new Blob([JSON.stringify(report)]).stream().pipeThrough(new CompressionStream("deflate-raw")),
  );
  let binary = "";
  for (const byte of deflated) binary += String.fromCharCode(byte);
  return key + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The report of a hash; undefined where the hash is of something else.
 * @throws where it is damaged.
 */
export async function fromHash(hash: string): Promise<Report | undefined> {
  if (!hash.startsWith(key)) return undefined;
  let value: unknown;
  try {
    const binary = atob(hash.slice(key.length).replaceAll("-", "+").replaceAll("_", "/"));
    const deflated = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const inflated = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    value = JSON.parse(new TextDecoder().decode(await bytesOf(inflated)));
  } catch {
    throw new Error("The report in this address is damaged: part of the address is missing, or was changed.");
  }
  return asReport(value);
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parts.push(read.value);
    length += read.value.length;
    if (length > mostCharacters) {
      await reader.cancel();
      throw new Error(`share: the report has more than ${mostCharacters} bytes.`);
    }
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
