// Finds a network in a state_dict of PyTorch: which of its tensors are an embedding, recurrent layers and an output layer.

import type { CellName, NamedCell } from "../cells/cells";
import { TempogradError } from "../errors";
import { countValues, type TensorData } from "./safetensors";
import { quote } from "./untrusted";

export type Tensors = ReadonlyMap<string, TensorData>;

/** What is said of the tensors, where it is not to be found, or is to be held to. */
export interface Said extends Partial<NamedCell> {
  layers?: number;
  bidirectional?: boolean;
  prefix?: string | readonly string[];
  head?: string | null;
  embedding?: string | null;
}

/** One nn.RNN, nn.GRU or nn.LSTM, or a cell of theirs. */
export interface RecurrentModule {
  /** What the names of its tensors begin with: "" or "NAME." */
  readonly prefix: string;
  readonly named: NamedCell;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly bias: boolean;
  /** Whether its h is projected. */
  readonly projected: boolean;
  /** Whether its names do not tell layers: those of nn.LSTMCell and its like. */
  readonly isCell: boolean;
}

/** A network in a state_dict, by names of its tensors. */
export interface Layout {
  /** From the lowest; they have no sizes in common where there are several. */
  readonly modules: readonly RecurrentModule[];
  readonly embedding: string | undefined;
  readonly head: { readonly weight: string; readonly bias: string | undefined; readonly tied: boolean } | undefined;
}

/** How a tensor of one direction of a layer is called. */
export const nameIn = ({ prefix, isCell }: RecurrentModule, kind: string, layer: number, reverse: boolean): string =>
  `${prefix}${kind}${isCell ? "" : `_l${layer}${reverse ? "_reverse" : ""}`}`;

/** A module's name as the beginning of its tensors' names. */
export const asPrefix = (name: string): string => (name === "" || name.endsWith(".") ? name : `${name}.`);

const cellsByGates: Readonly<Record<number, CellName>> = { 1: "elman", 3: "gru", 4: "lstm" };
const recurrentField = /^(weight|bias)_(ih|hh|hr)(_l\d+(_reverse)?)?$/;
const embeddingName = /^(encoder|wte|.*emb.*|.*lookup.*)\.$/i;
const headName = /^(fc|linear|.*head|classifier|decoder|dense|out|output|proj.*|readout|generator|.*fc.*)\d*\.$/i;

/** The last part of a module's name, which its author gave it. */
const ownName = (prefix: string): string => /[^.]*\.$/.exec(prefix)?.[0] ?? "";

/** What tensors are called within each module, by what the module's names begin with. */
function fieldsByModule(tensors: Tensors): Map<string, string[]> {
  const modules = new Map<string, string[]>();
  for (const name of tensors.keys()) {
    const at = name.lastIndexOf(".") + 1;
    const prefix = name.slice(0, at);
    const fields = modules.get(prefix);
    if (fields) fields.push(name.slice(at));
    else modules.set(prefix, [name.slice(at)]);
  }
  return modules;
}

/** A tensor's sizes; none where they are no sizes. */
export function shapeOf(tensors: Tensors, name: string): readonly number[] {
  const shape = tensors.get(name)?.shape;
  return Number.isNaN(countValues(shape)) ? [] : (shape as number[]);
}

/**
 * @param isOwn whether other tensors may be there too: the names are those that this library writes.
 * @throws where there is no network, or more than one, or it is not what is said of it.
 */
export function findLayout(tensors: Tensors, said: Said): Layout & { isOwn: boolean } {
  const fields = fieldsByModule(tensors);
  const modules = prefixesOf(tensors, fields, said).map((prefix, _, all) =>
    moduleAt(tensors, prefix, fields.get(prefix) ?? [], said, all.length === 1),
  );
  const layers = modules.reduce((sum, module) => sum + module.layers, 0);
  if (said.layers !== undefined && said.layers !== layers) {
    refuse("layers", `is ${said.layers}`, `the ${layers} of ${modules.length} modules`, "pass that, or nothing");
  }
  const isOwn = modules[0]!.prefix === "" && ["head.weight", "head.bias"].some((name) => tensors.has(name));
  const own = { head: "head", embedding: tensors.has("embedding.weight") ? "embedding" : null };
  return { modules, ...aroundOf(tensors, fields, modules, isOwn ? { ...own, ...given(said) } : said), isOwn };
}

/** An object without what is undefined. */
export const given = <T extends object>(said: T) =>
  Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };

