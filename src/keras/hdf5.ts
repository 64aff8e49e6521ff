// The variables of a file of HDF5, by the paths that Keras has for them. The file is not trusted.

import { Dataset, File, Group } from "jsfive";
import { brief, TempogradError } from "../errors";
import type { FloatTensor } from "../interchange/safetensors";
import { quote } from "../interchange/untrusted";
import { refuse } from "./said-layer";
import type { Weights } from "./weights";

/** What Keras calls the list of a model's layers: since 3.0, and before it. */
const lists = ["layers", "_layer_checkpoint_dependencies"];
const again = "fetch the file again, or save the model again with Keras 3";

/** @param file of the file that it is in, for messages */
export function hdf5Weights(operation: string, file: string, bytes: Uint8Array): Weights {
  const guarded = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (error instanceof TempogradError) throw error;
      const why = brief(error instanceof Error ? error.message : String(error));
      return refuse(operation, file, `is not read as HDF5 (${why})`, "what Keras saves", again);
    }
  };
  const root = guarded(() => new File(bytes.slice().buffer));
  const list = guarded(() => lists.find((name) => root.keys.includes(name)));
  if (list === undefined) return refuse(operation, file, "has no layers", lists.join(" or "), again);
  return {
    gateActivations: ["sigmoid"], // the hard sigmoid of Keras 3 is another than TensorFlow.js'
    read(layer, names, wrapped) {
      const cell = names.includes("recurrent_kernel") ? ["cell"] : [];
      const path = [list, layer.place, ...(wrapped ? [wrapped.role] : []), ...cell, "vars"];
      const group = guarded(() => groupAt(root, path));
      const { length } = group?.keys ?? [];
      if (!group || length !== names.length) {
        return layer.refuse(`has ${length} variables at ${quote(path.join("/"))}`, names.join(", "), again);
      }
      return names.map((name, i) => {
        const tensor = guarded(() => tensorOf(group.get(String(i)), bytes.length));
        return (
          tensor ??
          layer.refuse(`has a ${name} that is not of floats`, "as many of float16, float32 or float64 as its shape has")
        );
      });
    },
  };
}

function groupAt(root: Group, path: readonly string[]): Group | undefined {
  let group = root;
  for (const name of path) {
    if (!group.keys.includes(name)) return undefined;
    const next = group.get(name);
    if (!(next instanceof Group)) return undefined;
    group = next;
  }
  return group;
}

/** @param most values that a file can have: before any room is made for them */
function tensorOf(found: Group | Dataset, most: number): FloatTensor | undefined {
  if (!(found instanceof Dataset) || !/^[<>=|]?f[248]$/.test(String(found.dtype))) return undefined;
  const shape = [...found.shape];
  if (shape.reduce((product, size) => product * size, 1) > most) return undefined;
  const values = found.value;
  return Array.isArray(values) ? { shape, data: Float32Array.from(values as number[]) } : undefined;
}
