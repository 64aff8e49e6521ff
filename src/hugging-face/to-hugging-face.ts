// A network as the files of a model on Hugging Face's hub.

import type { Vocabulary } from "../data/vocabulary";
import { shown, TempogradError } from "../errors";
import { toPyTorch } from "../interchange/pytorch";
import { writeSafetensors } from "../interchange/safetensors";
import { type NetworkOptions, networkConfig } from "../network/config";
import { expectKnown } from "../network/expect";
import { expectParameters } from "../network/expect-parameters";
import type { ParameterValues } from "../network/parameters";
import { plainJson } from "../network/plain-json";
import { architectureOf } from "../parts/architecture";
import { type CardOptions, modelCard } from "./model-card";
import { moduleNames, moduleSizes } from "./pytorch-module";
import { tokenizerOf } from "./tokenizer";

/** What goes along with a network, and what its card tells of it. */
export interface HuggingFaceOptions extends CardOptions {
  /** Which token stands for which symbol: vocab.json and tokenizer.json. */
  vocabulary?: Vocabulary;
  /** Plain data of the caller's own, such as a scaler or the names of classes: `about` of config.json. */
  about?: unknown;
}

const operation = "toHuggingFace";

/**
 * A network as a folder of Hugging Face's hub, which PyTorch computes too:
 *
 *     config.json          the network's options, for `fromHuggingFace`; and the sizes of PyTorch's modules
 *     model.safetensors    its parameters by PyTorch's names
 *     vocab.json           the token of each symbol, where a vocabulary is given
 *     tokenizer.json       the same for Hugging Face's tokenizers, where its symbols are characters or words
 *     README.md            the model card: what you tell of data and metrics, and a module of PyTorch, `Network.from_pretrained(folder)`
 *
 * Upload them as they are, or make a ZIP of them: `zipSync(Object.fromEntries(files))` of the package fflate.
 *
 * @param parameters as `network.read()` answers them
 * @param options those of the network: `network.config`
 * @returns the bytes of each file by its name
 * @throws where parameters are missing, of other shapes or not finite; where a part of the network has no twin in PyTorch, an option is
 *   not one of these, or `about` no plain data
 * @example
 * ```ts
 * import { toHuggingFace } from "tempograd/hugging-face";
 *
 * const files = toHuggingFace(await network.read(), network.config, {
 *   name: "Names of birds", data: "a list of birds", size: "1200 names", metrics: { accuracy: 0.87 }, license: "mit",
 * });
 * console.log([...files.keys()]); // config.json, model.safetensors, README.md
 * ```
 */
export function toHuggingFace(
  parameters: ParameterValues,
  options: NetworkOptions,
  also: HuggingFaceOptions = {},
): Map<string, Uint8Array<ArrayBuffer>> {
  const texts = ["name", "data", "size", "task", "license", "language"] as const;
  expectKnown(operation, also, [...texts, "metrics", "vocabulary", "about"]);
  for (const name of texts) {
    const value: unknown = also[name];
    if (value !== undefined && typeof value !== "string") refuse(name, shown(value), "a text");
  }
  const { metrics = {}, vocabulary, about } = also;
  for (const [name, value] of Object.entries(metrics)) {
    if (!Number.isFinite(value)) refuse(`metrics.${name}`, shown(value), "a finite number");
  }
  const config = networkConfig(options);
  expectParameters(operation, parameters, config);
  const { input } = architectureOf(config);
  if (vocabulary && vocabulary.size !== input.tokens) {
    refuse(
      "vocabulary",
      `of ${vocabulary.size} symbols`,
      `one of the ${input.tokens ?? "no"} tokens that the network reads`,
    );
  }
  const pytorch = moduleSizes(operation, config);
  const tensors = toPyTorch(parameters, moduleNames(config));
  const settings = {
    ...{ model_type: "tempograd", format: "tempograd", network: config },
    ...(vocabulary && { vocabulary: vocabulary.kind }),
    ...(about !== undefined && { about: JSON.parse(plainJson(operation, "about", about)) }),
    pytorch,
  };
  const tokenizer = vocabulary && tokenizerOf(vocabulary);
  const tokens = vocabulary && Object.fromEntries(vocabulary.symbols.map((symbol, token) => [symbol, token]));
  return new Map([
    ["config.json", json(settings)],
    ["model.safetensors", writeSafetensors(tensors, { format: "pt" })],
    ...(tokens ? [["vocab.json", json(tokens)] as const] : []),
    ...(tokenizer ? [["tokenizer.json", json(tokenizer)] as const] : []),
    ["README.md", bytes(modelCard(also, config, parameters, vocabulary !== undefined))],
  ]);
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const json = (value: unknown): Uint8Array<ArrayBuffer> => bytes(`${JSON.stringify(value, null, 2)}\n`);

function refuse(name: string, got: string, expected: string): never {
  throw new TempogradError("option", `${operation}: ${name} is ${got}, expected ${expected}.`);
}
