// `npm run generate`: writes on from a prompt with a network that `npm run train --save` saved.

import { parseArgs } from "node:util";
import { generate, Network, openGpu, Vocabulary } from "../../src/index";
import { quotedPath } from "../data/refusal";
import { answers } from "../data/trained-on";
import { complaintOf, integer, mostSeed, numberFrom, OptionError } from "./arguments";
import { load } from "./checkpoint-file";
import { choiceFile } from "./choice-file";
import { openNodeGpu } from "./node-gpu";
import { expectKnown } from "./prompt";

const help = `npm run generate -- --load FILE [options]

Writes text with a network that npm run train -- --save FILE saved (tasks moby-dick, generate-names and text), or
the training page.

  --load FILE        the network
  --prompt TEXT      what it begins with (default: a line's beginning, or a word's where it knows no lines)
  --length N         characters, or words, to write (default 400)
  --temperature T    below 1 bolder, above 1 wilder (default 0.8)
  --top-k K          choose among the K likeliest (default: all)
  --seed N           the same seed writes the same text (default 1)
  --help`;

/** Text that is asked for is read back whole again and again. */
const mostLength = 1e6;

/** @returns the exit code: 0, or 2 for wrong options. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options) await write(options);
    else console.log(help);
    return 0;
  } catch (error) {
    console.error(complaintOf("generate", error));
    return 2;
  }
}

/** Answers null where help is asked for. @throws where an option is unknown or out of range. */
function readOptions(args: string[]) {
  const text = { type: "string" } as const;
  const options = { load: text, prompt: text, length: text, temperature: text, "top-k": text, seed: text };
  const { values } = parseArgs({ args, options: { ...options, help: { type: "boolean" } } });
  if (values.help) return null;
  if (values.load === undefined) throw new OptionError("--load is missing, expected a file that npm run train saved");
  return {
    load: values.load,
    prompt: values.prompt,
    length: integer("length", values.length ?? "400", 1, mostLength),
    temperature: numberFrom("temperature", values.temperature ?? "0.8", 1e-30, 1e30),
    ...(values["top-k"] !== undefined && { topK: integer("top-k", values["top-k"], 1, 2 ** 31 - 1) }),
    seed: integer("seed", values.seed ?? "1", 0, mostSeed),
  };
}

async function write({ load: file, ...options }: NonNullable<ReturnType<typeof readOptions>>): Promise<void> {
  const { network: config, parameters, trainedOn } = await load("load", file);
  const { answer, symbols, kind = "characters" } = trainedOn;
  if (answer !== "character") {
    throw new OptionError(
      `--load is ${quotedPath(file)}, whose network ${answers[answer]}, expected one that ${answers.character}`,
    );
  }
  expectKnown(trainedOn, options.prompt ?? "");
  const prompt = options.prompt || beginning(symbols);
  const vocabulary = new Vocabulary(symbols, { kind });
  const node = await openNodeGpu();
  const gpu = await openGpu({ gpu: node.gpu, choiceStore: choiceFile() });
  try {
    const network = await Network.create(gpu, config);
    network.write(parameters);
    if (prompt !== "\n") process.stdout.write(prompt);
    const onTokens = (written: Int32Array) => process.stdout.write(vocabulary.decode(written));
    await generate(network, { ...options, prompt: vocabulary.encode(prompt), onTokens });
    process.stdout.write("\n");
    network.destroy();
  } finally {
    gpu.destroy();
    node.close();
  }
}

/** What to begin with where nothing is given: a line, a word, or what the network knows. */
const beginning = (symbols: readonly string[]): string =>
  ["\n", " "].find((blank) => symbols.includes(blank)) ?? symbols[0]!;
