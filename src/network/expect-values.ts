// The check of values that tensors are to get, by their names.

import { elements } from "../gpu/tensor";
import { shown } from "./expect";
import type { ParameterValues } from "./parameters";

/**
 * @param kind what they are: such as "parameter".
 * @param cure what to do where names or shapes are others
 * @throws unless there are values for each tensor and no others, of its shape, all of them finite; of the mean of squares from
 *   0 up.
 */
export function expectValues(
  operation: string,
  kind: string,
  values: ParameterValues,
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
  cure: string,
): void {
  const got = Object.prototype.toString.call(values).slice(8, -1);
  if (got !== "Map") throw new Error(`${operation}: ${kind}s are ${got}, expected a Map by name; ${cure}.`);
  for (const name of values.keys()) {
    if (tensors.some((tensor) => tensor.name === name)) continue;
    const names = tensors.map(({ name }) => name).join(", ");
    const expected = `none of that name${names && ` but ${names}`}`;
    throw new Error(`${operation}: ${kind} ${shown(name)} is given, expected ${expected}; ${cure}.`);
  }
  for (const { name, shape } of tensors) {
    const got = values.get(name);
    const expected = `[${shape.join(", ")}]`;
    if (!got) throw new Error(`${operation}: ${kind} "${name}" ${expected} is missing, expected all of them; ${cure}.`);
    const { data } = got;
    if (got.shape?.join() !== shape.join() || data?.length !== elements(shape)) {
      const was = `shape [${got.shape?.join(", ")}] and ${data?.length} values`;
      throw new Error(`${operation}: ${kind} "${name}" has ${was}, expected ${expected}; ${cure}.`);
    }
    const least = name.startsWith("trainer.meanSquare.") ? 0 : -Infinity;
    const wrong = data.findIndex((value) => !(Number.isFinite(value) && value >= least));
    if (wrong < 0) continue;
    throw new Error(
      `${operation}: ${kind} "${name}"[${wrong}] is ${data[wrong]}, expected a finite number${least === 0 ? " from 0 up" : ""}; go back to what was there before training diverged.`,
    );
  }
}
