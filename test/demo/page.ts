// What tests of the pages do with a page, as its visitors would.

import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import type { ElementHandle, Page } from "puppeteer";
import { vi } from "vitest";
import { downloads, inFirefox } from "../visit";

export { pagePackages as bundled } from "../../demo/terminal/in-browser";

export const textOf = (page: Page, id: string) => page.$eval(`#${id}`, (found) => found.textContent ?? "");

export const numberOf = async (page: Page, id: string) => Number((await textOf(page, id)).replaceAll(",", ""));

export const isSeen = (page: Page, id: string) => page.$eval(`#${id}`, (found) => found.checkVisibility());

/** Waits until a control can be used. */
export const button = (page: Page, id: string) => page.waitForSelector(`#${id}:enabled`, { timeout: 30_000 });

/** Presses a control once it can be used and stands still: what comes above it meanwhile would move it from under the pointer. */
export const press = (page: Page, id: string) => page.locator(`#${id}`).setTimeout(30_000).click();

/** Fills in controls; a closed part of the form is opened first. */
export async function enter(page: Page, values: Record<string, string>): Promise<void> {
  for (const [id, value] of Object.entries(values)) {
    await page.$eval(`#${id}`, (control) => control.closest("details")?.setAttribute("open", ""));
    await page.locator(`#${id}`).fill(value);
  }
}

/** Waits until a text in the page is as it should be. */
export async function until(page: Page, id: string, pattern: RegExp, timeout = 30_000): Promise<void> {
  await page
    .waitForFunction(
      (id: string, source: string) => new RegExp(source).test(document.getElementById(id)!.textContent ?? ""),
      { polling: 50, timeout },
      id,
      pattern.source,
    )
    .catch(async (cause) => {
      throw new Error(`#${id} did not become ${pattern}; the page says: ${await saidIn(page)}`, { cause });
    });
}

/** What a page says of what it does, for who waits for it in vain. */
async function saidIn(page: Page): Promise<string> {
  const said = await page.$$eval("[id][aria-live], [role=status], [role=alert], #step, #status, #failure", (all) =>
    all.map(({ id, textContent }) => textContent && `#${id}: ${textContent.trim()}`),
  );
  return said.filter(Boolean).join(" | ");
}

/** Chooses a file of this machine in an input. */
export async function choose(page: Page, id: string, path: string): Promise<void> {
  await ((await page.$(`#${id}`)) as ElementHandle<HTMLInputElement>).uploadFile(path);
}

/** Writes a file and chooses it in an input. */
export async function bring(page: Page, id: string, name: string, content: string | Uint8Array): Promise<void> {
  const path = join(await mkdtemp(join(tmpdir(), "tempograd-file-")), name);
  await writeFile(path, content);
  await choose(page, id, path);
}

/** Presses what downloads a file, and answers what came. */
export async function downloaded(page: Page, id: string): Promise<{ name: string; bytes: Buffer }> {
  const folder = downloads.get(page.browserContext())!;
  await press(page, id);
  let before: string | undefined;
  const seenTwice = async () => {
    const [name, ...others] = await readdir(folder); // while it comes, also what the browser writes it to
    const isNew = name !== before; // Firefox begins under a name of its own
    before = name;
    if (!name || isNew || others.length > 0 || isPart.test(name)) throw new Error(`#${id} downloaded nothing.`);
    return name;
  };
  const name = await vi.waitFor(seenTwice, { timeout: 30_000, interval: 100 });
  const bytes = await readFile(join(folder, name));
  await rm(join(folder, name));
  return { name, bytes };
}

/** What browsers call a file that is on its way. */
const isPart = /\.(part|crdownload)$/;

/** What has the workers of a page run a script before their own, where the page runs it before its own. */
export const inWorkers = (script: string): string => `const Own = Blob;
  self.Blob = function (parts, options) {
    const isScript = options?.type === "text/javascript"; // what starts a worker
    return new Own(isScript ? [${JSON.stringify(script)}, ...parts] : parts, options);
  };`;

/** What gives a page and its workers another WebGPU, where the page runs it before its own scripts. */
export function anotherGpu(gpu: string): string {
  const script = `Object.defineProperty(navigator, "gpu", { configurable: true, value: ${gpu} });`;
  return script + inWorkers(script);
}

/** Ends the browser's GPU process, as a crashing driver would. */
export async function crashGpu(page: Page): Promise<void> {
  const session = await page.browser().target().createCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  process.kill(processInfo.find(({ type }) => type === "GPU")!.id, "SIGKILL");
  await session.detach();
}

/** How a page is shown; what is not said is the browser's own. */
interface Media {
  type?: "screen" | "print";
  scheme?: "light" | "dark";
  motion?: "reduce";
}

/** Shows a page otherwise than the browser would. */
export async function emulate(page: Page, { type, scheme, motion }: Media): Promise<void> {
  if (inFirefox) {
    const overrides = {
      mediumOverride: type,
      prefersColorSchemeOverride: scheme,
      prefersReducedMotionOverride: motion,
    };
    return override(page, overrides);
  }
  if (type) return page.emulateMediaType(type); // not both: each takes the other back
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme ?? "" },
    { name: "prefers-reduced-motion", value: motion ?? "" },
  ]);
}

/** Sets what Firefox shows a page by, which WebDriver BiDi cannot yet: in the browser's own window. */
async function override(page: Page, values: Record<string, string | undefined>): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: puppeteer has neither of these in its types
  const [{ connection }, { _id: id }] = [page.browser(), page.mainFrame()] as any[];
  const send = async (method: string, parameters: object) => (await connection.send(method, parameters)).result;
  const windows = await send("browsingContext.getTree", { "moz:scope": "chrome" });
  const expression = `{
    const { NavigableManager } = ChromeUtils.importESModule("chrome://remote/content/shared/NavigableManager.sys.mjs");
    const context = NavigableManager.getBrowsingContextById("${id}").top;
    Object.assign(context, ${JSON.stringify(values)});
  }`;
  const target = { context: windows.contexts[0].context };
  const { type, exceptionDetails } = await send("script.evaluate", { expression, target, awaitPromise: false });
  if (type === "exception") throw new Error(exceptionDetails.text);
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with a page as it stands, in a colour scheme, and identifiers that are there twice: a line each. */
export async function barriers(page: Page, scheme: "light" | "dark"): Promise<string[]> {
  await emulate(page, { scheme, motion: "reduce" }); // or it measures colours in mid-transition
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  const ids = await page.$$eval("[id]", (all) => all.map(({ id }) => id));
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `two elements are called "${id}"`);
  const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as AxeResults;
  const found = violations.flatMap(({ id, impact, nodes }) =>
    nodes.map((node) => `${impact} ${id}: ${node.failureSummary} ${node.html}`),
  );
  return [...twice, ...found];
}
