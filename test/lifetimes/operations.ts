// Every public operation, listed from the types, so that a new one is not forgotten; and what is expected of each that refuses.

import { expect } from "vitest";
import type * as library from "../../src/index";
import {
  evaluate,
  fit as fitted, // the linter takes a call of fit for a focused test
  type Gpu,
  generate,
  Network,
  type Pass,
  type Predictor,
  type Program,
  readTensors,
  saveCheckpoint,
  saveNetwork,
  sgd,
  TempogradError,
  Trainer,
  timePlan,
  traceGradients,
} from "../../src/index";
import type { Programs } from "../../src/network/programs";
import { batch, batches, dOutputs, inputs, options, shape, tokens, type World } from "./world";

/** How an operation is used; "apart" where it needs no device, or frees what it has. */
type Use = ((world: World) => unknown) | "apart";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const encoder = ({ gpu }: World) => gpu.device.createCommandEncoder();
const ofNetwork: Record<keyof Network, Use> = {
  gpu: "apart",
  config: "apart",
  lifetime: "apart",
  parameters: "apart",
  parameterCount: "apart",
  destroy: "apart",
  [Symbol.dispose]: "apart",
  write: ({ network, saved }) => network.write(saved.parameters),
  read: ({ network }) => network.read(),
  pass: async ({ network }) => (await network.pass(shape)).tensors.losses.shape,
  inference: async ({ network }) => (await network.inference(shape)).outputs.shape,
  prepare: ({ network }) => network.prepare({ steps: 2 }),
  encode: (world) => world.network.encode(encoder(world), shape),
  memoryOf: ({ network }) => network.memoryOf(shape),
  predict: ({ network }) => network.predict([tokens, tokens.subarray(3)]),
  predictor: async ({ network }) => (await network.predictor(shape)).options,
  programs: "apart", // of its own: below
};

export const ofPass: Record<keyof Pass, Use> = {
  gpu: "apart",
  config: "apart",
  options: "apart",
  plan: "apart",
  lifetime: "apart",
  tensors: "apart",
  batch: "apart",
  packer: "apart",
  state: "apart",
  gradients: "apart",
  initialState: "apart",
  finalState: "apart",
  dFinalState: "apart",
  dInitialState: "apart",
  notFinite: "apart",
  destroy: "apart",
  [Symbol.dispose]: "apart",
  write: ({ pass }) => pass.write(batch),
  encode: (world) => world.pass.encode(encoder(world)),
  encodeForward: (world) => world.pass.encodeForward(encoder(world)),
  encodeBackward(world) {
    if (!world.pass.lifetime.ending) world.pass.encodeForward(encoder(world));
    world.pass.encodeBackward(encoder(world));
  },
  writeOutputGradient: ({ open }) => open.pass.writeOutputGradient(dOutputs),
  begin: ({ pass }) => pass.begin(),
  program: "apart",
  run: ({ pass }) => pass.run(),
  readStates: ({ pass }) => pass.readStates(),
};

export const ofPredictor: Record<keyof Predictor, Use> = {
  options: "apart",
  lifetime: "apart",
  busy: "apart",
  newResult: "apart",
  begin: ({ predictor }) => predictor.begin(),
  run: ({ predictor }) => predictor.run(inputs, predictor.newResult()),
  destroy: "apart",
  [Symbol.dispose]: "apart",
};

export const ofTrainer: Record<keyof Trainer, Use> = {
  network: "apart",
  pass: "apart",
  learningRate: "apart",
  step: "apart",
  skippedSteps: "apart",
  overflowedSteps: "apart",
  stop: "apart",
  destroy: "apart",
  [Symbol.dispose]: "apart",
  train: ({ trainer }) => all(trainer.train(batches(), { steps: 40 })),
  forward: ({ open }) => open.trainer.forward(inputs),
  async backward({ open: { trainer } }) {
    if (!trainer.pass.lifetime.ending) await trainer.forward(inputs);
    await trainer.backward(dOutputs);
  },
  encodeForward: (world) => world.open.trainer.encodeForward(encoder(world), inputs),
  encodeBackward(world) {
    const { trainer } = world.open;
    if (!trainer.pass.lifetime.ending) trainer.encodeForward(encoder(world), inputs);
    trainer.encodeBackward(encoder(world));
  },
  gradientNorm: ({ trainer }) => trainer.gradientNorm(),
  snapshot: ({ trainer }) => trainer.snapshot(),
  restore: ({ trainer, saved }) => trainer.restore(saved),
};

