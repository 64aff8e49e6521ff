// Which project of Vitest a test is in, by what it reaches through its imports: a browser, else a GPU or another program,
// else neither. What measures times (NAME-speed.test.ts) is apart, for when nothing runs beside it, and so is what takes
// minutes (NAME-long.test.ts), which `npm run test:all` runs alone, and what opens its pages in Firefox (firefox-NAME.test.ts).

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What opens a browser, or else a GPU or another program: packages, and the program that starts the terminal's programs. */
const doors = {
  browser: /^puppeteer$/,
  gpu: /^(webgpu|vite|onnxruntime-web|node:child_process)$|demo\/terminal\/run\.mjs$/,
};

const apart = {
  speed: /-speed\.test\.ts$/,
  long: /-long\.test\.ts$/,
  firefox: /\/firefox-[^/]*\.test\.ts$/,
};

export type ProjectName = keyof typeof doors | keyof typeof apart | "unit";

/** The tests below a folder, by their project; paths from `root`. */
export function testsByProject(root: string): Record<ProjectName, string[]> {
  const tests: Record<ProjectName, string[]> = { unit: [], gpu: [], browser: [], firefox: [], speed: [], long: [] };
  for (const name of readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" }).sort()) {
    const path = `test/${name.replaceAll("\\", "/")}`;
    if (path.endsWith(".test.ts")) tests[projectOf(join(root, path))].push(path);
  }
  return tests;
}

/** The project of a test. An import of types alone reaches nothing. */
export function projectOf(test: string): ProjectName {
  for (const [name, pattern] of Object.entries(apart)) if (pattern.test(test)) return name as keyof typeof apart;
  const reached = new Set([test]);
  const named = new Set<string>();
  for (const file of reached) {
    const { files, others } = importsOf(file);
    for (const source of files) reached.add(source);
    for (const name of others) named.add(name);
  }
  const names = [...named];
  if (names.some((name) => doors.browser.test(name))) return "browser";
  return names.some((name) => doors.gpu.test(name)) ? "gpu" : "unit";
}

interface Imports {
  /** Sources of the project, by their paths. */
  files: string[];
  others: string[];
}

const read = new Map<string, Imports>();

/** What a file imports or exports from elsewhere, but for types alone, and the programs that it names. */
function importsOf(file: string): Imports {
  let imports = read.get(file);
  if (imports) return imports;
  imports = { files: [], others: [] };
  read.set(file, imports);
  const code = readFileSync(file, "utf8").replace(/^(import|export) type [^;]*;/gm, "");
  const found = code.matchAll(/^(?:import|export)\b[^";]*"([^"\n]+)"|\bimport\("([^"\n]+)"|"([\w/]+\.mjs)"/gm);
  for (const name of [...found].flatMap(([, ...parts]) => parts.filter((part) => part !== undefined))) {
    const source = name.startsWith(".") && sourceOf(join(dirname(file), name));
    if (source) imports.files.push(source);
    else imports.others.push(name);
  }
  return imports;
}

const sourceOf = (path: string) => [`${path}.ts`, path].find((file) => file.endsWith(".ts") && existsSync(file));

/** Those that open the pages as their visitors do: `npm run test:firefox` runs them in Firefox too. */
export const pageTests = (tests: Record<ProjectName, string[]>): string[] =>
  [...tests.browser, ...tests.long].filter((path) => /-pages?(-long)?\.test\.ts$/.test(path));
