// The layers of a model from the first to the last, of the config that Keras 2, Keras 3 and TensorFlow.js write alike.

import { brief, shown } from "../errors";
import { isObject } from "../interchange/untrusted";
import { refuse, SaidLayer } from "./said-layer";

const again = "write or fetch the file again";

/**
 * @param said `{ class_name, config }` of a Sequential model, or of a Functional one whose layers are one chain
 * @throws where they are not
 */
export function chainOf(operation: string, said: unknown): SaidLayer[] {
  const { class_name: kind, config } = isObject(said) ? said : {};
  if (kind !== "Sequential" && kind !== "Functional" && kind !== "Model") {
    const cure = "make one of its layers";
    return refuse(operation, "the model", `is ${shown(kind)}`, '"Sequential" or "Functional"', cure);
  }
  const list = isObject(config) ? config.layers : config; // Keras before 2.2.3 has the list itself for a Sequential's
  if (!Array.isArray(list)) return refuse(operation, "the model", `has layers ${shown(list)}`, "a list", again);
  const counts = new Map<string, number>();
  const layers = list.map((one: unknown) => layerOf(operation, one, counts));
  if (kind === "Sequential") return layers;
  return linked(operation, layers, list as Record<string, unknown>[], config as Record<string, unknown>);
}

function layerOf(operation: string, said: unknown, counts: Map<string, number>): SaidLayer {
  const { class_name: kind, config, module, registered_name: registered } = isObject(said) ? said : {};
  if (typeof kind !== "string" || !isObject(config)) {
    return refuse(operation, "a layer", `is ${shown(said)} of class ${shown(kind)}`, "a class and its config", again);
  }
  const own = (isObject(said) ? said.name : undefined) ?? config.name;
  const name = typeof own === "string" ? own : kind;
  // Keras 3 counts layers of a class, whatever they are called.
  const stem = snakeCase(kind);
  const count = counts.get(stem) ?? 0;
  counts.set(stem, count + 1);
  const layer = new SaidLayer(operation, kind, { name, place: count === 0 ? stem : `${stem}_${count}` }, config);
  const isKeras = (module ?? undefined) === undefined || (typeof module === "string" && /^keras(\.|$)/.test(module));
  if (!isKeras || (typeof registered === "string" && registered !== kind)) {
    layer.refuse(`is of ${shown(registered ?? module)}`, "a layer of Keras");
  }
  return layer;
}

/** A layer within another. */
export function wrappedLayer(outer: SaidLayer, said: unknown, wrapped: string): SaidLayer {
  const layer = layerOf(outer.operation, said, new Map());
  return new SaidLayer(
    outer.operation,
    layer.kind,
    { name: layer.name, place: `${outer.place}/${wrapped}` },
    (said as { config: Record<string, unknown> }).config,
  );
}

/** As Keras names what holds a layer's variables. */
const snakeCase = (name: string): string =>
  brief(name)
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** The layers in the order in which each reads the one before. @throws unless they are one chain. */
function linked(
  operation: string,
  layers: readonly SaidLayer[],
  list: readonly Record<string, unknown>[],
  { input_layers: first, output_layers: last }: Record<string, unknown>,
): SaidLayer[] {
  const places = new Map(layers.map(({ name }, i) => [name, i]));
  const [begin, ...others] = endsOf(first);
  const [end, ...more] = endsOf(last);
  if (begin === undefined || end === undefined || others.length > 0 || more.length > 0) {
    const got = `has ${endsOf(first).length} inputs and ${endsOf(last).length} outputs`;
    return refuse(operation, "the model", got, "one of each", "make a model of the layers between");
  }
  const chain: SaidLayer[] = [];
  for (let name: string | undefined = end; name !== undefined; ) {
    const place: number | undefined = places.get(name);
    if (place === undefined) refuse(operation, `layer ${shown(name)}`, "is not there", "it among the layers", again);
    const layer: SaidLayer = layers[place]!;
    if (chain.includes(layer)) layer.refuse("reads what it gives", "a chain", again);
    chain.unshift(layer);
    name = name === begin ? undefined : readBy(layer, list[place]!.inbound_nodes);
  }
  layers.find((layer) => !chain.includes(layer))?.refuse("stands beside the others", "one chain of layers");
  return chain;
}

/** Their names, of [[name, node, tensor], …], or of one such alone. */
function endsOf(said: unknown): string[] {
  const list: unknown[] = Array.isArray(said) ? (typeof said[0] === "string" ? [said] : said) : [];
  return list.map((one) => (Array.isArray(one) && typeof one[0] === "string" ? one[0] : ""));
}

/** The layer whose output it reads. */
function readBy(layer: SaidLayer, nodes: unknown): string {
  const [node, ...others] = Array.isArray(nodes) ? (nodes as unknown[]) : [];
  if (node === undefined || others.length > 0) {
    layer.refuse(`is called ${Array.isArray(nodes) ? nodes.length : 0} times`, "once", "make a model in which it is");
  }
  const { tensors, given } = isObject(node) ? ofKeras3(node) : ofKeras2(node);
  const said = Object.entries(given).find(([, value]) => value !== null && value !== false);
  if (said) layer.refuse(`is called with ${shown(said[0])}`, "what it reads alone");
  const [read, ...more] = tensors;
  if (!Array.isArray(read) || typeof read[0] !== "string" || more.length > 0) {
    return layer.refuse(`reads ${tensors.length} tensors`, "the one of the layer before");
  }
  if (read[2]) layer.refuse(`reads output ${shown(read[2])} of ${shown(read[0])}`, "its first");
  return read[0];
}

/** What a call is given: tensors as [layer, node, tensor], and options. */
interface Called {
  tensors: unknown[];
  given: Record<string, unknown>;
}

function ofKeras3({ args, kwargs }: Record<string, unknown>): Called {
  const list: unknown[] = Array.isArray(args) ? args.flat() : [];
  const tensors = list.map((one) => (isObject(one) && isObject(one.config) ? one.config.keras_history : undefined));
  return { tensors, given: isObject(kwargs) ? kwargs : {} };
}

function ofKeras2(node: unknown): Called {
  const tensors: unknown[] = Array.isArray(node) ? (typeof node[0] === "string" ? [node] : node) : [];
  const [first] = tensors;
  const given: unknown = Array.isArray(first) ? first[3] : undefined;
  return { tensors, given: isObject(given) ? given : {} };
}