const ofTrainerClass: Record<Exclude<keyof typeof Trainer, "prototype">, Use> = {
  create: "apart", // as `Trainer` of the library, below
  memoryOf: ({ network }) => Trainer.memoryOf(network, { ...shape, optimizer: sgd({ learningRate: 1 }) }),
};

const ofPrograms: Record<keyof Programs, Use> = {
  plan: "apart",
  planPass: "apart",
  release: "apart",
  kept: "apart",
  changes: "apart",
  parameters: "apart",
  pass: async ({ network }) => (await network.programs.pass("Programs.pass", shape, network.lifetime)).pass.options,
  realise: async ({ network }) => {
    const program = await network.programs.realise(network.programs.plan("test"), "Programs.realise", "program");
    return program.describe();
  },
  memoryOf: "apart",
};

export const ofProgram: Record<keyof Program, Use> = {
  plan: "apart",
  gpu: "apart",
  lifetime: "apart",
  tensor: "apart",
  buffer: "apart",
  group: "apart",
  steps: "apart",
  describe: "apart",
  destroy: "apart",
  [Symbol.dispose]: "apart",
  encodeCopy: "apart", // into the caller's encoder
  encodeDispatch: "apart",
  compile: ({ program }) => program.compile(),
  encode: (world) => world.program.encode(encoder(world)),
  run: ({ program }) => program.run(),
};

const ofGpu: Record<keyof Gpu, Use> = {
  device: "apart",
  kernels: "apart",
  description: "apart",
  software: "apart",
  traits: "apart",
  choices: "apart",
  lifetime: "apart",
  lost: "apart",
  live: "apart",
  destroyBuffer: "apart",
  expectNone: "apart",
  scoped: "apart", // what it is given fails
  destroy: "apart",
  [Symbol.dispose]: "apart",
  createBuffer: ({ gpu }) => gpu.createBuffer("buffer", 16, GPUBufferUsage.STORAGE).size,
  write: ({ gpu, network }) => gpu.write(network.parameters.buffer, 0, () => new Float32Array(4), "Gpu.write"),
  expectBuffer: ({ gpu, network }) => gpu.expectBuffer("Gpu.expectBuffer", network.parameters.buffer),
  checked: ({ gpu }) => gpu.checked("Gpu.checked", () => 1),
  answered: ({ gpu }) => gpu.answered("Gpu.answered", gpu.lifetime.ending ? Promise.reject() : Promise.resolve(1)),
};

