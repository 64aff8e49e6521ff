// PyTorch's recordings and whole models, and what of them differs somewhere.

import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Place, type Sweeps, type Verify, verifyingOn } from "../../demo/terminal/backends";
import type { LimitKind } from "../../demo/terminal/limits";
import type { Verdict } from "../../demo/terminal/recording";
import type { Schedule } from "../../src/index";

const folder = (of: string) => resolve(import.meta.dirname, "..", of);
const namesIn = (of: string) =>
  readdirSync(folder(of))
    .filter((file) => file.endsWith(".safetensors"))
    .map((file) => file.replace(".safetensors", ""));

export const names = namesIn("recordings");
export const models = namesIn("models");
export const bytesOf = (name: string) =>
  readFile(resolve(folder(models.includes(name) ? "models" : "recordings"), `${name}.safetensors`));

/** What differs there, of files in the schedules they are to be computed in; none: as the place is opened. */
export async function differing(
  place: Place,
  sweeps: Sweeps,
  files: readonly (readonly [name: string, schedule?: Schedule])[],
  limits: LimitKind = "adapter",
): Promise<string[]> {
  const wrong: string[] = [];
  const verifyAll = async (verify: Verify) => {
    for (const [name, schedule] of files) {
      const what = [name, schedule].filter(Boolean).join(", ");
      const verdict: Verdict = await verify(await bytesOf(name), schedule);
      if ("unsupported" in verdict) wrong.push(`${what}: unsupported ${verdict.unsupported}`);
      else if ("inapplicable" in verdict) wrong.push(`${what}: ${verdict.inapplicable}`);
      else if (verdict.differs) wrong.push(`${what}: ${verdict.differs} ${JSON.stringify(verdict.errors)}`);
    }
  };
  await verifyingOn(place, sweeps, verifyAll, limits);
  return wrong;
}
