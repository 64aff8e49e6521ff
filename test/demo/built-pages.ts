// The pages as they are built for visitors, on a server of plain files, each visited by a new profile of a browser.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Page } from "puppeteer";
import { build } from "vite";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { pages } from "../../demo/frame";
import { launch, newVisitor, runBefore } from "../visit";
import { anotherGpu } from "./page";
import { StaticServer } from "./static-server";

export const folders = Object.keys(pages);
/** What a page may weigh, compressed. */
export const mostBytes = 150_000;

export const noServiceWorkers = `Object.defineProperty(navigator, "serviceWorker", { value: undefined })`;
export const noGpu = anotherGpu("undefined");
const tellViolations = `addEventListener("securitypolicyviolation", (event) =>
  console.error("refused by the policy: " + event.violatedDirective + " " + event.blockedURI))`;

let built: string;
export let server: StaticServer;
export let browser: Browser;

/** Builds the pages, with a word in each that tells one build from another. */
export async function buildPages(edition: string): Promise<string> {
  const outDir = join(built, edition);
  const mark = {
    name: "edition",
    transformIndexHtml: () => [{ tag: "meta", attrs: { name: "edition", content: edition } }],
  };
  const configFile = resolve(import.meta.dirname, "../../vite.config.ts");
  await build({ configFile, logLevel: "error", build: { outDir }, plugins: [mark] });
  return outDir;
}

/** Builds the pages before the tests of a file, and serves them. */
export function useBuiltPages(): void {
  beforeAll(async () => {
    vi.stubEnv("NODE_ENV", "production");
    built = mkdtempSync(join(tmpdir(), "built-pages-"));
    server = await StaticServer.open(await buildPages("first"));
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(built, { recursive: true });
  });
}

/** Works with a page of a browser profile that is new; what goes wrong in it is an error, unless it is offline. */
export async function withVisitor(work: (page: Page) => Promise<void>, ...before: string[]): Promise<void> {
  const context = await newVisitor(browser);
  try {
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on("pageerror", (thrown) => wrong.push(String(thrown)));
    page.on("console", (message) => {
      if (message.type() === "error") wrong.push(`${message.text()} ${message.location().url ?? ""}`);
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(server.address) && !/^(data|blob):/.test(url)) wrong.push(`asked for ${url}`);
    });
    for (const script of [tellViolations, ...before]) await runBefore(page, script);
    server.answers.length = 0;
    await work(page);
    expect(wrong).toEqual([]);
    expect(server.answers.filter(({ status }) => status !== 200)).toEqual([]);
  } finally {
    await context.close();
    Object.assign(server, { folder: join(built, "first"), down: false });
    server.strays.clear();
  }
}

/** Opens a page and waits until it can be used. */
export async function open(page: Page, folder: string, hash = ""): Promise<void> {
  await page.goto(`${server.address}${folder && `${folder}/`}${hash}`);
  await page.waitForNetworkIdle({ idleTime: 200 });
  await untilUsable(page);
}

export const untilUsable = (page: Page) => page.waitForFunction(`!document.querySelector("button.primary:disabled")`);

/** The bytes of a page's code, compressed, as it was loaded. */
export const bytesOfCode = (): number =>
  server.answers.filter(({ path }) => /\.(html|css|js)$/.test(path)).reduce((sum, { bytes }) => sum + bytes, 0);