export const ofLibrary: Record<keyof typeof library, Use> = {
  Network: async ({ gpu }) => (await Network.create(gpu, options)).parameterCount,
  Trainer: async ({ network }) => {
    const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 1 }) });
    return trainer.step;
  },
  evaluate: ({ network }) => evaluate(network, shape, [batch, batch]),
  fit: async ({ trainer }) => {
    const { history, stopped } = await fitted(trainer, batches(), {
      updates: 2,
      evaluateEvery: 1,
      validation: [batch],
    });
    return { stopped, losses: history.map(({ loss, validation }) => [loss, validation?.loss]) };
  },
  generate: ({ network }) => generate(network, { prompt: [1, 2], length: 70 }),
  traceGradients: ({ network }) => traceGradients(network, shape, batch),
  saveNetwork: ({ network }) => saveNetwork(network),
  saveCheckpoint: ({ trainer }) => saveCheckpoint(trainer),
  readTensors: ({ gpu, network }) => readTensors(gpu, [network.parameters.tensors.outputBias!]),
  timePlan: async ({ program }) => (await timePlan(program, 1))?.length,
  // These know no device:
  accuracy: "apart",
  confusionMatrix: "apart",
  f1: "apart",
  f1PerClass: "apart",
  labelAccuracy: "apart",
  mae: "apart",
  perplexity: "apart",
  rmse: "apart",
  topK: "apart",
  openGpu: "apart",
  planTable: "apart",
  TempogradError: "apart",
  Vocabulary: "apart",
  adam: "apart",
  adamw: "apart",
  batchStream: "apart",
  batchesOnce: "apart",
  carriedWindows: "apart",
  carriedWindowsOnce: "apart",
  cellNames: "apart",
  binaryCrossEntropy: "apart",
  coupledLstm: "apart",
  crossEntropy: "apart",
  elman: "apart",
  embedding: "apart",
  everyHidden: "apart",
  everyStep: "apart",
  features: "apart",
  gru: "apart",
  lastHidden: "apart",
  lastStep: "apart",
  layer: "apart",
  lstm: "apart",
  meanSquaredError: "apart",
  peepholeLstm: "apart",
  slstm: "apart",
  tokens: "apart",
  defineCell: "apart",
  defineLoss: "apart",
  huber: "apart",
  indrnn: "apart",
  minGru: "apart",
  minLstm: "apart",
  noLoss: "apart",
  meanAbsoluteError: "apart",
  abs: "apart",
  exp: "apart",
  log: "apart",
  log1p: "apart",
  logSigmoid: "apart",
  max: "apart",
  min: "apart",
  relu: "apart",
  select: "apart",
  sigmoid: "apart",
  sign: "apart",
  softplus: "apart",
  sqrt: "apart",
  tanh: "apart",
  consecutiveWindows: "apart",
  constant: "apart",
  cosine: "apart",
  cut: "apart",
  fromPyTorch: "apart",
  initialParameters: "apart",
  networkConfig: "apart",
  networkFromPyTorch: "apart",
  openCheckpointStore: "apart",
  paddedBatch: "apart",
  randomWindows: "apart",
  readCheckpoint: "apart",
  readSafetensors: "apart",
  referenceBackward: "apart",
  referenceForward: "apart",
  referenceOptimizer: "apart",
  referenceTrainStep: "apart",
  rmsprop: "apart",
  sgd: "apart",
  shuffledBatches: "apart",
  split: "apart",
  splitItems: "apart",
  stepDecay: "apart",
  toPyTorch: "apart",
  unigramEntropy: "apart",
  warmUp: "apart",
  forecast: "apart",
  forecastOf: "apart",
  minMax: "apart",
  naiveForecast: "apart",
  quantile: "apart",
  scaled: "apart",
  standardise: "apart",
  unscaled: "apart",
  windowSize: "apart",
  windows: "apart",
  writeSafetensors: "apart",
};

type Uses = [name: string, use: (world: World) => unknown][];
export const usesOf = (table: Record<PropertyKey, Use>, prefix = ""): Uses =>
  Object.entries(table).flatMap(([name, use]) => (use === "apart" ? [] : [[prefix + name, use] as const])) as Uses;

export const needNetwork: Uses = [
  ...usesOf(ofNetwork, "Network."),
  ...usesOf(ofPass, "Pass."),
  ...usesOf(ofPredictor, "Predictor."),
  ...usesOf(ofTrainer, "Trainer."),
  ...usesOf(ofTrainerClass, "Trainer."),
  ...usesOf(ofPrograms, "Programs."),
  ...usesOf(ofProgram, "Program."),
  ...usesOf(ofLibrary).filter(([name]) => name !== "Network"),
];
export const needGpu: Uses = [...usesOf(ofGpu, "Gpu."), ["Network.create", ofLibrary.Network as never], ...needNetwork];

/** What an operation throws; undefined where it answers. */
export async function thrownBy(use: (world: World) => unknown, on: World): Promise<unknown> {
  try {
    await use(on);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Each use must throw an error of this code, whose message says so; twice, and without an uncaptured error. */
export async function expectRefused(uses: Uses, on: World, code: string, message: RegExp): Promise<void> {
  const uncaptured: string[] = [];
  on.gpu.device.addEventListener("uncapturederror", ({ error }) => uncaptured.push(error.message));
  const answers: Record<string, unknown> = {};
  for (const turn of ["first", "second"]) {
    for (const [name, use] of uses) {
      const thrown = await thrownBy(use, on);
      const right = thrown instanceof TempogradError && thrown.code === code && message.test(thrown.message);
      if (!right) answers[`${name}, ${turn}`] = thrown ?? "answered";
    }
  }
  expect(answers).toEqual({});
  expect(uncaptured).toEqual([]);
}

export const destroyed = (what: string) =>
  new RegExp(
    `^[A-Za-z]+(\\.[a-zA-Z]+)?: (the ${what} was destroyed; (create|open) another\\.|".+" was destroyed with what it belonged to)`,
  );
