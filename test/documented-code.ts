// The code of the documentation: the examples of docstrings, and the blocks of the guides and the README.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const filesOf = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(ending))
    .sort();

/** Code that stands by itself. `browser`: it needs one, and is only compiled here. */
export interface Snippet {
  readonly name: string;
  readonly code: string;
  readonly browser: boolean;
}

const blocks = (text: string) =>
  [...text.matchAll(/^```(ts.*)\n([\s\S]*?)^```$/gm)].map(([, kind = "", code = ""]) => ({
    code,
    browser: kind.includes("browser"),
  }));

/** What the examples of docstrings go on from, and the names that it declares. */
export const start = blocks(read("demo/guides/start.md"))
  .map(({ code }) => code)
  .join("");
export const startNames = [...start.matchAll(/^const (\w+)/gm)].map(([, name]) => name!);

/** The examples of docstrings, by the file and what they are of. */
export function examples(): Snippet[] {
  return filesOf("src", ".ts").flatMap((path) =>
    [...read(path).matchAll(/^ *\/\*\*\n((?: *\*.*\n)*?) *\*\/\n(.*)/gm)].flatMap(([, comment = "", line = ""]) => {
      const text = comment.replace(/^ *\* ?/gm, "");
      const [of] = /(?!(?:export|async|const|function|class|interface|static) )\b[A-Za-z]\w*/.exec(line)!;
      return blocks(text.split("@example")[1] ?? "").map((block) => ({
        ...block,
        name: `${path.slice("src/".length, -".ts".length)}-${of}`.replace(/\W+/g, "-"),
      }));
    }),
  );
}

/** The guides, each with its blocks one after the other, and the README's blocks. */
export function guides(): Snippet[] {
  const pages = filesOf("demo/guides", ".md").filter((path) => !path.endsWith("start.md"));
  const whole = pages.map((path) => {
    const all = blocks(read(path));
    const name = path.replace(/\W+/g, "-");
    return { name, code: all.map(({ code }) => code).join("\n"), browser: all.some(({ browser }) => browser) };
  });
  return [...whole, ...blocks(read("README.md")).map((block, i) => ({ ...block, name: `README-${i + 1}` }))];
}
