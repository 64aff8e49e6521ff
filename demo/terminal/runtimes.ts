// Finds Deno and Bun, which have WebGPU of their own: Deno by naga, Bun by Dawn in the package bun-webgpu.

import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export const runtimes = ["deno", "bun"] as const;
export type RuntimeName = (typeof runtimes)[number];

/** How a program is run there. */
export interface Runtime {
  readonly executable: string;
  /** In front of the program's path. */
  readonly args: readonly string[];
  /** The module whose `setupGlobals` gives `navigator.gpu`; undefined where there is one anyway. */
  readonly webgpu?: string;
}

const cures = {
  deno: "install it (https://deno.com, or npm install --global deno)",
  bun: "install it with its WebGPU (npm install --global bun bun-webgpu)",
};

/**
 * Finds a runtime: the one that TEMPOGRAD_DENO or TEMPOGRAD_BUN names, else the first in `PATH`.
 * @throws Error where the environment names a file that does not exist, where nothing is found, or Bun has no bun-webgpu beside it.
 */
export function findRuntime(
  name: RuntimeName,
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
): Runtime {
  const executable = executableOf(name, platform, environment);
  if (name === "deno") return { executable, args: ["run", "--allow-all", "--unstable-webgpu"] };
  return { executable, args: [], webgpu: bunWebGpu(executable) };
}

function executableOf(name: RuntimeName, platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  const variable = `TEMPOGRAD_${name.toUpperCase()}`;
  const named = environment[variable];
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`findRuntime: ${variable} is "${named}", expected a file that exists; correct it or unset it.`);
  }
  const file = platform === "win32" ? `${name}.exe` : name;
  const folders = (environment.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = folders.map((folder) => join(folder, file)).find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    `findRuntime: no ${name} found in PATH, expected an installed one; set ${variable}=/path/to/${name} or ${cures[name]}.`,
  );
}

/** The package bun-webgpu, installed beside Bun by npm, or by `bun add --global`. */
function bunWebGpu(executable: string): string {
  for (const from of [realpathSync(executable), join(homedir(), ".bun/install/global/package.json")]) {
    try {
      return createRequire(from).resolve("bun-webgpu");
    } catch {
      // It may be in the other place.
    }
  }
  throw new Error(`findRuntime: ${executable} has no bun-webgpu beside it, expected that package; ${cures.bun}.`);
}
