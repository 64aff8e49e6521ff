// What may be said of a network for PyTorch, checked, and how its parameters are to be called there.

import { cellNames, cellOf, choicesOf, type NamedCell, nameOfCell } from "../cells/cells";
import type { Parts, ShortForm } from "../parts/architecture";
import type { Layer } from "../parts/layers";
import type { TensorData } from "./safetensors";
import { asPrefix, given, type Layout, type RecurrentModule } from "./state-dict";
import { fail } from "./tensor-reader";
import { isObject, kindOf, quote } from "./untrusted";

/** Which network the parameters are of. What is not said, `fromPyTorch` finds. */
export interface PyTorchOptions extends Partial<NamedCell> {
  /** Stacked layers. */
  layers?: number;
  /** Whether each layer also reads the sequence from its end. */
  bidirectional?: boolean;
  /**
   * The recurrent module's name in the state_dict, such as "lstm" or "encoder.rnn"; "" where it is the model itself. Several
   * names are of modules of which each reads the one before. One that is found alone, or several numbered as in an
   * nn.ModuleList, need no name.
   */
  prefix?: string | readonly string[];
  /** The name of the nn.Linear that reads the last layer, or null: hidden states alone, whatever else there is. */
  head?: string | null;
  /** The name of the nn.Embedding that the lowest layer reads, or null. */
  embedding?: string | null;
}

/** A network's config, and what its modules are to be called. */
export type PyTorchNetwork = (Parts | ShortForm) & Names;

/** Whether a module of PyTorch computes the same from the same parameters. */
export const hasTwin = (cell: NamedCell): boolean => cellOf(cell).pytorch !== undefined;

/** @throws unless they are options for tensors that are a Map, whatever is in it. */
export function checkOptions(
  operation: string,
  options: PyTorchOptions,
  tensors: ReadonlyMap<string, TensorData>,
): void {
  if (kindOf(tensors) !== "Map") fail(operation, "tensors", `is ${kindOf(tensors)}`, "a Map", "pass tensors by name");
  for (const name of tensors.keys()) {
    if (typeof name !== "string") fail(operation, "tensors", `has a name that is ${kindOf(name)}`, "text", "name it");
  }
  if (!isObject(options)) fail(operation, "options", `is ${quote(options)}`, "an object", "pass a network's config");
  const { cell, layers, bidirectional, prefix, head, embedding }: PyTorchOptions = options;
  if (cell !== undefined) checkCell(operation, { ...options, cell });
  if (bidirectional !== undefined) oneOf(operation, "bidirectional", bidirectional, [false, true]);
  const cure = "pass the number of stacked layers";
  if (layers !== undefined && (!Number.isSafeInteger(layers) || layers < 1)) {
    fail(operation, "layers", `is ${quote(layers)}`, "a whole number of 1 or more", cure);
  }
  if (layers !== undefined && layers > tensors.size) {
    fail(operation, "layers", `is ${layers}`, `no more than the ${tensors.size} tensors`, cure);
  }
  for (const [name, value] of Object.entries({ head, embedding })) {
    if (value === undefined || value === null || typeof value === "string") continue;
    fail(operation, name, `is ${quote(value)}`, "a module's name, or null", "pass that in the state_dict");
  }
  const names: unknown[] = prefix === undefined ? [] : [prefix].flat();
  if (names.every((name) => typeof name === "string") && (prefix === undefined || names.length > 0)) return;
  fail(
    operation,
    "prefix",
    `is ${quote(prefix)}`,
    "a module's name, or a list of them",
    "pass those in the state_dict",
  );
}

/** @throws unless it is a cell that PyTorch has. */
export function checkCell(operation: string, named: NamedCell): void {
  const { cell } = named;
  const isOwn = isObject(cell) && typeof cell.name === "string";
  if (!isOwn) oneOf(operation, "cell", cell, cellNames);
  const choices = isOwn ? [] : (Object.entries(choicesOf(named)) as [keyof NamedCell, readonly string[]][]);
  for (const [name, words] of choices) oneOf(operation, name, named[name] ?? words[0], words);
  if (!isOwn && hasTwin(named)) return;
  const own = choices.map(([name]) => ` with ${name} "${named[name]}"`).join("");
  refuse(operation, `cell ${quote(nameOfCell(named))}${own}`, "what nn.RNN, nn.GRU or nn.LSTM computes");
}

