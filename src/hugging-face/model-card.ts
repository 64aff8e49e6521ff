// README.md of a folder: a model card as Hugging Face's hub reads it, a header of YAML above a text.

import { nameOfCell } from "../cells/cells";
import type { NetworkConfig } from "../network/config";
import type { ParameterValues } from "../network/parameters";
import { architectureOf } from "../parts/architecture";
import { moduleText } from "./pytorch-module";

/** What a card tells of a network, as its maker says it. */
export interface CardOptions {
  /** What it is called. Default "A recurrent network". */
  name?: string;
  /** What it was trained on, and how much of that. */
  data?: string;
  size?: string;
  /** What was measured, by name: such as `{ accuracy: 0.87 }`. */
  metrics?: Readonly<Record<string, number>>;
  /** The hub's word for what it does, its `pipeline_tag`: such as "text-generation". */
  task?: string;
  /** The hub's word for a licence: such as "mit". */
  license?: string;
  /** A code of ISO 639-1: such as "en". */
  language?: string;
}

export function modelCard(
  { name = "A recurrent network", data, size, metrics = {}, task, license, language }: CardOptions,
  config: NetworkConfig,
  parameters: ParameterValues,
  ofTokens: boolean,
): string {
  const { layers, input, readout } = architectureOf(config);
  const cells = [...new Set(layers.map(nameOfCell))];
  const count = [...parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
  const measured = Object.entries(metrics);
  const own: string[] = layers.map(
    (layer) => `${nameOfCell(layer)} of ${layer.hidden} units${layer.bidirectional ? " in both directions" : ""}`,
  );
  const x = input.tokens === undefined ? `${input.width} features` : `one of ${input.tokens} tokens`;
  const header = [
    ...field("license", license),
    ...field("language", language),
    "library_name: tempograd",
    ...field("pipeline_tag", task),
    "tags:",
    ...["recurrent-neural-network", ...cells].map((tag) => `- ${text(tag)}`),
    ...(task !== undefined && data !== undefined && measured.length > 0
      ? [
          "model-index:",
          `- name: ${text(name)}`,
          "  results:",
          "  - task:",
          `      type: ${text(task)}`,
          "    dataset:",
          `      name: ${text(data)}`,
          `      type: ${text(data)}`,
          "    metrics:",
          ...measured.flatMap(([metric, value]) => [`    - type: ${text(metric)}`, `      value: ${value}`]),
        ]
      : []),
  ];
  const encoded = ofTokens
    ? [
        "",
        '`vocab.json` has the token of each symbol of a text; `config.json` says whether symbols are characters, graphemes or words. Of characters and words, `tokenizer.json` is the same for Hugging Face\'s tokenizers: `Tokenizer.from_file("tokenizer.json")`.',
      ]
    : [];
  return [
    "---",
    ...header,
    "---",
    "",
    `# ${line(name)}`,
    "",
    `A recurrent network that was trained by tempograd: ${own.join(", ")}; ${count} parameters. A step reads ${x}, and ${readout.kind === "last-step" ? "the last step" : "every step"} answers ${readout.outputs} numbers.`,
    ...(data === undefined && size === undefined
      ? []
      : [
          "",
          "## Data",
          "",
          [data, size]
            .filter((own) => own !== undefined)
            .map(line)
            .join(": "),
        ]),
    ...(measured.length === 0
      ? []
      : [
          "",
          "## Metrics",
          "",
          "| metric | value |",
          "|---|---|",
          ...measured.map(([of, value]) => `| ${line(of)} | ${value} |`),
        ]),
    "",
    "## In PyTorch",
    "",
    "```python",
    moduleText.trimEnd(),
    "```",
    "",
    "`Network.from_pretrained(folder)` is the network, in evaluation; called, it answers logits or values.",
    ...encoded,
    "",
    "## In a browser",
    "",
    "```js",
    'import { Network, openGpu } from "tempograd";',
    'import { fromHuggingFace } from "tempograd/hugging-face";',
    "",
    "const { network: options, parameters } = fromHuggingFace(files); // the bytes of this folder's files by their names",
    "const network = await Network.create(await openGpu(), options);",
    "network.write(parameters);",
    "```",
    "",
  ].join("\n");
}

/** A text of YAML. */
const text = (value: string): string => JSON.stringify(value);

const field = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`${name}: ${text(value)}`];

/** Of Markdown, in one line that is no table's end. */
const line = (value: string): string => value.replace(/\s+/g, " ").replaceAll("|", "\\|");
