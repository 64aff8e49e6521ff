// The options of `npm run bench`: read, checked, and explained.

import { parseArgs } from "node:util";
import { numberFrom, OptionError, oneOf } from "../terminal/arguments";
import { canDo, type EngineName, engineNames, programNames, works } from "./engines/names";
import { shapes } from "./problem";
import { nameOf } from "./report";
import { type PlaceName, placeNames } from "./run-on";
import { cellsOf, defaultLimit, enginesOf, listed, type Selection, shapeOf, shapeText } from "./selection";

export interface BenchOptions extends Selection {
  json: boolean;
  on: PlaceName;
}

const allNames = [...engineNames, ...programNames];

export const help = `npm run bench -- [options]

Times training steps in a headless browser, beside the adapter's own limits. Every engine gets the same initial weights
and batch, and its first three losses are compared with a float64 reference: one that computes something else is wrong,
not fast.

  --work train|predict training steps (default), or predictions: tokens up, the logits of every step down
  --cell C,…           elman, gru, lstm (default elman)
  --shape S,…          one of these, or BATCHxSTEPSxHIDDENxSYMBOLS such as 8x32x64x64 (default M)
${Object.keys(shapes)
  .map((name) => `                         ${name.padEnd(3)} ${shapeText(name)}`)
  .join("\n")}
  --engine E,…         an engine, or one of its backends (default tempograd; all: every one):
${[...new Set(allNames.map(({ engine, backend }) => nameOf({ engine, backend })))].map((name) => `                         ${name}`).join("\n")}
                       by hand: a backward pass written in the peer's operations, not by its own differentiation
                       PyTorch: a process of the first Python in PATH that has it, or that TEMPOGRAD_PYTHON names
  --peers              as --engine all: all that do that work there
  --schedule S,…       of tempograd's recurrences: fused, unrolled (default both), or measured: its own choice
  --limit SECONDS      that a row may take (default ${defaultLimit})
  --kernels            time each of tempograd's dispatches as well, where the adapter has timestamps
  --on PLACE           chromium | firefox | node: without a browser, tempograd and PyTorch alone (default chromium)
  --json               one object: environment, limits, rows and kernels
  --help`;

/**
 * Reads arguments; answers null where help is asked for.
 * @throws where an option is unknown, lacks its value or names what there is not.
 */
export function readBenchOptions(args: string[]): BenchOptions | null {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ cell: text, shape: text, engine: text, schedule: text, limit: text, on: text, work: text },
      ...{ peers: flag, kernels: flag, json: flag, help: flag },
    },
  });
  if (values.help) return null;
  if (values.peers && values.engine !== undefined) {
    throw new OptionError("--engine does not go with --peers: they are all engines; leave one out");
  }
  const schedules = list("schedule", values.schedule ?? "fused,unrolled", (words) =>
    words.map((word) => oneOf("schedule", word, ["fused", "unrolled", "measured"])),
  );
  const work = oneOf("work", values.work ?? "train", works);
  const on = oneOf("on", values.on ?? "chromium", placeNames);
  if (work === "predict" && values.kernels) {
    throw new OptionError("--kernels does not go with --work predict: they are those of training; leave one out");
  }
  const able = allNames.filter((name) => canDo(work, name) && (on !== "node" || runsInNode(name)));
  const engines = list("engine", values.peers ? "all" : (values.engine ?? "tempograd"), (words) =>
    enginesOf(words, able),
  ).filter(({ schedule }) => schedule === undefined || schedules.some((one) => one === schedule));
  if (engines.length === 0) {
    throw new OptionError(`--schedule is "${values.schedule}", and --engine names none of these; leave one out`);
  }
  return {
    work,
    cells: list("cell", values.cell ?? "elman", cellsOf),
    shapes: list("shape", values.shape ?? "M", (words) => {
      for (const word of words) shapeOf(word);
      return words;
    }),
    engines,
    limit: numberFrom("limit", values.limit ?? String(defaultLimit), 1e-45, 3.4e38),
    kernels: values.kernels ?? false,
    json: values.json ?? false,
    on,
  };
}

const runsInNode = ({ engine }: EngineName) => engine === "tempograd" || engine === "PyTorch";

/** What the words of a list mean. @throws where it is empty, or where `read` throws, with the option's name. */
export function list<T>(name: string, text: string, read: (words: string[]) => T[]): T[] {
  const words = listed(text);
  if (words.length === 0) throw new OptionError(`--${name} is "${text}", expected a name or several, by commas`);
  try {
    return read(words);
  } catch (error) {
    if (error instanceof OptionError) throw error;
    throw new OptionError(`--${(error as Error).message}`);
  }
}
