// Mathematical notation from one line of text, such as `h_t = tanh(x_t·W + h_{t−1}·Wʰ + b)`: as MathML, and as plain text.

const namespace = "http://www.w3.org/1998/Math/MathML";

/** Superscripts that are characters of their own, and what they say. */
const superscripts: Readonly<Record<string, string>> = { ʰ: "h", ᵀ: "T", "²": "2" };

// A name (a gradient's d stands alone) or a number; a script below; one above; a space before a name; a sign.
const token = /(d(?=\p{L})|(?:(?![ʰᵀ])\p{L})+|\d+)|_(\{[^}]*\}|\d+|(?:(?![ʰᵀ])\p{L})+)|([ʰᵀ²])|(\s+(?=\p{L}))|(\S)/gu;

function node(name: string, ...children: (Node | string)[]): Element {
  const made = document.createElementNS(namespace, name);
  made.append(...children);
  return made;
}

function row(text: string): Element {
  const parts: Element[] = [];
  for (const [, word, below, above, space, sign] of text.matchAll(token)) {
    if (word) parts.push(named(word));
    else if (below) attach(parts, "msub", row(below.replace(/[{}]/g, "")));
    else if (above) attach(parts, "msup", node("mi", superscripts[above]!));
    else if (sign) parts.push(operator(sign));
    else if (space && parts.at(-1)?.localName !== "mo") parts.push(thinSpace());
  }
  return parts.length === 1 ? parts[0]! : node("mrow", ...parts);
}

function named(word: string): Element {
  const made = node(/^\d/.test(word) ? "mn" : "mi", word);
  if (word === "ŷ") made.classList.add("italic"); // MathML slants letters by itself, but none with an accent
  return made;
}

function operator(sign: string): Element {
  const made = node("mo", sign);
  made.setAttribute("stretchy", "false"); // what is in parentheses is one line high
  return made;
}

/** Between a function and what it is of; signs bring their own. */
function thinSpace(): Element {
  const space = node("mspace");
  space.setAttribute("width", "0.17em");
  return space;
}

/** Puts a script at the last part; one above beside one below where there is one. */
function attach(parts: Element[], kind: "msub" | "msup", script: Element): void {
  const last = parts.pop()!;
  const [base, other] = last.childNodes;
  if (kind === "msup" && last.localName === "msub") parts.push(node("msubsup", base!, other!, script));
  else if (kind === "msub" && last.localName === "msup") parts.push(node("msubsup", base!, script, other!));
  else parts.push(node(kind, last, script));
}

export function math(text: string): Element {
  return node("math", row(text));
}

const subscripts: Readonly<Record<string, string>> = {
  ...{ t: "ₜ", i: "ᵢ", o: "ₒ", r: "ᵣ", n: "ₙ" },
  ...{ "−": "₋", "+": "₊" },
};

/** For where no markup can be: subscripts as characters, as far as there are any. */
export const plain = (text: string): string =>
  text.replace(/_(?:\{([^}]*)\}|([\dt]))/g, (_, several?: string, one?: string) =>
    [...(several ?? one ?? "")]
      .map((character) =>
        /\d/.test(character) ? String.fromCodePoint(0x2080 + Number(character)) : (subscripts[character] ?? character),
      )
      .join(""),
  );
