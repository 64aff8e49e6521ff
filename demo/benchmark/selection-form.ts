// The page's form: what to measure, as the visitor chose it, and what is wrong with it.

import { type CellName, cellNames } from "../../src/index";
import { element } from "../page";
import { canDo, type EngineName, engineNames, type Work } from "./engines/names";
import { shapes } from "./problem";
import { nameOf } from "./report";
import { cellsOf, defaultLimit, enginesOf, type Selection, shapeOf, shapeText } from "./selection";

export const cellTitles: Record<CellName, string> = { elman: "Elman", gru: "GRU", lstm: "LSTM" };

/** "fused", "TF.js webgl": an engine in words; this library's schedules go without its name. */
const titleOf = ({ engine, backend, schedule }: EngineName) => schedule ?? `${engine}, ${backend}`;

/** Puts the choices there are into the form. */
export function fillForm(): void {
  fill("cells", cellNames, (name) => cellTitles[name], ["elman"]);
  fill("shapes", Object.keys(shapes), (name) => [name, shapeText(name)], ["M"]);
  const isOwn = ({ engine }: EngineName) => engine === "tempograd";
  const titled = new Map(engineNames.map((name) => [nameOf(name), name]));
  const names = (own: boolean) => engineNames.filter((name) => isOwn(name) === own).map(nameOf);
  fill(
    "own",
    names(true),
    (name) => titleOf(titled.get(name)!),
    names(true).filter((name) => !name.endsWith("measured")),
  );
  fill("peers", names(false), (name) => titleOf(titled.get(name)!), []);
  element<HTMLInputElement>("limit").value = String(defaultLimit);
  element("work").addEventListener("change", () => offer(titled));
  offer(titled);
}

const workChosen = () => document.querySelector<HTMLInputElement>('input[name="work"]:checked')?.value as Work;

/** Offers the engines that do the chosen work, and kernels' times of training. */
function offer(titled: ReadonlyMap<string, EngineName>): void {
  const work = workChosen();
  for (const input of document.querySelectorAll<HTMLInputElement>("#own input, #peers input")) {
    input.disabled = !canDo(work, titled.get(input.value)!);
  }
  element<HTMLInputElement>("kernels").disabled = work === "predict";
}

function fill<Name extends string>(
  id: string,
  names: readonly Name[],
  titleOf: (name: Name) => string | string[],
  checked: readonly string[],
): void {
  for (const name of names) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const [title, note] = [titleOf(name)].flat();
    Object.assign(input, { type: "checkbox", name: id, value: name, checked: checked.includes(name) });
    label.append(input, ` ${title} `);
    if (note) label.append(Object.assign(document.createElement("small"), { textContent: note }));
    element(id).append(label);
  }
}

/** What is chosen; undefined where something is missing or wrong, which the form then says. */
export function readForm(): Selection | undefined {
  const chosen = (name: string) =>
    [...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]:checked:enabled`)].map(({ value }) => value);
  const own = element<HTMLInputElement>("own-shape");
  const limit = element<HTMLInputElement>("limit");
  const kernels = element<HTMLInputElement>("kernels");
  const selection: Selection = {
    work: workChosen(),
    cells: cellsOf(chosen("cells")),
    shapes: [...new Set([...chosen("shapes"), ...(own.value.trim() ? [own.value.trim().replaceAll("×", "x")] : [])])],
    engines: enginesOf([...chosen("own"), ...chosen("peers")], engineNames),
    limit: limit.valueAsNumber,
    kernels: kernels.checked && !kernels.disabled,
  };
  const { min, max } = limit;
  const wrong = [
    tell(own, own.value.trim() && problemOf(own.value.trim())),
    tell(limit, limit.validity.valid ? "" : `Enter a number from ${min} to ${max}.`),
  ].find((control) => control !== undefined);
  const missing = (["cells", "shapes", "engines"] as const).find((name) => selection[name].length === 0);
  const error = element("selection-error");
  error.textContent = missing ? `Choose one of the ${missing} at least.` : "";
  error.hidden = !missing;
  wrong?.focus();
  return wrong || missing ? undefined : selection;
}

function problemOf(shape: string): string {
  try {
    shapeOf(shape);
    return "";
  } catch {
    return "Enter four whole numbers, as in 8×32×64×64: batch, steps, hidden and symbols.";
  }
}

/** Says beside a control what is wrong with it, and answers the control if something is. */
function tell(control: HTMLInputElement, problem: string): HTMLInputElement | undefined {
  const place = element(`${control.id}-error`);
  place.textContent = problem;
  place.hidden = problem === "";
  control.ariaInvalid = String(problem !== "");
  return problem ? control : undefined;
}
