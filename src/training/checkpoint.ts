// Checkpoints: a network and the state of its training in one safetensors file. PyTorch finds the parameters in it under
// its own names, where it has a network that computes the same; `trainer.…` tensors hold the rest, and metadata what is
// no tensor.

import { TempogradError } from "../errors";
import { expectKind, type Lifetime } from "../gpu/lifetime";
import { expectFinite } from "../interchange/finite";
import { hasTwin } from "../interchange/pytorch-options";
import { readSafetensors, type TensorData, writeSafetensors } from "../interchange/safetensors";
import { checkDepth, isObject, kindOf, parseJson, quote } from "../interchange/untrusted";
import type { NetworkConfig, UniformConfig } from "../network/config";
import type { Network } from "../network/network";
import type { ParameterValues } from "../network/parameters";
import { type SavedNames, savedNetwork } from "../network/saved-network";
import { stateSpecs } from "../network/state-specs";
import { isParts } from "../parts/architecture";
import { parameterShapes } from "../parts/parameter-shapes";
import { expectNumber } from "./optimizers";
import type { Trainer } from "./trainer";
import { checkProgress, type TrainerState } from "./trainer-state";

/** What a checkpoint holds. */
export interface Checkpoint {
  /** For `Network.create`. */
  network: NetworkConfig;
  /** For `network.write`; `trainer.restore` writes them too. */
  parameters: ParameterValues;
  /** For `trainer.restore`; undefined where a network alone was saved. */
  trainer: TrainerState | undefined;
  /** JSON, the position of the data as it was given, and the caller's own; undefined where none was given. */
  data: unknown;
  about: unknown;
}

/** What of a trainer's network is saved with it, beside its parameters. */
interface Saved extends Pick<Network, "config"> {
  readonly lifetime: Pick<Lifetime, "expect">;
}

const format = "tempograd";
const version = "1";

/**
 * Saves a network and its training, as they are after the steps submitted so far: a safetensors file. It may be called
 * while training goes on. {@link TrainerState} has an example.
 * @param options data is JSON that tells where the next batch comes from: a stream's `position`, read in the call
 *   itself, so that it is of the same moment. about is JSON of the caller's own, such as a vocabulary.
 * @throws where anything is not finite, the trainer was destroyed or the device lost, or data or about is no plain data.
 */
export async function saveCheckpoint(
  trainer: Pick<Trainer, "snapshot"> & { readonly network: Saved },
  { data, about }: { data?: unknown; about?: unknown } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  expectKind("saveCheckpoint", "trainer", typeof trainer?.snapshot === "function", trainer, "Trainer.create");
  trainer.network.lifetime.expect("saveCheckpoint");
  const { config } = trainer.network;
  const texts = asJson("saveCheckpoint", { network: config, data, about }); // now, not when the tensors are there
  const { parameters, trainer: state } = await trainer.snapshot("saveCheckpoint");
  const { tensors, ...numbers } = state;
  expectFinite("saveCheckpoint", [...parameters, ...tensors]);
  const metadata = { format, version, ...texts, ...asJson("saveCheckpoint", { trainer: numbers }) };
  return writeSafetensors([...(await named(parameters, config)), ...tensors], metadata);
}

/**
 * Saves a network alone, without the state of its training: a safetensors file that `readCheckpoint` reads.
 * @param options about is JSON of the caller's own.
 * @throws as `saveCheckpoint`.
 */
export async function saveNetwork(
  network: Pick<Network, "config" | "read">,
  { about }: { about?: unknown } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof network?.read !== "function") {
    const expected = "what Network.create gives; await it";
    throw new TempogradError("option", `saveNetwork: the network is ${kindOf(network)}, expected ${expected}.`);
  }
  const { config } = network;
  const metadata = { format, version, ...asJson("saveNetwork", { network: config, about }) };
  const parameters = await network.read("saveNetwork");
  expectFinite("saveNetwork", parameters);
  return writeSafetensors(await named(parameters, config), metadata);
}

/**
 * Parameters as a file names them: as PyTorch does, where that computes the same with them; else as this library does, so
 * that no reader takes them for PyTorch's.
 */
