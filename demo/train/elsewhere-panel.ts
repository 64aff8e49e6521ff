// The lines that use the training elsewhere, beside what saves it: each is copied by a click.

import { download, element, html, scrollable } from "../page";
import type { Desk } from "./desk";
import { fileName, javaScript, onnx, pyTorch } from "./elsewhere";

export class ElsewherePanel {
  readonly #desk: Desk;
  readonly #details = element<HTMLDetailsElement>("elsewhere");
  readonly #say: (message: string) => void;
  readonly #fail: (error: Error) => void;

  constructor(desk: Desk, on: { say: (message: string) => void; fail: (error: Error) => void }) {
    this.#desk = desk;
    this.#say = on.say;
    this.#fail = on.fail;
    this.#details.addEventListener("toggle", () => void this.show());
    element("save-onnx").addEventListener("click", () => void this.#save().catch(this.#fail));
  }

  /** Shows the lines for what is trained, at its step, where they are looked at. */
  async show(): Promise<void> {
    const shown = this.#details.open && this.#desk.order;
    const outline = shown ? await this.#desk.workshop.outline().catch(() => undefined) : undefined; // of data too short to ask by
    element("elsewhere-note").textContent = outline
      ? `They load ${fileName(outline)}, as the buttons save it at this step.`
      : "Start, and what loads the saved file stands here.";
    if (!outline) return element("snippets").replaceChildren();
    const python = pyTorch(outline);
    const lacks = outline.translation ? "is an encoder–decoder" : "computes this cell";
    element("snippets").replaceChildren(
      this.#snippet("JavaScript", javaScript(outline)),
      python ? this.#snippet("PyTorch", python) : html("p", "note", `PyTorch has no module that ${lacks}.`),
      this.#snippet("onnxruntime", onnx(outline)),
    );
  }

  #snippet(name: string, code: string): HTMLElement {
    const copy = html("button", "small", "Copy");
    copy.type = "button";
    copy.ariaLabel = `Copy the lines of ${name}`;
    copy.addEventListener("click", () =>
      navigator.clipboard.writeText(code).then(
        () => this.#say(`The lines of ${name} are copied.`),
        () => this.#say("This browser does not let the page copy: select the lines."),
      ),
    );
    const lines = html("pre", "", html("code", "", code));
    scrollable(lines, `Lines of ${name}`);
    return html("div", "snippet", html("div", "snippet-head", html("h3", "", name), copy), lines);
  }

  async #save(): Promise<void> {
    const [outline, model] = await Promise.all([this.#desk.workshop.outline(), this.#desk.workshop.onnx()]);
    if (outline && model) download(`${fileName({ ...outline, step: model.step })}.onnx`, new Blob([model.bytes]));
  }
}
