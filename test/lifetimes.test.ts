// What is destroyed, or lives on what is, or on a device that is lost, answers nothing: every public operation, listed from
// the types, so that a new one is not forgotten.
import { describe, expect, test } from "vitest";
import { openNodeGpu } from "../demo/terminal/node-gpu";
import type * as library from "../src/index";
import {
  type Batch,
  evaluate,
  type Gpu,
  generate,
  Network,
  noLoss,
  openGpu,
  type Pass,
  type Program,
  readTensors,
  saveCheckpoint,
  saveNetwork,
  sgd,
  TempogradError,
  Trainer,
  timePlan,
  traceGradients,
  type UniformOptions,
} from "../src/index";
import type { Programs } from "../src/network/programs";
import { useGpu } from "./workbench";

const options: UniformOptions = {
  cell: "lstm",
  inputs: 5,
  hidden: 6,
  outputs: 5,
  input: "tokens",
  readout: "every-step",
};
const shape = { steps: 4, batch: 3 };
const tokens = Int32Array.from({ length: 12 }, (_, i) => (i * 7) % 5);
const batch: Batch = { inputs: tokens, targets: tokens.map((token) => (token + 1) % 5) };
function* batches(): Generator<Batch> {
  while (true) yield batch;
}

/** All that lives on one device, and has been used. */
interface World {
  gpu: Gpu;
  network: Network;
  pass: Pass;
  program: Program;
  trainer: Trainer;
  /** Of a network whose loss is made outside. */
  open: { network: Network; pass: Pass; trainer: Trainer };
  /** What a checkpoint was made of before. */
  saved: Awaited<ReturnType<Trainer["snapshot"]>>;
  close(): void;
}

async function worldOf(gpu: Gpu, close: () => void): Promise<World> {
  const network = await Network.create(gpu, options);
  await network.prepare(shape);
  const pass = await network.pass({ ...shape, gradients: true });
  pass.write(batch);
  pass.run();
  const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }) });
  for await (const _ of trainer.train(batches(), { steps: 3 }));
  const saved = await trainer.snapshot();
  return { gpu, network, pass, program: pass.program, trainer, open: await openOf(gpu), saved, close };
}

async function openOf(gpu: Gpu): Promise<World["open"]> {
  const network = await Network.create(gpu, { ...options, loss: noLoss() });
  const pass = await network.pass({ ...shape, gradients: true });
  const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0.1 }) });
  return { network, pass, trainer };
}

/** Destroys one, and its like of the network whose loss is made outside. */
function destroy(all: World, what: "network" | "pass" | "trainer"): void {
  all[what].destroy();
  all.open[what].destroy();
}

const inputs = { inputs: tokens };
const dOutputs = new Float32Array(tokens.length * 5);

async function world(): Promise<World> {
  const node = await openNodeGpu();
  const gpu = await openGpu({ gpu: node.gpu });
  return worldOf(gpu, () => {
    gpu.destroy();
    node.close();
  });
}

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
  programs: "apart", // of its own: below
};

