// The files of a model on Hugging Face's hub that `toHuggingFace` wrote, as a network.

import { Vocabulary } from "../data/vocabulary";
import { TempogradError } from "../errors";
import { expectFinite } from "../interchange/finite";
import { fromPyTorch } from "../interchange/pytorch";
import { readSafetensors } from "../interchange/safetensors";
import { isObject, kindOf, parseJson, quote } from "../interchange/untrusted";
import type { NetworkConfig } from "../network/config";
import { expectKnown } from "../network/expect";
import type { ParameterValues } from "../network/parameters";
import { type SavedNames, savedNetwork } from "../network/saved-network";
import { withShipped } from "../network/shipped";
import { architectureOf } from "../parts/architecture";
import { parameterShapes } from "../parts/parameter-shapes";
import { moduleNames, moduleSizes } from "./pytorch-module";
import { tokensOf } from "./tokenizer";

/** The network of a folder. */
export interface HuggingFaceNetwork {
  /** For `Network.create`. */
  network: NetworkConfig;
  /** For `network.write`. */
  parameters: ParameterValues;
  /** Undefined where the folder has none. */
  vocabulary: Vocabulary | undefined;
  /** What was given to `toHuggingFace` as `about`; undefined where nothing was. */
  about: unknown;
}

const operation = "fromHuggingFace";
const again = "fetch the files again, as toHuggingFace wrote them";

/**
 * The network of a folder that `toHuggingFace` wrote, its parameters as they were, to the bit; or as PyTorch has trained them further,
 * the two biases of a gate added. The files are not trusted.
 *
 * @param files the bytes of config.json and model.safetensors, and of vocab.json where there is one, or else of a tokenizer.json that is
 *   as `toHuggingFace` writes it, by these names; others are left
 * @param names losses that are no names: files hold what they are called
 * @throws TempogradError with the code "file" where a file is missing or not as it should be
 * @example
 * ```ts
 * import { fromHuggingFace, toHuggingFace } from "tempograd/hugging-face";
 *
 * const files = toHuggingFace(await network.read(), network.config); // in place of some that were downloaded
 * const read = fromHuggingFace(files);
 * console.log(read.network, read.parameters.size);
 * ```
 */
export function fromHuggingFace(
  files: ReadonlyMap<string, Uint8Array | ArrayBuffer>,
  names: Pick<SavedNames, "losses"> = {},
): HuggingFaceNetwork {
  expectKnown(operation, names, ["losses"]);
  if (kindOf(files) !== "Map") refuse("files", `is ${kindOf(files)}`, "a Map of bytes by name", "pass one");
  const settings = jsonOf(files, "config.json");
  if (settings.format !== "tempograd" || !isObject(settings.network)) {
    const got = `has format ${quote(settings.format)} and network ${quote(settings.network)}`;
    const cure = "read files of other programs with readSafetensors and fromPyTorch";
    refuse('"config.json"', got, '"tempograd" and the options of one', cure);
  }
  const network = networkOf(settings.network, names);
  return {
    network,
    parameters: parametersOf(fileOf(files, "model.safetensors"), network),
    vocabulary: files.has("vocab.json")
      ? vocabularyOf("vocab.json", jsonOf(files, "vocab.json"), settings.vocabulary)
      : files.has("tokenizer.json")
        ? ofTokenizer(jsonOf(files, "tokenizer.json"))
        : undefined,
    about: settings.about,
  };
}

function fileOf(files: ReadonlyMap<string, Uint8Array | ArrayBuffer>, name: string): Uint8Array {
  const file = files.get(name);
  if (!file) refuse(`file "${name}"`, "is missing", "it among the files", again);
  if (!["Uint8Array", "ArrayBuffer"].includes(kindOf(file))) {
    refuse(`file "${name}"`, `is ${kindOf(file)}`, "a Uint8Array or an ArrayBuffer", "pass its bytes");
  }
  return ArrayBuffer.isView(file) ? file : new Uint8Array(file);
}

function jsonOf(files: ReadonlyMap<string, Uint8Array | ArrayBuffer>, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(new TextDecoder().decode(fileOf(files, name)));
  } catch (error) {
    if (error instanceof TempogradError && error.message.startsWith(operation)) throw error;
    refuse(`"${name}"`, (error as Error).message, "JSON", again);
  }
  return isObject(value) ? value : refuse(`"${name}"`, `is ${quote(value)}`, "an object of JSON", again);
}

function networkOf(options: Record<string, unknown>, names: SavedNames): NetworkConfig {
  try {
    const network = savedNetwork(options, withShipped(names));
    moduleSizes(operation, network);
    return network;
  } catch (error) {
    const got = `has a network that is refused (${(error as Error).message})`;
    refuse('"config.json"', got, "the options of one", again);
  }
}

function parametersOf(file: Uint8Array, network: NetworkConfig): ParameterValues {
  const { tensors } = readSafetensors(file);
  const { input, readout, layers } = architectureOf(network);
  if (layers.length > tensors.size) {
    refuse('"model.safetensors"', `has ${tensors.size} tensors`, `those of ${layers.length} layers`, again);
  }
  const { prefix } = moduleNames(network);
  const found = fromPyTorch(tensors, {
    ...(prefix !== undefined && { prefix }),
    head: readout.bare ? null : "head",
    embedding: input.kind === "embedding" ? "embedding" : null,
  });
  const parameters: ParameterValues = new Map();
  for (const [name, { shape }] of Object.entries(parameterShapes(network))) {
    const own = found.get(name);
    const got = own ? `has shape [${own.shape.join(", ")}]` : "is missing";
    if (own?.shape.join() !== shape.join()) {
      refuse(`parameter "${name}"`, got, `[${shape.join(", ")}] by "config.json"`, again);
    }
    parameters.set(name, own);
    found.delete(name);
  }
  for (const name of found.keys())
    refuse(`parameter "${name}"`, "is of no part", 'those of "config.json" alone', again);
  expectFinite(operation, parameters);
  return parameters;
}

function ofTokenizer(said: Record<string, unknown>): Vocabulary {
  const read = tokensOf(said);
  if (typeof read === "object") return vocabularyOf("tokenizer.json", read.tokens, read.kind);
  const expected = "a WordLevel model of characters or words, as toHuggingFace writes it, and nothing else";
  refuse('"tokenizer.json"', `has another ${quote(read)}`, expected, "leave it out, and tokenize with its own library");
}

function vocabularyOf(file: string, tokens: Record<string, unknown>, kind: unknown): Vocabulary {
  const symbols = Object.keys(tokens).sort((a, b) => Number(tokens[a]) - Number(tokens[b]));
  const wrong = symbols.find((symbol, token) => tokens[symbol] !== token);
  if (wrong !== undefined) {
    const got = `has token ${quote(tokens[wrong])} for ${quote(wrong)}`;
    refuse(`"${file}"`, got, `each of 0 to ${symbols.length - 1} once`, again);
  }
  try {
    return Vocabulary.fromJSON({ kind, symbols });
  } catch (error) {
    refuse(`"${file}"`, `is refused (${(error as Error).message})`, "a vocabulary", again);
  }
}

function refuse(subject: string, got: string, expected: string, cure: string): never {
  throw new TempogradError("file", `${operation}: ${subject} ${got}, expected ${expected}; ${cure}.`);
}
