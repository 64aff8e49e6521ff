// `npm run generate`: writes on from a prompt with a network that `npm run train --save` saved.

import { parseArgs } from "node:util";
import { generate, Network, openGpu, Vocabulary } from "../../src/index";
import { load } from "./checkpoint-file";
import { openNodeGpu } from "./node-gpu";

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
  const text = { type: "string" } as const;
  const options = {
    load: text,
    prompt: text,
    length: text,
    temperature: text,
    "top-k": text,
    seed: text,
    help: { type: "boolean" },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    values = parseArgs({ args, options }).values;
  } catch (error) {
    console.error(`generate: ${(error as Error).message}; see npm run generate -- --help.`);
    return 2;
  }
  if (values.help) {
    console.log(help);
    return 0;
  }
  if (values.load === undefined) {
    console.error("generate: --load is missing, expected a file that npm run train --save wrote; see --help.");
    return 2;
  }
  const saved = await load("load", values.load);
  const vocabulary = new Vocabulary(saved.symbols);
  const prompt = values.prompt || "\n";
  const node = await openNodeGpu();
  const gpu = await openGpu({ gpu: node.gpu });
  try {
    const network = await Network.create(gpu, saved.network);
    network.write(saved.parameters);
    if (values.prompt) process.stdout.write(prompt);
    await generate(network, {
      prompt: vocabulary.encode(prompt),
      length: Number(values.length ?? 400),
      temperature: Number(values.temperature ?? 0.8),
      ...(values["top-k"] !== undefined && { topK: Number(values["top-k"]) }),
      seed: Number(values.seed ?? 1),
      onTokens: (tokens) => process.stdout.write(vocabulary.decode(tokens)),
    });
    process.stdout.write("\n");
    network.destroy();
    return 0;
  } finally {
    gpu.destroy();
    node.close();
  }
}