/** The modules of the stack, from the lowest. */
function prefixesOf(tensors: Tensors, fields: ReadonlyMap<string, string[]>, { prefix }: Said): string[] {
  const found = [...fields].flatMap(([prefix, names]) =>
    names.some((name) => recurrentField.test(name)) ? prefix : [],
  );
  const weights = () => [...tensors.keys()].filter((name) => /weight_hh(_l0)?$/.test(name));
  if (prefix !== undefined) {
    return [prefix].flat().flatMap((name): string[] => {
      const wanted = asPrefix(name);
      const stack = found.filter((other) => other.startsWith(wanted) && /^\d+\.$/.test(other.slice(wanted.length)));
      if (found.includes(wanted)) return [wanted];
      if (stack.length === 0) {
        const cure = "pass the name of one that is there";
        refuse(`prefix ${quote(name)}`, "is of no recurrent module", `one of ${listed(tensors, weights())}`, cure);
      }
      return numbered(stack) ?? stack;
    });
  }
  if (found.includes("")) return [""];
  if (found.length === 1) return found;
  if (found.length === 0) {
    const expected = "weight_ih_l0 and weight_hh_l0 of one, behind the name of its module";
    const got = `of nn.RNN, nn.GRU or nn.LSTM are not among ${listed(tensors, [...tensors.keys()])}`;
    refuse("tensors", got, expected, "pass the state_dict of a model that has one");
  }
  const stack = numbered(found);
  if (stack) return stack;
  const cure =
    'pass the name of one as prefix, or a list of those of a stack, from the lowest: prefix: ["lstm1", "lstm2"]';
  refuse("tensors", `has ${found.length} recurrent modules`, `one of ${listed(tensors, weights())}`, cure);
}

/** Modules of one list, as nn.ModuleList and nn.Sequential number them, in its order; undefined where they are not of one. */
function numbered(prefixes: readonly string[]): string[] | undefined {
  const parts = prefixes.map((prefix) => /^(|.*\.)(\d+)\.$/s.exec(prefix));
  if (parts.length === 0 || parts.some((part) => !part || part[1] !== parts[0]?.[1])) return undefined;
  return [...prefixes].sort((a, b) => Number(/(\d+)\.$/.exec(a)![1]) - Number(/(\d+)\.$/.exec(b)![1]));
}

/** @param isAlone whether it has all the layers */
function moduleAt(
  tensors: Tensors,
  prefix: string,
  fields: readonly string[],
  said: Said,
  isAlone: boolean,
): RecurrentModule {
  const isCell = fields.includes("weight_hh") || fields.includes("weight_ih");
  const projected = fields.some((name) => name.startsWith("weight_hr"));
  const at = { prefix, isCell, projected, bias: fields.some((name) => name.startsWith("bias_")) };
  const cell = said.cell ?? cellAt(tensors, prefix, isCell, projected);
  if (projected && cell !== "lstm") {
    const name = fields.find((field) => field.startsWith("weight_hr"));
    refuse(`tensor ${quote(prefix + name)}`, "is of a projection", `none of cell "${cell}"`, 'pass cell: "lstm"');
  }
  let layers = isAlone ? (said.layers ?? 0) : 0;
  if (layers === 0)
    do layers++;
    while (!isCell && fields.includes(`weight_hh_l${layers}`));
  const further = fields.find((name) => Number(/^weight_hh_l(\d+)(_reverse)?$/.exec(name)?.[1] ?? 0) >= layers);
  if (further) {
    const cure = "pass the number there are";
    refuse(`tensor ${quote(prefix + further)}`, "is of a further layer", `layers: ${layers}`, cure);
  }
  const hasReverse = fields.includes("weight_hh_l0_reverse");
  const { bidirectional = hasReverse, activation, reset } = said;
  if (!bidirectional && hasReverse) {
    const name = `tensor "${prefix}weight_hh_l0_reverse"`;
    refuse(name, "is of a reverse direction", "bidirectional: false", "pass bidirectional: true");
  }
  return { ...at, named: { cell, ...given({ activation, reset }) }, layers, bidirectional };
}

/** By how many gates a hidden unit has. */
function cellAt(tensors: Tensors, prefix: string, isCell: boolean, projected: boolean): CellName {
  const end = isCell ? "" : "_l0";
  const name = `${prefix}weight_hh${end}`;
  const [rows = 0, width] = shapeOf(tensors, name);
  const hidden = projected ? shapeOf(tensors, `${prefix}weight_hr${end}`)[1] : width;
  const cell = hidden === undefined ? undefined : cellsByGates[rows / hidden];
  if (cell) return cell;
  const got = tensors.has(name) ? `has shape ${quoteShape(shapeOf(tensors, name))}` : "is missing";
  const expected = "F32 [gates·hidden, hidden] of 1, 3 or 4 gates";
  refuse(`tensor ${quote(name)}`, got, expected, "pass all parameters of an nn.RNN, nn.GRU or nn.LSTM");
}

