// What the tests of pages share, for one run: the pages as they are built, and the sources, each on a server of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, preview } from "vite";
import type { TestProject } from "vitest/node";
import { serveSources } from "../demo/terminal/in-browser";

interface Site {
  /** The address of the built pages. */
  pages: string;
  /** The address of the repository's files, each as a module. */
  sources: string;
}

declare module "vitest" {
  interface ProvidedContext extends Site {}
}

const configFile = resolve(import.meta.dirname, "../vite.config.ts");

/** Of the process: each project that needs the site loads a module of its own. */
const run = globalThis as { tempogradSite?: Promise<Site & { close(): Promise<void> }> };

async function openSite() {
  const outDir = mkdtempSync(join(tmpdir(), "tempograd-pages-"));
  // Not for production (Vitest's NODE_ENV is "test"): such pages keep themselves on no device, so that visits stay apart.
  await build({ configFile, logLevel: "error", build: { outDir } });
  const [pages, sources] = await Promise.all([
    preview({ configFile, logLevel: "warn", build: { outDir }, preview: { host: "127.0.0.1", port: 0 } }),
    serveSources(),
  ]);
  return {
    pages: pages.resolvedUrls!.local[0]!,
    sources: sources.resolvedUrls!.local[0]!,
    async close() {
      await Promise.all([pages.close(), sources.close()]);
      rmSync(outDir, { recursive: true });
    },
  };
}

export default async function open({ provide }: TestProject): Promise<() => Promise<void>> {
  const opens = run.tempogradSite === undefined;
  run.tempogradSite ??= openSite();
  const { pages, sources, close } = await run.tempogradSite;
  provide("pages", pages);
  provide("sources", sources);
  return async () => {
    if (!opens) return; // all projects leave at the end of the run
    delete run.tempogradSite;
    await close();
  };
}
