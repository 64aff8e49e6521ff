// The terminal's programs, run as a user runs them.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";

export const root: string = resolve(import.meta.dirname, "../../..");

/** A folder of a test file alone, removed after its tests. */
export function useFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tempograd-terminal-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

export interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

type Watch = (child: ChildProcess, out: string) => void;

/** @param watch called with each piece of output, and all of it so far. */
export const run = ([program, ...args]: string[], watch?: Watch): Promise<Outcome> =>
  runProgram(`demo/terminal/${program}.ts`, args, watch);

/** As `run`, of a program anywhere. @param path from the repository's root */
export function runProgram(path: string, args: readonly string[], watch?: Watch): Promise<Outcome> {
  return new Promise((finish) => {
    const child = spawn(process.execPath, ["demo/terminal/run.mjs", path, ...args], { cwd: root });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => {
      out += data;
      watch?.(child, out);
    });
    child.stderr.on("data", (data) => {
      err += data;
    });
    child.on("close", (code) => finish({ code, out, err }));
  });
}

/** What --json printed. */
export const linesOf = (out: string) =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** Options of a small network. */
export const small: readonly string[] = ["--hidden", "16", "--batch", "8", "--length", "16"];

export const ofNetwork = (tensors: ReadonlyMap<string, unknown>): string[] =>
  [...tensors.keys()].filter((name) => !name.startsWith("trainer."));
