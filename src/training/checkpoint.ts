// Checkpoints: a network and the state of its training in one safetensors file. PyTorch finds the parameters in it under
// its own names; `trainer.…` tensors hold the rest, and metadata what is no tensor.

import { fromPyTorch, toPyTorch } from "../interchange/pytorch";
import { readSafetensors, type TensorData, writeSafetensors } from "../interchange/safetensors";
import { isObject, quote } from "../interchange/untrusted";
import { type NetworkConfig, type NetworkOptions, networkConfig } from "../network/config";
import type { Network } from "../network/network";
import { type ParameterValues, parameterShapes } from "../network/parameters";
import type { Trainer } from "./trainer";
import type { TrainerState } from "./trainer-state";

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

const format = "tempograd";
const version = "1";

/**
 * Saves a network and its training, as they are after the steps submitted so far: a safetensors file. It may be called
 * while training goes on.
 * @param options data is JSON that tells where the next batch comes from: a stream's `position`, read in the call
 *   itself, so that it is of the same moment. about is JSON of the caller's own, such as a vocabulary.
 */
export async function saveCheckpoint(
  trainer: Trainer,
  { data, about }: { data?: unknown; about?: unknown } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { config } = trainer.network;
  const texts = asJson({ network: config, data, about }); // now, not when the tensors are there
  const { parameters, trainer: state } = await trainer.snapshot();
  const { tensors, ...numbers } = state;
  const metadata = { format, version, ...texts, ...asJson({ trainer: numbers }) };
  return writeSafetensors([...toPyTorch(parameters, config), ...tensors], metadata);
}

/**
 * Saves a network alone, without the state of its training: a safetensors file that `readCheckpoint` reads.
 * @param options about is JSON of the caller's own.
 */
export async function saveNetwork(
  network: Pick<Network, "config" | "read">,
  { about }: { about?: unknown } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { config } = network;
  const metadata = { format, version, ...asJson({ network: config, about }) };
  return writeSafetensors(toPyTorch(await network.read(), config), metadata);
}

/**
 * Reads what `saveCheckpoint` or `saveNetwork` wrote. The file is not trusted: options, names and shapes are checked
 * here, and numbers where they are used, by `trainer.restore` and `network.write`.
 * @throws as `readSafetensors` and `fromPyTorch`, or where metadata is missing, not what it should be, or at odds with
 *   the tensors.
 */
export async function readCheckpoint(file: Uint8Array | ArrayBuffer | Blob): Promise<Checkpoint> {
  const { metadata, tensors } = readSafetensors(file instanceof Blob ? await file.arrayBuffer() : file);
  if (metadata.format !== format) {
    const cure = "read files of other programs with readSafetensors and fromPyTorch";
    refuse('metadata "format"', `is ${quote(metadata.format)}`, `"${format}"`, cure);
  }
  if (metadata.version !== version) {
    const cure = "read it with the release that wrote it";
    refuse('metadata "version"', `is ${quote(metadata.version)}`, `"${version}"`, cure);
  }
  const network = networkOf(metadata, tensors.size);
  const parameters: ParameterValues = fromPyTorch(tensors, network);
  for (const [name, { shape }] of Object.entries(parameterShapes(network))) {
    const got = parameters.get(name)!.shape;
    if (got.join() === shape.join()) continue;
    refuse(`parameter "${name}"`, `has shape [${got.join(", ")}]`, `[${shape.join(", ")}] by metadata "network"`);
  }
  return {
    network,
    parameters,
    trainer: trainerOf(metadata, tensors),
    data: fromJson(metadata, "data"),
    about: fromJson(metadata, "about"),
  };
}

function networkOf(metadata: Metadata, tensors: number): NetworkConfig {
  const options = fromJson(metadata, "network");
  if (!isObject(options)) refuse('metadata "network"', `is ${quote(options)}`, "the options of a network");
  const { layers = 1 } = options;
  if (!(Number(layers) <= tensors)) {
    refuse('metadata "network"', `has layers ${quote(layers)}`, `no more than the file's ${tensors} tensors`);
  }
  try {
    return networkConfig(options as unknown as NetworkOptions);
  } catch (error) {
    refuse('metadata "network"', `is refused (${(error as Error).message})`, "the options of a network");
  }
}

function trainerOf(metadata: Metadata, tensors: ReadonlyMap<string, TensorData>): TrainerState | undefined {
  const own: ParameterValues = new Map();
  for (const [name, { shape, data }] of tensors) {
    if (!name.startsWith("trainer.")) continue;
    if (!(data instanceof Float32Array)) refuse(`tensor "${name}"`, "is I32", "F32");
    own.set(name, { shape, data });
  }
  const numbers = fromJson(metadata, "trainer");
  if (numbers === undefined && own.size === 0) return undefined;
  const { step, learningRate, optimizer } = isObject(numbers) ? numbers : {};
  if (typeof step !== "number" || typeof learningRate !== "number" || typeof optimizer !== "string") {
    refuse('metadata "trainer"', `is ${quote(numbers)}`, "the numbers step and learningRate, and an optimizer's name");
  }
  return { step, learningRate, optimizer, tensors: own };
}

type Metadata = Readonly<Record<string, string>>;

/** Each value as JSON; what is undefined is left out. */
function asJson(values: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)] as const);
  return Object.fromEntries(texts.filter(([, text]) => text !== undefined));
}

function fromJson(metadata: Metadata, name: string): unknown {
  const text = metadata[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    refuse(`metadata "${name}"`, `is ${quote(text)}`, "JSON");
  }
}

function refuse(
  subject: string,
  got: string,
  expected: string,
  cure = "the file is damaged, fetch or write it again",
): never {
  throw new Error(`readCheckpoint: ${subject} ${got}, expected ${expected}; ${cure}.`);
}
