// PyTorch's recordings and whole models, and what of them differs somewhere.

import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Place, type Verify, verifyingOn } from "../../demo/terminal/backends";
import type { LimitKind } from "../../demo/terminal/limits";
import type { Verdict } from "../../demo/terminal/recording";
import type { Sweeps } from "../../demo/terminal/sweeps";

const folder = (of: string) => resolve(import.meta.dirname, "..", of);
const namesIn = (of: string) =>
  readdirSync(folder(of))
    .filter((file) => file.endsWith(".safetensors"))
    .map((file) => file.replace(".safetensors", ""));

export const names = namesIn("recordings");
export const models = namesIn("models");
export const bytesOf = (name: string) =>
  readFile(resolve(folder(models.includes(name) ? "models" : "recordings"), `${name}.safetensors`));

/** What differs there, of files by the sweeps they are to be computed by; none: as the place is opened. */
export async function differing(
  place: Place,
  sweeps: Sweeps,
  files: readonly (readonly [name: string, sweeps?: Sweeps])[],
  limits: LimitKind = "adapter",
): Promise<string[]> {
  const wrong: string[] = [];
  const verifyAll = async (verify: Verify) => {
    for (const [name, other] of files) {
      const what = [name, other].filter(Boolean).join(", ");
      const verdict: Verdict = await verify(await bytesOf(name), other);
      if ("unsupported" in verdict) wrong.push(`${what}: unsupported ${verdict.unsupported}`);
      else if ("inapplicable" in verdict) wrong.push(`${what}: ${verdict.inapplicable}`);
      else if (verdict.differs) wrong.push(`${what}: ${verdict.differs} ${JSON.stringify(verdict.errors)}`);
    }
  };
  await verifyingOn(place, sweeps, verifyAll, limits);
  return wrong;
}
