// What the pages' scripts do with their document: they find elements, make them, and hand files out.

export const element = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

/** Makes an element with a class, and text or other elements in it: text is never read as HTML. */
export function html<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** Lets the keyboard reach what may be wider than its place, so that it can be scrolled. */
export function scrollable(place: HTMLElement, label: string): void {
  place.role = "region";
  place.ariaLabel = label;
  place.tabIndex = 0;
}

/**
 * Waits until nothing in a place is pressed. What is pressed must stay until it is let go of: the click on an element
 * that was replaced meanwhile goes to what held it, or nowhere.
 */
export async function released(place: HTMLElement): Promise<void> {
  while (place.matches(":active")) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Hands the visitor a file. */
export function download(name: string, content: Blob): void {
  const link = html("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // when the browser has taken it
}