async function named(parameters: ParameterValues, config: NetworkConfig): Promise<ParameterValues> {
  if (isParts(config) || !hasTwin(config)) return parameters;
  const { toPyTorch } = await import("../interchange/pytorch"); // when there is a file
  return toPyTorch(parameters, config);
}

/**
 * Reads what `saveCheckpoint` or `saveNetwork` wrote. The file is not trusted: options, names and shapes are checked
 * here, and numbers where they are used, by `trainer.restore` and `network.write`.
 * @param names cells that `defineCell` made, and losses that are no names: files hold what they are called.
 * @throws as `readSafetensors` and `fromPyTorch`, or where metadata is missing, not what it should be, or at odds with
 *   the tensors.
 */
export async function readCheckpoint(
  file: Uint8Array | ArrayBuffer | Blob,
  names: SavedNames = {},
): Promise<Checkpoint> {
  const { metadata, tensors } = readSafetensors(file instanceof Blob ? await file.arrayBuffer() : file);
  if (metadata.format !== format) {
    const cure = "read files of other programs with readSafetensors and fromPyTorch";
    refuse('metadata "format"', `is ${quote(metadata.format)}`, `"${format}"`, cure);
  }
  if (metadata.version !== version) {
    const cure = "read it with the release that wrote it";
    refuse('metadata "version"', `is ${quote(metadata.version)}`, `"${version}"`, cure);
  }
  const network = networkOf(metadata, tensors.size, names);
  return {
    network,
    parameters: await parametersOf(tensors, network),
    trainer: trainerOf(metadata, tensors, network),
    data: fromJson(metadata, "data"),
    about: fromJson(metadata, "about"),
  };
}

type Tensors = ReadonlyMap<string, TensorData>;

/** Without more options: earlier files hold by PyTorch's names what has no twin. */
async function byOwnNames(tensors: Tensors, { cell, layers, bidirectional }: UniformConfig): Promise<Tensors> {
  const { fromPyTorch } = await import("../interchange/pytorch");
  return fromPyTorch(tensors, { cell, layers, bidirectional });
}

async function parametersOf(tensors: Tensors, network: NetworkConfig): Promise<ParameterValues> {
  const shapes = parameterShapes(network);
  const own = isParts(network) || (!hasTwin(network) && Object.keys(shapes).some((name) => tensors.has(name)));
  const found: Tensors = own ? tensors : await byOwnNames(tensors, network);
  const parameters: ParameterValues = new Map();
  for (const [name, { shape }] of Object.entries(shapes)) {
    const subject = `parameter "${name}"`;
    const expected = `F32 [${shape.join(", ")}] by metadata "network"`;
    const tensor = found.get(name);
    if (!tensor) refuse(subject, "is missing", expected);
    const { shape: got, data } = tensor;
    if (!(data instanceof Float32Array)) refuse(subject, "is I32", expected);
    if (got.join() !== shape.join()) refuse(subject, `has shape ${quote(got)}`, expected);
    parameters.set(name, { shape: got, data });
  }
  const further = [...tensors.keys()].find((name) => own && !shapes[name] && !name.startsWith(ofTrainer));
  if (further) refuse(`tensor ${quote(further)}`, "is of no parameter", `those of metadata "network" alone`);
  return parameters;
}

function networkOf(metadata: Metadata, tensors: number, names: SavedNames): NetworkConfig {
  const options = fromJson(metadata, "network");
  if (!isObject(options)) refuse('metadata "network"', `is ${quote(options)}`, "the options of a network");
  const { layers = 1 } = options;
  const count = Array.isArray(layers) ? layers.length : layers;
  if (!(Number(count) <= tensors)) {
    refuse('metadata "network"', `has layers ${quote(count)}`, `no more than the file's ${tensors} tensors`);
  }
  try {
    return savedNetwork(options, names);
  } catch (error) {
    refuse('metadata "network"', `is refused (${(error as Error).message})`, "the options of a network");
  }
}

const ofTrainer = "trainer.";

