// What every page's script needs of its document.

export const element = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

/** Lets the keyboard reach what may be wider than its place, so that it can be scrolled. */
export function scrollable(place: HTMLElement, label: string): void {
  place.role = "region";
  place.ariaLabel = label;
  place.tabIndex = 0;
}

/** Hands the visitor a file. */
export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // when the browser has taken it
}
