// What all pages have around their contents: the policy of their head, the navigation above and the foot below.

import type { IndexHtmlTransformContext, Plugin } from "vite";

/** The pages by their folder in demo, in the order of the navigation. */
export const pages = {
  "": "tempograd",
  train: "Train",
  walkthrough: "Walkthrough",
  gradients: "Why it shrinks",
  benchmark: "Benchmark",
  pens: "Pens",
};

/** The guides and the reference, as `npm run docs` makes them, from the pages' root. */
export const docs = "docs/";

/**
 * Scripts, styles and data from this place alone: none inside the page, none made of text. Workers that `startWorker` makes
 * of a blob have this policy too.
 */
const policy =
  "default-src 'self'; style-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'";

/** Puts the frame around each `index.html`; other files are left as they are. */
export function frame(): Plugin {
  return { name: "frame", transformIndexHtml: { order: "pre", handler: framed } };
}

function framed(html: string, { path }: IndexHtmlTransformContext): string {
  const page = /(?:\/(\w+))?\/index\.html$/.exec(path.replace(/^\/demo\//, "/"));
  if (!page) return html;
  const folder = page[1] ?? "";
  if (!(folder in pages)) return html;
  const home = folder === "" ? "./" : "../";
  const head = `<meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" type="image/svg+xml" href="${home}icon.svg" />
    <link rel="stylesheet" href="${home}style.css" />
    <script type="module" src="${home}offline.ts"></script>`;
  const links = Object.entries(pages).map(([name, title]) => {
    const here = name === folder ? ' aria-current="page"' : "";
    return `<li><a href="${home}${name && `${name}/`}"${here}>${title}</a></li>`;
  });
  links.push(`<li><a href="${home}${docs}">Docs</a></li>`);
  const above = `<a class="skip" href="#content">Skip to the contents</a>
    <nav class="site" aria-label="Pages">
      <ul>${links.join("")}</ul>
    </nav>`;
  const below = `<footer>
      <p class="note">
        tempograd trains recurrent networks by backpropagation through time on WebGPU. Everything runs on this device;
        nothing that you enter leaves it.
      </p>
    </footer>`;
  return html
    .replace("<head>", `<head>\n    ${head}`)
    .replace("<body>", `<body>\n    ${above}`)
    .replace("</body>", `${below}\n  </body>`);
}
