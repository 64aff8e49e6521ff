// Pages in a browser that the tests of a file share, each of a visitor of its own: with nothing kept from another.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "puppeteer";
import { afterAll, beforeAll, inject, test } from "vitest";
import { launchBrowser } from "../demo/terminal/chromium";
import { findFirefox, launchFirefox } from "../demo/terminal/firefox";
import { type BrowserName, workIn } from "../demo/terminal/in-browser";

declare module "vitest" {
  interface ProvidedContext {
    /** The browser that pages are opened in: Firefox in the projects of its name (vitest.config.ts). */
    browser: BrowserName;
  }
}

export const inFirefox = inject("browser") === "firefox";

/** Whether Firefox is installed: where it is not, its tests are skipped, which says so. */
export function hasFirefox(): boolean {
  try {
    return findFirefox() !== "";
  } catch {
    return false;
  }
}

/** A test that needs what only Chromium lets others do with a page. In Firefox's projects there is none. */
export const testInChromium = (name: string, work: () => Promise<void>, timeout?: number): void => {
  if (!inFirefox) test(name, work, timeout);
};

/** Launches the browser that pages are opened in. In Firefox tests also reach the browser itself (`override` in demo/page.ts). */
export const launch = (): Promise<Browser> =>
  inFirefox ? launchFirefox("--remote-allow-system-access") : launchBrowser();

// Not one for all files: their pages would share its GPU process, which computes for one after the other.
let browser: Promise<Browser> | undefined;
afterAll(async () => (await browser)?.close());

/**
 * Opens a built page, as its visitors do, and works with it.
 * @param path from the pages' root, for example `train/#cell=gru`
 * @param before a script that the page runs before its own.
 * @throws what `work` throws; what the page throws or prints with `console.error`.
 */
export const visit = <T>(path: string, work: (page: Page) => Promise<T>, before?: string): Promise<T> =>
  inSharedBrowser(new URL(path, inject("pages")), work, before);

/** Opens an empty page, which can import every module of the repository (`callInPage`), and works with it. */
export const inBlankPage = <T>(work: (page: Page) => Promise<T>): Promise<T> =>
  inSharedBrowser(new URL("demo/terminal/blank.html", inject("sources")), work);

/** As `visit`, in a browser that is launched for it: for who ends its GPU process. */
export async function visitAlone<T>(path: string, work: (page: Page) => Promise<T>): Promise<T> {
  const own = await launch();
  try {
    const context = await newVisitor(own);
    return await workIn(await context.newPage(), new URL(path, inject("pages")), work);
  } finally {
    await own.close();
  }
}

/**
 * Opens a built page once, as `visit` does, for tests that follow each other on it: what it compiled for one serves the next.
 * @returns works with the page; throws as `visit` does.
 */
export function usePage(path: string): (work: (page: Page) => Promise<void>) => Promise<void> {
  let page: Page;
  let visited: Promise<void>;
  let leave = () => {};
  beforeAll(
    () =>
      new Promise<void>((opened, failed) => {
        visited = visit(path, (visit) => {
          page = visit;
          opened();
          return new Promise((resolve) => {
            leave = resolve;
          });
        });
        visited.catch(failed);
      }),
  );
  afterAll(() => {
    leave();
    return visited;
  });
  return (work) => Promise.race([visited, work(page)]);
}

/** The folders where visitors' downloads go. */
export const downloads = new WeakMap<BrowserContext, string>();

/** A profile of a browser that is new. */
export async function newVisitor(browser: Browser): Promise<BrowserContext> {
  const downloadPath = mkdtempSync(join(tmpdir(), "tempograd-downloads-"));
  const context = await browser.createBrowserContext({ downloadBehavior: { policy: "allow", downloadPath } });
  downloads.set(context, downloadPath);
  return context;
}

/** Has a page run a script before its own; not the empty page that is there first, where there is no WebGPU. */
export const runBefore = (page: Page, script: string) =>
  page.evaluateOnNewDocument(`if (isSecureContext) { ${script} }`);

async function inSharedBrowser<T>(address: URL, work: (page: Page) => Promise<T>, before?: string): Promise<T> {
  browser ??= launch();
  const context = await newVisitor(await browser);
  try {
    const page = await context.newPage();
    if (before) await runBefore(page, before);
    return await workIn(page, address, work);
  } finally {
    await context.close();
  }
}
