// `npm run generate`: writes on from a prompt with a network that `npm run train --save` saved.

import { parseArgs } from "node:util";
import { generate, Network, openGpu, Vocabulary } from "../../src/index";
import { load } from "./checkpoint-file";
import { choiceFile } from "./choice-file";
import { openNodeGpu } from "./node-gpu";
import { integer, isOptionError, OptionError, positive } from "./options";

const help = `npm run generate -- --load FILE [options]

Writes text with a network that npm run train -- --save FILE saved (tasks moby-dick and generate-names).

  --load FILE        the network
  --prompt TEXT      what it begins with (default: a line's beginning)
  --length N         characters to write (default 400)
  --temperature T    below 1 bolder, above 1 wilder (default 0.8)
  --top-k K          choose among the K likeliest (default: all)
  --seed N           the same seed writes the same text (default 1)
  --help`;

/** @returns the exit code: 0, or 2 for wrong options. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options) await write(options);
    else console.log(help);
    return 0;
  } catch (error) {
    if (!isOptionError(error)) throw error;
    console.error(`generate: ${error.message.replaceAll("\n", " ")}; see npm run generate -- --help.`);
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
    prompt: values.prompt || "\n",
    length: integer("length", values.length, 400, 1),
    temperature: positive("temperature", values.temperature, 0.8),
    ...(values["top-k"] !== undefined && { topK: integer("top-k", values["top-k"], 1, 1) }),
    seed: integer("seed", values.seed, 1, 0),
  };
}

async function write({ load: file, prompt, ...options }: NonNullable<ReturnType<typeof readOptions>>): Promise<void> {
  const saved = await load("load", file);
  if (saved.task !== "moby-dick" && saved.task !== "generate-names") {
    throw new OptionError(
      `--load is "${file}" for task "${saved.task}", expected one that writes: moby-dick, generate-names`,
    );
  }
  const vocabulary = new Vocabulary(saved.symbols);
  const tokens = vocabulary.encode(prompt);
  const node = await openNodeGpu();
  const gpu = await openGpu({ gpu: node.gpu, choiceStore: choiceFile() });
  try {
    const network = await Network.create(gpu, saved.network);
    network.write(saved.parameters);
    if (prompt !== "\n") process.stdout.write(prompt);
    const onTokens = (written: Int32Array) => process.stdout.write(vocabulary.decode(written));
    await generate(network, { prompt: tokens, ...options, onTokens });
    process.stdout.write("\n");
    network.destroy();
  } finally {
    gpu.destroy();
    node.close();
  }
}
