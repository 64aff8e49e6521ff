// `npm run predict`: what a network that `npm run train --save` saved answers to data that is brought to it.

import { parseArgs } from "node:util";
import { Network, openGpu } from "../../src/index";
import { quotedPath } from "../data/refusal";
import { answers } from "../data/trained-on";
import { complaintOf, integer, OptionError } from "./arguments";
import { load } from "./checkpoint-file";
import { choiceFile } from "./choice-file";
import { encodingNamed, readData } from "./data-file";
import { openNodeGpu } from "./node-gpu";
import { predictions } from "./predictions";

const help = `npm run predict -- --load FILE --data FILE | --text TEXT [options]

Says what a network answers that npm run train -- --save FILE saved, or the training page:
of sequences the probability of each class, of a series its next steps with an interval of 80%, of a text which
character comes next, of a date what it is in ISO 8601.

  --load FILE   the network
  --data FILE   sequences, with their classes or without (CSV, JSON, or a text a line in .txt); a series; a text; or a date a line
  --text TEXT   a text, in place of a file
  --encoding NAME
                how the bytes of --data are read, where they do not say so
  --label NAME  of sequences: the column of classes, by its name or its place from 1
  --read NAMES  the columns to read, with commas
  --time NAME   of a series: the column of times
  --top N       how many classes or characters to name of each (default 3)
  --json        one object a line
  --help`;

/** @returns the exit code: 0, or 2 for wrong options. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options) await predict(options);
    else console.log(help);
    return 0;
  } catch (error) {
    console.error(complaintOf("predict", error));
    return 2;
  }
}

/** Answers null where help is asked for. @throws where an option is unknown, missing or out of range. */
function readOptions(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    load: text,
    data: text,
    text,
    encoding: text,
    label: text,
    read: text,
    time: text,
    top: text,
    json: flag,
    help: flag,
  };
  const { values } = parseArgs({ args, options });
  if (values.help) return null;
  const { load, data, text: said, label, read, time, top, json = false } = values;
  if (load === undefined) throw new OptionError("--load is missing, expected a file that npm run train saved");
  if ((data === undefined) === (said === undefined)) {
    const got = data === undefined ? "--data or --text is missing" : "--text does not go with --data";
    throw new OptionError(`${got}, expected one of them`);
  }
  const encoding = encodingNamed(values.encoding);
  if (encoding && data === undefined) throw new OptionError("--encoding is given without --data; leave it out");
  return {
    load,
    data,
    encoding,
    said,
    label,
    read,
    time,
    top: top === undefined ? undefined : integer("top", top, 1, 1000),
    json,
  };
}

async function predict(options: NonNullable<ReturnType<typeof readOptions>>) {
  const { load: file, data, encoding, said, label, read, time, top, json } = options;
  const { network: config, parameters, trainedOn } = await load("load", file);
  const make = predictions[trainedOn.answer];
  if (!make) {
    const known = Object.keys(predictions).map((name) => answers[name as keyof typeof answers]);
    throw new OptionError(
      `--load is ${quotedPath(file)}, whose network ${answers[trainedOn.answer]}, expected one that ${known.join(", or ")}`,
    );
  }
  const own = data === undefined ? { name: "--text", text: said ?? "" } : await readData(data, encoding);
  const isText = data === undefined;
  const asked = await make({ own, isText, trainedOn, label, read, time, top });
  const node = await openNodeGpu();
  const gpu = await openGpu({ gpu: node.gpu, choiceStore: choiceFile() });
  try {
    const network = await Network.create(gpu, config);
    network.write(parameters);
    for await (const { line, ...answer } of asked(network)) console.log(json ? JSON.stringify(answer.said) : line);
    network.destroy();
  } finally {
    gpu.destroy();
    node.close();
  }
}