function trainerOf(metadata: Metadata, tensors: Tensors, network: NetworkConfig): TrainerState | undefined {
  const own: ParameterValues = new Map();
  const shapes = parameterShapes(network);
  for (const [name, { shape, data }] of tensors) {
    if (!name.startsWith(ofTrainer)) continue;
    const subject = `tensor ${quote(name)}`;
    const expected = shapes[name.split(".").slice(2).join(".")]?.shape ?? shape; // such as trainer.mean.outputBias
    if (!(data instanceof Float32Array)) refuse(subject, "is I32", "F32");
    if (shape.join() !== expected.join()) {
      refuse(subject, `has shape ${quote(shape)}`, `${quote(expected)}, as its parameter`);
    }
    own.set(name, { shape, data });
  }
  const numbers = fromJson(metadata, "trainer");
  if (numbers === undefined && own.size === 0) return undefined;
  const { step, learningRate, optimizer, ...more } = isObject(numbers) ? numbers : {};
  if (typeof step !== "number" || typeof learningRate !== "number" || typeof optimizer !== "string") {
    refuse('metadata "trainer"', `is ${quote(numbers)}`, "the numbers step and learningRate, and an optimizer's name");
  }
  checkProgress('readCheckpoint: metadata "trainer"', { step, learningRate });
  const learning = learningIn(more, Object.keys(shapes));
  return { step, learningRate, optimizer, ...learning, tensors: withStatesApart(own, network) };
}

/** Earlier files hold the carried states of all layers as one tensor of each kind. */
function withStatesApart(tensors: ParameterValues, network: NetworkConfig): ParameterValues {
  const apart: ParameterValues = new Map();
  for (const [name, { shape, data }] of tensors) {
    const [, kind] = /^trainer\.state\.(hidden|cell)$/.exec(name) ?? [];
    const [, batch = 0] = shape;
    const ofKind = Object.entries(stateSpecs(network, batch)).filter(([, spec]) => spec.kind === kind);
    if (ofKind.length === 0) apart.set(name, { shape, data });
    const size = data.length / ofKind.length;
    for (const [i, [state, spec]] of ofKind.entries()) {
      apart.set(`${ofTrainer}state.${state}`, { shape: [...spec.shape], data: data.slice(i * size, (i + 1) * size) });
    }
  }
  return apart;
}

/** Who learned, and at which rates of their own, where that is told: each by its name. */
function learningIn(
  { trainable, learningRates }: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Pick<TrainerState, "trainable" | "learningRates"> {
  const subject = 'metadata "trainer"';
  const isParameter = (name: unknown) => names.includes(name as string);
  if (trainable !== undefined && !(Array.isArray(trainable) && trainable.length > 0 && trainable.every(isParameter))) {
    refuse(subject, `has trainable ${quote(trainable)}`, "a list of names of the network's parameters");
  }
  const rates = isObject(learningRates) ? Object.entries(learningRates) : [];
  const known = rates.length > 0 && rates.every(([name, rate]) => isParameter(name) && typeof rate === "number");
  if (learningRates !== undefined && !known) {
    refuse(subject, `has learningRates ${quote(learningRates)}`, "numbers by names of the network's parameters");
  }
  for (const [name, rate] of rates)
    expectNumber(`readCheckpoint: ${subject}`, `learningRates of ${name}`, rate as number);
  return {
    ...(trainable !== undefined && { trainable: trainable as string[] }),
    ...(learningRates !== undefined && { learningRates: learningRates as Record<string, number> }),
  };
}

type Metadata = Readonly<Record<string, string>>;

/** Each value as JSON; what is undefined is left out. @throws where `fromJson` could not read it again. */
function asJson(operation: string, values: Record<string, unknown>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    try {
      const text = JSON.stringify(value);
      if (text === undefined) continue;
      checkDepth(text);
      texts[name] = text;
    } catch {
      const expected =
        "what JSON can hold: plain objects and arrays, some hundred deep, that do not contain themselves";
      throw new TempogradError(
        "file",
        `${operation}: ${name} is ${kindOf(value)}, expected ${expected}; pass plain data.`,
      );
    }
  }
  return texts;
}

function fromJson(metadata: Metadata, name: string): unknown {
  const text = metadata[name];
  if (text === undefined) return undefined;
  try {
    return parseJson(text);
  } catch (error) {
    refuse(`metadata "${name}"`, (error as Error).message, "JSON");
  }
}

function refuse(
  subject: string,
  got: string,
  expected: string,
  cure = "the file is damaged, fetch or write it again",
): never {
  throw new TempogradError("file", `readCheckpoint: ${subject} ${got}, expected ${expected}; ${cure}.`);
}