const ofPass: Record<keyof Pass, Use> = {
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

const ofTrainer: Record<keyof Trainer, Use> = {
  network: "apart",
  pass: "apart",
  learningRate: "apart",
  step: "apart",
  skippedSteps: "apart",
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
  borrow: "apart", // what it is given fails
  pass: async ({ network }) => (await network.programs.pass("Programs.pass", shape, network.lifetime)).pass.options,
  realise: async ({ network }) => {
    const program = await network.programs.realise(network.programs.plan("test"), "Programs.realise", "program");
    return program.describe();
  },
  reading: ({ network }) =>
    network.programs.reading(
      "evaluate",
      shape,
      () => [],
      async ({ run }) => run(),
    ),
  memoryOf: "apart",
};

const ofProgram: Record<keyof Program, Use> = {
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

const ofLibrary: Record<keyof typeof library, Use> = {
  Network: async ({ gpu }) => (await Network.create(gpu, options)).parameterCount,
  Trainer: async ({ network }) => {
    const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 1 }) });
    return trainer.step;
  },
  evaluate: ({ network }) => evaluate(network, shape, [batch, batch]),
  generate: ({ network }) => generate(network, { prompt: [1, 2], length: 70 }),
  traceGradients: ({ network }) => traceGradients(network, shape, batch),
  saveNetwork: ({ network }) => saveNetwork(network),
  saveCheckpoint: ({ trainer }) => saveCheckpoint(trainer),
  readTensors: ({ gpu, network }) => readTensors(gpu, [network.parameters.tensors.outputBias!]),
  timePlan: async ({ program }) => (await timePlan(program, 1))?.length,
  // These know no device:
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
  everyStep: "apart",
  features: "apart",
  gru: "apart",
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
  writeSafetensors: "apart",
};

type Uses = [name: string, use: (world: World) => unknown][];
const usesOf = (table: Record<PropertyKey, Use>, prefix = ""): Uses =>
  Object.entries(table).flatMap(([name, use]) => (use === "apart" ? [] : [[prefix + name, use] as const])) as Uses;

const needNetwork: Uses = [
  ...usesOf(ofNetwork, "Network."),
  ...usesOf(ofPass, "Pass."),
  ...usesOf(ofTrainer, "Trainer."),
  ...usesOf(ofTrainerClass, "Trainer."),
  ...usesOf(ofPrograms, "Programs."),
  ...usesOf(ofProgram, "Program."),
  ...usesOf(ofLibrary).filter(([name]) => name !== "Network"),
];
const needGpu: Uses = [...usesOf(ofGpu, "Gpu."), ["Network.create", ofLibrary.Network as never], ...needNetwork];

