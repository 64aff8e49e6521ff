// Mesa's compiler for AMD GPUs, of a chip that need not be there: what becomes of shaders.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { unpackChromium } from "../terminal/unpack-chromium";

/** What the compiler says of a kernel. Cycles are its estimates. */
export interface Compiled {
  /** Vector registers of a thread, and those of them that lie in memory. */
  readonly registers: number;
  readonly spilled: number;
  readonly workgroupBytes: number;
  /** That a SIMD holds at once. */
  readonly waves: number;
  readonly instructions: number;
  /** Cycles from the first instruction of a wave to its last. */
  readonly latency: number;
  /** Cycles that a SIMD is busy for with a wave, where others fill its waiting. */
  readonly inverseThroughput: number;
  /** The driver's words, with the instructions where they were asked for. */
  readonly text: string;
}

/** What a shader's number stands behind, in what the driver prints. */
export const mark = "=== kernel ";

/** What is to be installed; anything else that is needed comes with the npm packages. */
const packages = ["mesa-vulkan-drivers", "gcc", "libc6-dev"];

/** Compiles shaders. @param listing whether to print their instructions too @throws where the packages are missing, or a shader does not compile. */
export async function compileFor(chip: string, shaders: readonly string[], listing: boolean): Promise<Compiled[]> {
  const driver = driverFile();
  const folder = await mkdtemp(join(tmpdir(), "kernels-"));
  try {
    const library = join(folder, "libvulkan.so.1"); // Dawn's name for the loader
    const source = join(import.meta.dirname, "idle-vulkan.c");
    await run(
      "gcc",
      ["-shared", "-fPIC", "-O1", "-Wl,-soname,libvulkan.so.1", "-o", library, source, "-ldl"],
      join(folder, "gcc"),
    );
    const file = join(folder, "shaders.json");
    await writeFile(file, JSON.stringify(shaders));
    const environment = {
      IDLE_VULKAN_LOADER: join(await unpackChromium(), "libvulkan.so.1"),
      VK_ICD_FILENAMES: driver,
      RADV_FORCE_FAMILY: chip,
      RADV_DEBUG: `shaderstats,nocache${listing ? ",shaders" : ""}`,
    };
    const terminal = resolve(import.meta.dirname, "../..", "demo/terminal/run.mjs");
    const output = join(folder, "output");
    await run(process.execPath, [terminal, "demo/kernels/compile.ts", library, file], output, environment);
    return (await readFile(output, "utf8")).split(mark).slice(1).map(read);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Whether the packages are there. */
export const isInstalled = (): boolean => drivers().length > 0 && existsSync("/usr/bin/gcc");

const missing = () =>
  new Error(
    `kernels: got no Mesa driver for AMD GPUs or no C compiler, expected both, on Linux x64; apt-get install -y ${packages.join(" ")}`,
  );

function drivers(): string[] {
  const folder = "/usr/share/vulkan/icd.d";
  if (process.arch !== "x64" || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith("radeon_icd"))
    .map((name) => join(folder, name));
}

function driverFile(): string {
  const [file] = drivers();
  if (!file || !isInstalled()) throw missing();
  return file;
}

/** Runs a program. @param output a file for what it prints to stderr: a pipe loses what comes too fast @throws its last words where it fails. */
async function run(program: string, args: string[], output: string, environment: NodeJS.ProcessEnv = {}) {
  const file = await open(output, "w");
  try {
    const child = spawn(program, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "ignore", file.fd],
    });
    const [code] = await once(child, "exit");
    if (code === 0) return;
  } finally {
    await file.close();
  }
  const words = (await readFile(output, "utf8")).trim().split("\n");
  throw new Error(`kernels: ${words.at(-1) || `${program} failed`}.`);
}

const columns = {
  registers: "VGPRs",
  spilled: "Spilled VGPRs",
  workgroupBytes: "LDS size",
  waves: "Subgroups per SIMD",
  instructions: "Instructions",
  latency: "Latency",
  inverseThroughput: "Inverse Throughput",
} as const;

function read(text: string): Compiled {
  const values = Object.entries(columns).map(([key, name]) => {
    const found = new RegExp(`^${name}: (\\d+)`, "m").exec(text);
    if (!found) throw new Error(`kernels: Mesa's driver prints no "${name}" of a kernel; use Mesa 22.3 or newer.`);
    return [key, Number(found[1])];
  });
  return { ...Object.fromEntries(values), text };
}
