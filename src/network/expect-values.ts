// The check of values that tensors are to get, by their names.

import { shown, TempogradError } from "../errors";
import { elements } from "../gpu/tensor";
import type { ParameterValues } from "./parameters";

/**
 * @param kind what they are: such as "parameter".
 * @param cure what to do where names or shapes are others
 * @throws unless there are values for each tensor and no others, of its shape, all of them finite and not below its `least`.
 */
export function expectValues(
  operation: string,
  kind: string,
  values: ParameterValues,
  tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly least?: number }[],
  cure: string,
): void {
  const refuse = (got: string, expected: string, mend = cure): never => {
    throw new TempogradError("option", `${operation}: ${kind}${got}, expected ${expected}; ${mend}.`);
  };
  const given = Object.prototype.toString.call(values).slice(8, -1);
  if (given !== "Map") refuse(`s are ${given}`, "a Map by name");
  for (const name of values.keys()) {
    if (tensors.some((tensor) => tensor.name === name)) continue;
    const names = tensors.map(({ name }) => name).join(", ");
    refuse(` ${shown(name)} is given`, `none of that name${names && ` but ${names}`}`);
  }
  for (const { name, shape, least } of tensors) {
    const { shape: had, data } =
      values.get(name) ?? refuse(` "${name}" [${shape.join(", ")}] is missing`, "all of them");
    if (had?.join() !== shape.join() || data?.length !== elements(shape)) {
      refuse(` "${name}" has shape [${had?.join(", ")}] and ${data?.length} values`, `[${shape.join(", ")}]`);
    }
    const wrong = data.findIndex((value) => !Number.isFinite(value) || value < (least ?? value));
    if (wrong < 0) continue;
    const number = `a finite number${least === undefined ? "" : ` from ${least} up`}`;
    refuse(` "${name}"[${wrong}] is ${data[wrong]}`, number, "go back to what was there before training diverged");
  }
}
