// The parameters of a network: their names and shapes.

import { cellOf } from "../cells/cells";
import { architectureOf, depthOf, type Parts, type Sequence, type ShortForm, type StackedLayer } from "./architecture";

/** What a parameter begins as. */
export interface ParameterSpec {
  readonly shape: number[];
  /** Blocks of columns, one a gate. */
  readonly parts?: number;
  /** Blocks of rows, one a direction of what is read. */
  readonly rowParts?: number;
  /** The layer that it is of; none of what stands before and behind them. */
  readonly layer?: StackedLayer;
  /** Numbers whose weighted sum one of its products is. */
  readonly fanIn: number;
}

/** Names and shapes, in the order in which they are stored and drawn. */
export function parameterShapes(config: Parts | ShortForm): Record<string, ParameterSpec> {
  const architecture = architectureOf(config);
  const { encoder, layers, readout } = architecture;
  const { outputs, bias, tied, bare, clusters } = readout;
  const { head = outputs, tails = [] } = clusters ?? {};
  const depth = depthOf(architecture);
  const { directions: rowParts, width: fanIn } = layers.at(-1)!;
  return {
    ...(encoder && shapesOf(encoder, false)),
    ...shapesOf(architecture, tied),
    ...(!tied && !bare && { outputWeight: { shape: [depth, head], rowParts, fanIn } }),
    ...(bias && { outputBias: { shape: [head], fanIn } }),
    ...Object.assign(
      {},
      ...tails.map(({ name, count, width }) => ({
        [`${name}projectionWeight`]: { shape: [depth, width], rowParts, fanIn },
        [`${name}outputWeight`]: { shape: [width, count], fanIn: width },
      })),
    ),
  };
}

function shapesOf({ input, layers, prefix }: Sequence, tied: boolean): Record<string, ParameterSpec> {
  const shapes: Record<string, ParameterSpec> = {};
  const { kind, tokens = 0, width } = input;
  if (kind === "embedding") shapes[`${prefix}embeddingWeight`] = { shape: [tokens, width], fanIn: tied ? width : 1 };
  let rowParts = 1;
  for (const layer of layers) {
    const { inputs, hidden, directions, bias, projection, names } = layer;
    const { gates: parts, candidate, recurrent, unitParameters } = cellOf(layer);
    const { length: count } = unitParameters;
    const of = { layer, fanIn: hidden };
    for (const name of names) {
      shapes[`${name}inputWeight`] = { shape: [inputs, parts * hidden], parts, rowParts, ...of };
      if (recurrent === "full")
        shapes[`${name}recurrentWeight`] = { shape: [layer.width, parts * hidden], parts, ...of };
      else if (recurrent === "unit") shapes[`${name}recurrentWeight`] = { shape: [parts, hidden], ...of };
      if (bias) shapes[`${name}bias`] = { shape: [parts * hidden], parts, ...of };
      if (bias && candidate) shapes[`${name}recurrentBias`] = { shape: [hidden], ...of };
      if (count > 0) shapes[`${name}unitParameters`] = { shape: [count, hidden], ...of };
      if (projection !== undefined) shapes[`${name}projectionWeight`] = { shape: [hidden, projection], ...of };
    }
    rowParts = directions;
  }
  return shapes;
}