/** What an operation throws; undefined where it answers. */
async function thrownBy(use: (world: World) => unknown, on: World): Promise<unknown> {
  try {
    await use(on);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Each use must throw an error of this code, whose message says so; twice, and without an uncaptured error. */
async function expectRefused(uses: Uses, on: World, code: string, message: RegExp): Promise<void> {
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

const destroyed = (what: string) =>
  new RegExp(
    `^[A-Za-z]+(\\.[a-zA-Z]+)?: (the ${what} was destroyed; (create|open) another\\.|".+" was destroyed with what it belonged to)`,
  );

test("every operation answers while all it needs is there", async () => {
  const all = await world();
  for (const [name, use] of needGpu) expect([name, await thrownBy(use, all)]).toEqual([name, undefined]);
  all.close();
});

describe("what is destroyed refuses, by name,", () => {
  test("each operation that needs a network that was destroyed", async () => {
    const all = await world();
    destroy(all, "network");
    await expectRefused(needNetwork, all, "destroyed", destroyed("network"));
    all.close();
  });

  test("each operation of a pass and its program", async () => {
    const all = await world();
    destroy(all, "pass");
    const uses = [...usesOf(ofPass, "Pass."), ...usesOf(ofProgram, "Program.")];
    await expectRefused(uses, all, "destroyed", destroyed("pass"));
    all.close();
  });

  test("each operation of a trainer, and of its pass", async () => {
    const all = await world();
    destroy(all, "trainer");
    const uses = usesOf(ofTrainer, "Trainer.");
    uses.push(["saveCheckpoint", ofLibrary.saveCheckpoint as never], ["its pass", ({ trainer }) => trainer.pass.run()]);
    await expectRefused(uses, all, "destroyed", destroyed("trainer"));
    all.close();
  });

  test.each([true, false])("each operation on a GPU that was destroyed, its device its own: %s", async (owned) => {
    const all = await world();
    const { gpu } = all;
    if (owned) gpu.destroy();
    else {
      const shared = await openGpu({ device: gpu.device });
      const network = await Network.create(shared, options);
      const before = gpu.device.lost;
      shared.destroy();
      expect(shared.live).toEqual({ buffers: 0, bytes: 0 });
      await expect(network.read()).rejects.toThrow("Network.read: the GPU was destroyed; open another.");
      expect((await shared.lost).message).toBe("Gpu: the GPU was destroyed; open another.");
      expect((await all.network.read()).size).toBe(5); // the device goes on
      expect(before).toBe(gpu.device.lost);
      all.close();
      return;
    }
    await expectRefused(needGpu, all, "destroyed", destroyed("GPU"));
    expect((await gpu.lost).code).toBe("destroyed");
    all.close();
  });
});

describe("a device that is lost", () => {
  const lost =
    /^[A-Za-z]+(\.[a-zA-Z]+)?: the device was lost \(.+\); open the GPU again and go on from what was saved\.$/;

  test("is told by every operation, the first time and ever after", async () => {
    const all = await world();
    const told = all.gpu.lost;
    all.gpu.device.destroy();
    expect((await told).message).toMatch(lost);
    expect((await told).code).toBe("device-lost");
    await expectRefused(needGpu, all, "device-lost", lost);
    all.close();
  });

  // At the same moment no one knows yet; what waits for the device finds out, and what does not is found out next.
  const waiting = ["Network.read", "Network.create", "Network.prepare", "Network.pass", "Trainer", "Pass.readStates"];
  const more = [
    "Trainer.train",
    "Trainer.gradientNorm",
    "Trainer.snapshot",
    "Trainer.forward",
    "Trainer.backward",
    "saveNetwork",
    "saveCheckpoint",
    "evaluate",
  ];
  test.each([...waiting, ...more, "generate", "traceGradients", "readTensors"])(
    "is told by %s, called in the moment of the loss",
    async (name) => {
      const all = await world();
      const use = needGpu.find(([other]) => other === name)![1];
      all.gpu.device.destroy();
      const thrown = await thrownBy(use, all);
      expect(thrown).toBeInstanceOf(TempogradError);
      expect(thrown).toMatchObject({ code: "device-lost" });
      expect((thrown as Error).message).toMatch(lost);
      all.close();
    },
  );
});

describe("destroyed in mid-flight", () => {
  const gpu = useGpu(); // tells of uncaptured errors
  const methods = [
    "read",
    "pass",
    "inference",
    "readStates",
    "train",
    "forward",
    "backward",
    "gradientNorm",
    "snapshot",
  ];
  const functions = ["evaluate", "generate", "traceGradients", "saveNetwork", "saveCheckpoint", "Trainer"];
  const uses = [...methods.map((name) => `.${name}`), ...functions].map((name) => {
    return needNetwork.find(([other]) => (name.startsWith(".") ? other.endsWith(name) : other === name))!;
  });
  const soon = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const moments = [
    ["network", () => Promise.resolve()],
    ["network", () => soon(0)],
    ["network", () => soon(5)],
    ["trainer", () => soon(0)],
    ["gpu", () => soon(0)],
    ["gpu", () => soon(5)],
  ] as const;

  test.each(uses)("%s fails by name, or answers what it would have", async (_, use) => {
    for (const [what, moment] of moments) {
      const all = await worldOf(await openGpu({ device: gpu().device }), () => {});
      const expected = await use(all);
      if (all.trainer.step > 3) all.trainer.restore(all.saved);
      const outcome = Promise.resolve(use(all)).then(
        (value) => ({ value, error: undefined }),
        (error) => ({ value: undefined, error }),
      );
      await moment();
      if (what === "gpu") all.gpu.destroy();
      else destroy(all, what);
      const { value, error } = await outcome;
      if (error === undefined) expect(value).toEqual(expected);
      else {
        expect(error).toBeInstanceOf(TempogradError);
        expect(error).toMatchObject({ code: "destroyed" });
      }
      all.gpu.destroy();
    }
  });
});
