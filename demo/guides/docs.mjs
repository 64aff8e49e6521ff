// Makes the site of the reference and the guides, by TypeDoc; fails where an export is undocumented or a link leads nowhere.
// TypeScript 7 has no API that TypeDoc could use: it is given the older one beside it.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { basename, dirname, join, resolve } from "node:path";

const older =
  'export const resolve = (name, context, next) => next(name === "typescript" ? "typescript-5.7" : name, context);';
register(`data:text/javascript,${encodeURIComponent(older)}`);
const { Application, ReflectionKind } = await import("typedoc");

const root = resolve(import.meta.dirname, "../..");
const guides = import.meta.dirname;
const names = [
  "first-network",
  "own-data",
  "forecasting",
  "own-cell-and-loss",
  "own-device",
  "pytorch",
  "cluster",
  "elsewhere",
  "speed",
  "troubleshooting",
];
/** The examples, a section each: what it is, as its first comment says, and its code. */
function gallery() {
  const folder = resolve(root, "examples");
  const sections = readdirSync(folder).map((name) => {
    const [, said, code] = /^((?:\/\/.*\n)+)\n*([\s\S]*)$/.exec(readFileSync(join(folder, name), "utf8"));
    const words = said.replace(/^\/\/ ?/gm, "").trim();
    return `## ${basename(name, ".ts").replaceAll("-", " ")}\n\n${words}\n\n\`\`\`ts\n${code.trim()}\n\`\`\`\n`;
  });
  const file = resolve(root, "node_modules/.cache/gallery.md"); // below the root, as TypeDoc needs it
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `---\ntitle: Gallery\n---\n\n# Gallery\n\nEach a page of code, which a test runs.\n\n${sections.join("\n")}`,
  );
  return file;
}

/** What may be imported, and its name. */
const parts = {
  "src/index.ts": "tempograd",
  "src/onnx/index.ts": "tempograd/onnx",
  "src/standalone/index.ts": "tempograd/standalone",
  "src/hugging-face/index.ts": "tempograd/hugging-face",
  "src/keras/index.ts": "tempograd/keras",
};
const app = await Application.bootstrap({
  name: "tempograd",
  entryPoints: Object.keys(parts).map((part) => resolve(root, part)),
  tsconfig: resolve(root, "tsconfig.library.json"),
  projectDocuments: [...names.map((name) => resolve(guides, `${name}.md`)), gallery()],
  sort: ["documents-first", "kind", "alphabetical"],
  customCss: resolve(guides, "docs.css"),
  out: resolve(root, "dist/pages/docs"),
  readme: resolve(guides, "start.md"),
  skipErrorChecking: true, // of the older compiler: `npm run check` has that of the newest
  disableSources: true, // until there is an address that they could be read at
  excludePrivate: true,
  validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: true },
  requiredToBeDocumented: ["Class", "Interface", "TypeAlias", "Variable", "Function", "Method", "Accessor"],
  highlightLanguages: ["typescript", "python"],
  treatWarningsAsErrors: true,
});
const project = await app.convert();
if (project) {
  const named = Object.values(parts);
  for (const [i, module] of project.getReflectionsByKind(ReflectionKind.Module).entries()) module.name = named[i];
  const place = (page) => (page.isDocument() ? page.id : Number.MAX_VALUE); // guides in their order, not that of the alphabet
  project.childrenIncludingDocuments.sort((a, b) => place(a) - place(b));
  app.validate(project);
  await app.generateOutputs(project);
}
process.exitCode = !project || app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0;