function oneOf(operation: string, name: string, value: unknown, words: readonly unknown[]): void {
  if (words.includes(value)) return;
  fail(operation, name, `is ${quote(value)}`, words.map(quote).join(" or "), "pass that of the network");
}

function refuse(operation: string, subject: string, expected: string): never {
  const cure = "saveNetwork and readCheckpoint keep it under this library's names";
  fail(operation, subject, "has no twin in PyTorch", expected, cure);
}

type Names = Pick<PyTorchOptions, "prefix" | "head" | "embedding">;

const isParts = (options: PyTorchOptions | PyTorchNetwork): options is Parts & Names =>
  isObject(options) && Array.isArray(options.layers);

const namesOf = ({ prefix, head, embedding }: Names): Names => given({ prefix, head, embedding });

/** How the parameters of a network are called in PyTorch. @throws where a part of it has no twin there. */
export function layoutOf(
  operation: string,
  parameters: ReadonlyMap<string, TensorData>,
  options: PyTorchOptions | PyTorchNetwork,
): Layout {
  const parts = isParts(options) ? options : undefined;
  const named = (parts ? namesOf(parts) : options) as PyTorchOptions;
  checkOptions(operation, named, parameters);
  if (parts) checkParts(operation, parts);
  const { cell = "elman", layers: count = 1, prefix, head, embedding, ...others } = named;
  const said: readonly Said[] = parts?.layers ?? Array.from({ length: count }, () => ({ ...others, cell }));
  for (const layer of said) checkLayer(operation, layer);
  const isBare = head === null || parts?.readout.outputs === "hidden";
  const above = asPrefix(head ?? "head");
  return {
    modules: modulesOf(operation, said, prefix),
    embedding:
      parts?.input.kind === "embedding" && embedding !== null
        ? `${asPrefix(embedding ?? "embedding")}weight`
        : undefined,
    head: isBare
      ? undefined
      : {
          weight: `${above}weight`,
          bias: parts?.readout.bias === false ? undefined : `${above}bias`,
          tied: parts?.readout.tied ?? false,
        },
  };
}

function checkParts(operation: string, { input, layers, readout, encoder }: Parts): void {
  const isSaid = layers.length > 0 && layers.every(isObject) && isObject(input) && isObject(readout);
  if (!isSaid)
    fail(operation, "options", "are not of a network's parts", "input, layers and readout", "pass its config");
  if (readout.adaptive) refuse(operation, "an adaptive readout", "a plain one");
  if (encoder !== undefined) refuse(operation, "an encoder", "one sequence that is read");
}

type Said = NamedCell & Partial<Omit<Layer, keyof NamedCell>>;

function checkLayer(operation: string, layer: Said): void {
  checkCell(operation, layer);
  oneOf(operation, "bidirectional", layer.bidirectional ?? false, [false, true]);
  if (layer.projection !== undefined && layer.cell !== "lstm") {
    refuse(operation, `the projection of cell ${quote(nameOfCell(layer))}`, "one of an LSTM alone");
  }
}

const shared = ["hidden", "bidirectional", "bias", "projection", "cell", "activation", "reset"] as const;

/** One module where the layers are alike, else one for each. */
function modulesOf(operation: string, layers: readonly Said[], prefix: PyTorchOptions["prefix"]): RecurrentModule[] {
  const names = [prefix ?? []].flat();
  const isOne = names.length < 2 && layers.every((layer) => shared.every((name) => layer[name] === layers[0]![name]));
  if (names.length > 1 && names.length !== layers.length) {
    fail(
      operation,
      "prefix",
      `has ${names.length} names`,
      `one, or one of each of ${layers.length} layers`,
      "pass those",
    );
  }
  const moduleOf = (layer: Said, prefix: string, count: number): RecurrentModule => ({
    ...{ prefix: asPrefix(prefix), named: layer, layers: count, isCell: false },
    ...{
      bidirectional: layer.bidirectional ?? false,
      bias: layer.bias ?? true,
      projected: layer.projection !== undefined,
    },
  });
  if (isOne) return [moduleOf(layers[0]!, names[0] ?? "", layers.length)];
  const [list = "rnn"] = names;
  return layers.map((layer, i) => moduleOf(layer, names.length > 1 ? names[i]! : `${asPrefix(list)}${i}`, 1));
}
