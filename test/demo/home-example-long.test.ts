// The example that stands on the home page.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { namesAsText } from "../../demo/data/names-text";
import * as library from "../../src/index";
import { useGpu } from "../workbench";

const gpu = useGpu();

test("has an example of ten lines that runs as it stands, and learns", async () => {
  const html = readFileSync(resolve(import.meta.dirname, "../..", "demo/index.html"), "utf8");
  const code = /<pre id="code"><code>(.*)<\/code><\/pre>/s.exec(html)![1]!.replaceAll("&gt;", ">");
  const [imports, ...lines] = code.split("\n");
  expect(lines.filter((line) => line !== "")).toHaveLength(10);
  const said: unknown[][] = [];
  const console = { log: (...words: unknown[]) => said.push(words) };
  const openGpu = async () => gpu();
  const Run = Object.getPrototypeOf(async () => {}).constructor;
  const taken = /import (\{.*\}) from "tempograd";/.exec(imports!)![1];
  const run = new Run("library", "text", "console", `const ${taken} = library;\n${lines.join("\n")}`);
  await run({ ...library, openGpu }, await namesAsText(), console);
  expect(said).toHaveLength(501);
  expect(said[499]![1]).toBeLessThan(Number(said[0]![1]) - 1);
  expect(said[500]![0]).toHaveLength(200);
});
