// Random networks of parts, and batches for them.

import fc from "fast-check";
import {
  type Batch,
  binaryCrossEntropy,
  coupledLstm,
  crossEntropy,
  embedding,
  everyHidden,
  everyStep,
  features,
  huber,
  type Input,
  indrnn,
  type Layer,
  type LayerOptions,
  lastHidden,
  lastStep,
  layer,
  meanAbsoluteError,
  meanSquaredError,
  minGru,
  minLstm,
  type PartsConfig,
  type PartsOptions,
  peepholeLstm,
  type Schedule,
  slstm,
  tokens,
} from "../../src/index";
import { architectureOf } from "../../src/parts/architecture";
import { integers, numbers, rowWeightsOf } from "../numbers";

/** A cell with its states beside h, whether its h can be projected, and whether it has a corner. */
interface CellCase {
  make(hidden: number, options: LayerOptions): Layer;
  states: number;
  projects: boolean;
  corner?: boolean;
}

const cells: readonly CellCase[] = [
  { make: (hidden, options) => layer("elman", hidden, options), states: 0, projects: true },
  {
    make: (hidden, options) => layer("elman", hidden, { ...options, activation: "relu" }),
    ...{ states: 0, projects: true, corner: true },
  },
  { make: (hidden, options) => layer("gru", hidden, options), states: 0, projects: false },
  { make: (hidden, options) => layer("gru", hidden, { ...options, reset: "before" }), states: 0, projects: false },
  { make: (hidden, options) => layer("lstm", hidden, options), states: 1, projects: true },
  { make: (hidden, options) => layer(peepholeLstm, hidden, options), states: 1, projects: false },
  { make: (hidden, options) => layer(coupledLstm, hidden, options), states: 1, projects: true },
  { make: (hidden, options) => layer(slstm, hidden, options), states: 3, projects: true },
  { make: (hidden, options) => layer(indrnn, hidden, options), states: 0, projects: false, corner: true },
  { make: (hidden, options) => layer(minGru, hidden, options), states: 0, projects: false },
  { make: (hidden, options) => layer(minLstm, hidden, options), states: 0, projects: false },
];

type Kind = "tokens" | "features" | "embedding";

const lossNames = ["cross-entropy", "class weights", "squared", "huber", "absolute", "binary"] as const;

/** What the tests vary of a network and its batches. */
export function partsCases({ layers: mostLayers = 3, size: most = 22, steps = 12, batch = 11 } = {}) {
  const size = fc.integer({ min: 1, max: most });
  const layers = fc.array(
    fc.record({
      cell: fc.constantFrom(...cells),
      hidden: size,
      bidirectional: fc.boolean(),
      bias: fc.boolean(),
      projected: fc.boolean(),
      dropout: fc.constantFrom<number>(0, 0, 0.4),
    }),
    { minLength: 1, maxLength: mostLayers },
  );
  return fc.record({
    layers,
    input: fc.constantFrom<Kind>("tokens", "features", "embedding"),
    inputs: size,
    width: size,
    outputs: size,
    readout: fc.constantFrom(everyStep, lastStep),
    outputBias: fc.boolean(),
    tied: fc.boolean(),
    bare: fc.constantFrom(false, false, false, true),
    loss: fc.constantFrom(...lossNames),
    steps: fc.integer({ min: 1, max: steps }),
    batch: fc.integer({ min: 1, max: batch }),
    ragged: fc.boolean(),
    weighted: fc.boolean(),
    initialState: fc.boolean(),
    encoded: fc.constantFrom<false | Kind>(false, false, "tokens", "features", "embedding"),
    sourceSteps: fc.integer({ min: 1, max: steps }),
    schedule: fc.constantFrom<Schedule>("fused", "unrolled"),
    seed: fc.nat(1e6),
  });
}
export type PartsCase = ReturnType<typeof partsCases> extends fc.Arbitrary<infer Case> ? Case : never;

/** Whether batches bring initial states: an encoder's are what it ends with. */
export const bringsState = ({ initialState, encoded }: PartsCase): boolean => initialState && !encoded;

const bareOf = (readout: typeof everyStep) => (readout === everyStep ? everyHidden() : lastHidden());