/** What is below and above the recurrent layers. */
function aroundOf(
  tensors: Tensors,
  fields: ReadonlyMap<string, string[]>,
  modules: readonly RecurrentModule[],
  said: Said,
): Pick<Layout, "embedding" | "head"> {
  const lowest = modules[0]!;
  const highest = modules.at(-1)!;
  const inputs = shapeOf(tensors, nameIn(lowest, "weight_ih", 0, false))[1];
  const width = shapeOf(tensors, nameIn(highest, "weight_hh", 0, false))[1] ?? 0;
  const states = width * (highest.bidirectional ? 2 : 1);
  const prefixes = modules.map((module) => module.prefix);
  const others = [...fields].filter(([prefix]) => !prefixes.includes(prefix));
  const has = (prefix: string, field: string) => tensors.has(prefix + field);
  const matrices = others.flatMap(([prefix, names]) => {
    const [rows, columns, ...more] = shapeOf(tensors, `${prefix}weight`);
    const isLinear = more.length === 0 && names.every((name) => name === "weight" || name === "bias");
    return columns !== undefined && isLinear ? [{ prefix, rows, columns, name: ownName(prefix) }] : [];
  });
  const isEither = inputs === states;
  const areAlike = (a: string, b: string) => areEqual(tensors.get(`${a}weight`), tensors.get(`${b}weight`));
  const twin = matrices.find(
    ({ prefix }) =>
      isEither &&
      !has(prefix, "bias") &&
      matrices.some((other) => other.prefix !== prefix && areAlike(prefix, other.prefix)),
  );
  const mayEmbed = ({ prefix, rows, columns, name }: (typeof matrices)[number]) =>
    columns === inputs &&
    !has(prefix, "bias") &&
    (embeddingName.test(name) || (rows !== columns && !(isEither && headName.test(name))));
  const embeddings = twin ? [twin] : matrices.filter(mayEmbed);
  const heads = matrices.filter(
    ({ prefix, columns, name }) =>
      columns === states && prefix !== twin?.prefix && !(isEither && !has(prefix, "bias") && embeddingName.test(name)),
  );
  const one = (option: "head" | "embedding", candidates: typeof matrices): string | undefined => {
    const name = said[option];
    if (name !== undefined) return name === null ? undefined : asPrefix(name);
    if (candidates.length < 2) return candidates[0]?.prefix;
    const names = candidates.map(({ prefix }) => `${prefix}weight`);
    const cure = `pass the name of its module as ${option}, or ${option}: null`;
    refuse("tensors", `has ${names.length} that may be the ${option}`, `one of ${listed(tensors, names)}`, cure);
  };
  const embedding = one("embedding", embeddings);
  const found = one("head", heads);
  if (found !== undefined && found === embedding && said.head === undefined && said.embedding === undefined) {
    const cure = "pass its module's name as one of both, and null as the other, or as both where they are tied";
    refuse(`tensor ${quote(`${found}weight`)}`, "may be the embedding or the head", "a name that tells", cure);
  }
  const table = embedding === undefined ? undefined : `${embedding}weight`;
  const head = found ?? (said.head === null ? undefined : biasAlone(tensors, others, table, states, heads.length));
  if (head === undefined) return { embedding: table, head: undefined };
  const weight = `${head}weight`;
  const bias = has(head, "bias") ? `${head}bias` : undefined;
  const isTied = table !== undefined && (!tensors.has(weight) || areAlike(embedding!, head));
  return {
    embedding: table,
    head: { weight: tensors.has(weight) ? weight : (table ?? weight), bias, tied: isTied && !highest.bidirectional },
  };
}

/** The module that has a bias alone, its weight being the embedding's; or one that is called as output layers are. */
function biasAlone(
  tensors: Tensors,
  others: readonly (readonly [string, readonly string[]])[],
  table: string | undefined,
  states: number,
  matrices: number,
): string | undefined {
  if (matrices > 0) return undefined;
  const [tokens, width] = table === undefined ? [] : shapeOf(tensors, table);
  const ofBias = others.filter(
    ([prefix, names]) => names.join() === "bias" && width === states && shapeOf(tensors, `${prefix}bias`)[0] === tokens,
  );
  const called = others.filter(([prefix]) => headName.test(ownName(prefix)) && `${prefix}weight` !== table);
  return (ofBias.length === 1 ? ofBias : called.length === 1 ? called : [])[0]?.[0];
}

/** Whether two tensors are the same numbers. */
function areEqual(a: TensorData | undefined, b: TensorData | undefined): boolean {
  if (!a || !b || String(a.shape) !== String(b.shape) || a.data?.length !== b.data?.length) return false;
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}

const mostListed = 240;

/** Tensors by name and shape, for a message: as many as are short enough. */
export function listed(tensors: Tensors, names: readonly string[]): string {
  let text = "";
  for (const [i, name] of names.entries()) {
    const next = `${text}${text && ", "}${quote(name)} ${quoteShape(shapeOf(tensors, name))}`;
    if (next.length > mostListed) return `${text}${text && " and "}${names.length - i} more`;
    text = next;
  }
  return text || "none";
}

/** As JSON, with blanks. */
export const quoteShape = (shape: readonly number[]): string => quote(shape).replaceAll(",", ", ");

function refuse(subject: string, got: string, expected: string, cure: string): never {
  throw new TempogradError("file", `fromPyTorch: ${subject} ${got}, expected ${expected}; ${cure}.`);
}
