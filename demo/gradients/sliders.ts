// The sliders, and the page's address.

import { element } from "../page";
import {
  choices,
  fromAddress,
  initialSettings,
  type SettingName,
  type Settings,
  settingNames,
  toAddress,
} from "./settings";

const writeMilliseconds = 250;

const texts: Partial<Record<SettingName, (value: number) => string>> = {
  input: (value) => (value === 0 ? "0" : `±${value}`),
  forget: (value) => String(value).replace("-", "−"),
};

/** Whether an address says settings; others lead to a place in the page. */
const saysSettings = (hash: string): boolean => hash.includes("=");

export class Sliders {
  settings: Settings = { ...initialSettings };
  readonly #onIgnored: (ignored: readonly string[]) => void;
  #writing: ReturnType<typeof setTimeout> | undefined;

  /** @param onIgnored is told what an address has that is none of the settings. */
  constructor(onChange: () => void, onIgnored: (ignored: readonly string[]) => void) {
    this.#onIgnored = onIgnored;
    for (const name of settingNames) {
      const slider = element<HTMLInputElement>(name);
      Object.assign(slider, { min: "0", max: String(choices[name].length - 1), step: "1" });
      slider.addEventListener("input", () => {
        this.settings = { ...this.settings, [name]: choices[name][slider.valueAsNumber]! };
        this.#show();
        clearTimeout(this.#writing);
        // Not with every movement: browsers refuse an address that changes too often.
        this.#writing = setTimeout(() => this.#write(), writeMilliseconds);
        onChange();
      });
    }
    addEventListener("hashchange", () => {
      if (!saysSettings(location.hash) && location.hash !== "") return;
      clearTimeout(this.#writing);
      this.read();
      onChange();
    });
  }

  /** Takes what the address says. */
  read(): void {
    const { settings, ignored } = fromAddress(saysSettings(location.hash) ? location.hash : "");
    this.settings = settings;
    this.#onIgnored(ignored);
    this.#show();
  }

  #show(): void {
    for (const name of settingNames) {
      const value = this.settings[name];
      const slider = element<HTMLInputElement>(name);
      slider.valueAsNumber = (choices[name] as readonly number[]).indexOf(value);
      const text = texts[name]?.(value) ?? String(value);
      element(`${name}-value`).textContent = slider.ariaValueText = text;
    }
  }

  /** In the place of the address before: Back leads to where its visitor came from, not to where a slider was. */
  #write(): void {
    const address = toAddress(this.settings);
    if (location.hash.replace(/^#/, "") === address) return;
    history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
  }
}
