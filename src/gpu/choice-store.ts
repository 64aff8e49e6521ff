// Keeps choices in the browser's IndexedDB; loaded where they are measured.

import { createStore, get, set } from "idb-keyval";

const place = () => createStore("tempograd-choices", "choices");

export const load = (device: string): Promise<Record<string, string> | undefined> => get(device, place());

export const save = (device: string, choices: Readonly<Record<string, string>>): Promise<void> =>
  set(device, choices, place());