/** The network of a case. What does not go together is made to: `parts-config.test.ts` has the refusals. */
export function networkOf(shape: PartsCase): PartsOptions {
  const { input, inputs, width, tied: wanted, bare, outputBias: bias, encoded, seed } = shape;
  const projects = shape.layers.some(({ projected, cell }) => projected && cell.projects);
  const stack = shape.layers.map(({ cell, hidden, bidirectional, projected, dropout, ...options }, number) => {
    const projection = projected && cell.projects && !encoded ? { projection: Math.ceil(hidden / 2) } : {};
    return {
      ...cell.make(hidden, {
        ...options,
        bidirectional: bidirectional && !encoded && !(projects && shape.initialState),
        dropout: number === 0 && input === "tokens" ? 0 : dropout,
      }),
      ...projection,
    };
  });
  const top = stack.at(-1)!;
  const tied = wanted && !bare && input === "embedding" && !top.bidirectional;
  const tiedWidth = top.projection ?? top.hidden;
  const outputs = bare ? tiedWidth * (top.bidirectional ? 2 : 1) : shape.outputs;
  const losses = {
    "cross-entropy": () => crossEntropy(),
    "class weights": () =>
      crossEntropy({ labelSmoothing: 0.1, classWeights: [...numbers(outputs, seed + 5)].map((weight) => 1 + weight) }),
    squared: () => meanSquaredError(),
    huber: () => huber({ delta: 0.6 }),
    absolute: () => meanAbsoluteError(),
    binary: () => binaryCrossEntropy(),
  };
  const inputOf = (kind: Kind) =>
    ({ tokens: () => tokens(inputs), features: () => features(inputs), embedding: () => embedding(inputs, width) })[
      kind
    ]();
  const undropped = ({ ...layer }: Layer, number: number) => ({ ...layer, dropout: number === 0 ? 0 : layer.dropout });
  return {
    input: tied ? embedding(outputs, tiedWidth) : inputOf(input),
    ...(encoded && { encoder: { input: inputOf(encoded), layers: stack.map(undropped) } }),
    layers: stack,
    readout: bare ? bareOf(shape.readout) : shape.readout(outputs, { bias, tied }),
    loss: bare && top.bidirectional ? losses.huber() : losses[shape.loss](),
    seed,
  };
}

/** A batch for the network of a case. */
export function partsBatch(shape: PartsCase, config: PartsConfig): Batch {
  const { input, encoder, loss, layers } = config;
  const { steps, batch, sourceSteps, ragged, weighted, seed } = shape;
  const initialState = bringsState(shape);
  const { kind, outputs } = architectureOf(config).readout;
  const rows = kind === "every-step" ? steps * batch : batch;
  const classes = typeof loss === "object" && loss.targets === "classes";
  const values = numbers(rows * outputs, seed + 1);
  const each = layers.flatMap((layer, i) => {
    const { states } = shape.layers[i]!.cell;
    return Array.from({ length: layer.bidirectional ? 2 : 1 }, () => ({ ...layer, states }));
  });
  const hidden = each.reduce((sum, { hidden, projection = hidden }) => sum + batch * projection, 0);
  const beside = each.flatMap(({ hidden, states }, i) =>
    Array.from({ length: states }, (_, state) => {
      const drawn = numbers(batch * hidden, seed + 4 + 10 * i + state);
      return states === 3 && state === 1 ? drawn.map((n) => 1.5 + n) : drawn; // an sLSTM's n is above zero
    }),
  );
  const read = ({ tokens, width }: Input, steps: number, seed: number) =>
    tokens !== undefined ? integers(steps * batch, seed, 0, tokens - 1) : numbers(steps * batch * width, seed);
  return {
    inputs: read(input, steps, seed),
    ...(encoder && { source: read(encoder.input, sourceSteps, seed + 7) }),
    ...(encoder && ragged && { sourceLengths: integers(batch, seed + 8, 1, sourceSteps) }),
    targets: classes
      ? integers(rows, seed + 1, -1, outputs - 1)
      : shape.loss === "binary"
        ? values.map((value) => (1 + value) / 2)
        : values,
    ...(ragged && { lengths: integers(batch, seed + 2, 1, steps) }),
    ...(weighted && { weights: rowWeightsOf(rows, seed + 6) }),
    ...(initialState && { initialState: numbers(hidden, seed + 3) }),
    ...(initialState && beside.length > 0 && { initialCellState: Float32Array.from(beside.flatMap((of) => [...of])) }),
  };
}
