// Runs the lines that the training page gives for elsewhere, as they stand there, with the files that it saved.

import type { Page } from "puppeteer";

/** The lines of a name, as its button copies them. */
export async function linesOf(page: Page, name: string): Promise<string> {
  await page.$eval("#elsewhere", (details) => details.setAttribute("open", ""));
  const place = `#snippets [aria-label="Lines of ${name}"]`;
  await page.waitForSelector(place);
  return page.$eval(place, (lines) => lines.textContent ?? "");
}

interface Reached {
  /** What a module exports, by its name. */
  modules: Readonly<Record<string, object>>;
  /** What is to be had by the name of a file. */
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
}

/** @returns what the lines print. */
export async function run(lines: string, { modules, files }: Reached): Promise<unknown[]> {
  const [, taken, from] = /^import (\{.*\}) from "(.*)";\n/.exec(lines)!;
  const said: unknown[] = [];
  const console = { log: (...words: unknown[]) => said.push(...words) };
  const fetch = async (name: string) => new Response(files[name]);
  const Run = Object.getPrototypeOf(async () => {}).constructor;
  const body = `const ${taken} = library;\n${lines.slice(lines.indexOf("\n"))}`;
  await new Run("library", "fetch", "console", body)(modules[from!], fetch, console);
  return said;
}
