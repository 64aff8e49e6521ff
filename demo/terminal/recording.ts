// Recordings of what PyTorch computes: reads one, computes the same on the GPU or the reference, and compares.
// Runs in Node and in a browser. The format is described in test/recordings/README.md.

import {
  adam,
  adamw,
  type Batch,
  fromPyTorch,
  type Gpu,
  Network,
  type NetworkOptions,
  type Pass,
  type ReferenceOptimizerOptions,
  type ReferenceParameters,
  readSafetensors,
  readTensors,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  rmsprop,
  type Schedule,
  sgd,
  type TensorData,
  Trainer,
  type TrainerOptions,
  toPyTorch,
} from "../../src/index";

export interface Recording {
  network: Record<string, unknown> & Pick<NetworkOptions, "inputs" | "hidden" | "outputs">;
  steps: number;
  batch: number;
  training: { steps: number; optimizer: ReferenceOptimizerOptions } | undefined;
  tensors: Map<string, TensorData>;
  /** What this library has not got yet, in words. */
  unsupported: string[];
}

/** The errors of one kind of tensor, or null where a recording has none of it. */
export type Errors = Record<"outputs" | "loss" | "gradients" | "losses" | "parameters", number | null>;

export interface Comparison {
  /** The worst |a − b| / (0.1 + |b|); at most 1e-4 passes, which is |a − b| ≤ 1e-5 + 1e-4·|b|. */
  errors: Errors;
  /** The first tensor that differs. */
  differs: string | null;
}

/** How a recording fared, or what it needs that is not there. */
export type Verdict = Comparison | { unsupported: string[] };

/** What was computed, by the recording's tensor names. */
type Computed = Map<string, ArrayLike<number>>;

export const tolerance = 1e-4;
const absoluteShare = 0.1;
/** The error of what is missing, of another size, or not a number. JSON has no infinity. */
export const incomparable = Number.MAX_VALUE;

/** @throws where the bytes are no safetensors file, or no recording. */
export function parseRecording(bytes: Uint8Array): Recording {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.format !== "recurrent-recording" || metadata.version !== "1") {
    throw new Error(
      `verify: the file's format is "${metadata.format} ${metadata.version}", expected "recurrent-recording 1"; give a recording.`,
    );
  }
  const json = (key: string) => JSON.parse(metadata[key] ?? "null");
  const network = json("network");
  const { steps, batch } = json("batch");
  const training = json("training");
  const unsupported: string[] = [];
  const need = (needed: unknown, what: string) => needed && unsupported.push(what);
  need(network.cell !== "elman", `cell ${network.cell}`);
  need(network.layers !== 1, `${network.layers} layers`);
  need(network.bidirectional, "bidirectional");
  need(network.labelSmoothing, "label smoothing");
  need(network.classWeights, "class weights");
  for (const key of ["carry"]) need(training?.[key], key);
  const { clipNorm, clipValue } = training ?? {};
  const optimizer = { ...training?.optimizer, ...(clipNorm && { clipNorm }), ...(clipValue && { clipValue }) };
  return { network, steps, batch, training: training && { steps: training.steps, optimizer }, tensors, unsupported };
}

const optionsOf = ({ network }: Recording): NetworkOptions => {
  const { cell, inputs, hidden, outputs, readout, loss, input, activation } = network;
  return { cell, inputs, hidden, outputs, readout, loss, input, activation } as NetworkOptions;
};

/** The library's optimizer of these words, and the trainer's clipping. */
function trainerOptions(
  options: ReferenceOptimizerOptions,
): Pick<TrainerOptions, "optimizer" | "clipNorm" | "clipValue"> {
  const { kind, clipNorm, clipValue, ...rest } = options;
  return {
    optimizer: { sgd, rmsprop, adam, adamw }[kind](rest),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(clipValue !== undefined && { clipValue }),
  };
}

/** The batches of a training run: the one batch again and again, or a fresh one each step. */
function trainingBatches(recording: Recording, steps: number): Batch[] {
  const same = batchOf(recording);
  const inputs = recording.tensors.get("training.inputs")?.data;
  const targets = recording.tensors.get("training.targets")?.data;
  if (!inputs || !targets) return Array.from({ length: steps }, () => same);
  const part = <T extends Int32Array | Float32Array>(data: T, like: { length: number }, step: number) =>
    data.slice(step * like.length, (step + 1) * like.length) as T;
  return Array.from({ length: steps }, (_, step) => ({
    ...same,
    inputs: part(inputs, same.inputs, step),
    targets: part(targets, same.targets, step),
  }));
}

function batchOf({ tensors }: Recording): Batch {
  const data = (name: string) => tensors.get(name)?.data;
  const lengths = data("lengths") as Int32Array | undefined;
  const initialState = data("h0") as Float32Array | undefined;
  return {
    inputs: (data("tokens") ?? data("inputs"))!,
    targets: data("targets")!,
    ...(lengths && { lengths }),
    ...(initialState && { initialState }),
  };
}

/** Computes a recording's network on a GPU. */
export async function computeOnGpu(gpu: Gpu, recording: Recording, schedule: Schedule): Promise<Computed> {
  const { steps, batch, training } = recording;
  const network = await Network.create(gpu, optionsOf(recording));
  const initial = fromPyTorch(recording.tensors);
  const data = batchOf(recording);
  const shape = { steps, batch, initialState: data.initialState !== undefined, schedule };
  network.write(initial);
  const pass = await network.pass({ ...shape, probabilities: true, gradients: true, traceGradients: true });
  pass.write(data);
  pass.run();
  const computed = await readPass(gpu, pass, recording);
  pass.destroy();
  if (training) {
    const trainer = await Trainer.create(network, { ...shape, ...trainerOptions(training.optimizer) });
    const losses: number[] = [];
    const batches = trainingBatches(recording, training.steps);
    for await (const { loss } of trainer.train(batches)) losses.push(loss);
    computed.set("expected.losses", losses);
    for (const [name, tensor] of toPyTorch(await network.read())) computed.set(`after.${name}`, tensor.data);
    trainer.destroy();
  }
  network.destroy();
  return computed;
}

async function readPass(gpu: Gpu, pass: Pass, recording: Recording): Promise<Computed> {
  const { hidden, logits, losses, probabilities, dHidden, dInputs } = pass.tensors;
  const gradients = Object.values(pass.gradients!.tensors);
  const wanted = { hidden, logits, loss: losses, probabilities, dHidden, dInputs };
  const names = (Object.keys(wanted) as (keyof typeof wanted)[]).filter((name) => wanted[name]);
  const arrays = await readTensors(gpu, [...names.map((name) => wanted[name]!), ...gradients]);
  const values = Object.fromEntries(names.map((name, i) => [name, arrays[i]!])) as Record<
    keyof typeof wanted,
    Float32Array
  >;
  const gradientValues = new Map(
    gradients.map(({ name, shape }, i) => [
      name,
      { shape: [...shape], data: arrays[names.length + i] as Float32Array },
    ]),
  );
  return nameResults(recording, { ...values, gradients: gradientValues });
}

/** Computes a recording's network with the float64 reference. */
export function computeOnReference(recording: Recording): Computed {
  const { steps, batch, training, tensors } = recording;
  const config = optionsOf(recording) as Parameters<typeof referenceForward>[0];
  const initial = fromPyTorch(tensors);
  const fresh = () =>
    Object.fromEntries(
      [...initial].map(([name, { data }]) => [name, Float64Array.from(data)]),
    ) as unknown as ReferenceParameters;
  const shapes = (values: ReferenceParameters) =>
    new Map(
      [...initial].map(([name, { shape }]) => [
        name,
        { shape, data: Float32Array.from(values[name as keyof ReferenceParameters]) },
      ]),
    );
  const data = { steps, batch, ...batchOf(recording) };
  const parameters = fresh();
  const run = referenceForward(config, parameters, data);
  const gradients = referenceBackward(config, parameters, data, run);
  const computed = nameResults(recording, {
    ...run,
    loss: [run.loss],
    dHidden: gradients.hidden,
    dInputs: gradients.inputs,
    gradients: shapes(gradients),
  });
  if (training) {
    const trained = fresh();
    const update = referenceOptimizer(training.optimizer);
    const losses = trainingBatches(recording, training.steps).map((next) =>
      referenceTrainStep(config, trained, { ...next, steps, batch }, update),
    );
    computed.set("expected.losses", losses);
    for (const [name, tensor] of toPyTorch(shapes(trained))) computed.set(`after.${name}`, tensor.data);
  }
  return computed;
}

interface Results {
  hidden: Float32Array | Float64Array;
  logits: ArrayLike<number>;
  probabilities: ArrayLike<number>;
  loss: ArrayLike<number>;
  dHidden: Float32Array | Float64Array;
  dInputs: ArrayLike<number>;
  gradients: Map<string, TensorData>;
}

/** The recording's names for what was computed. */
function nameResults({ steps, batch, tensors, network }: Recording, results: Results): Computed {
  const slab = batch * network.hidden;
  const lengths = tensors.get("lengths")?.data;
  const outputs = results.hidden.slice(slab); // zero past a sequence's length
  for (let i = 0; i < outputs.length; i++) {
    if (lengths && Math.floor(i / slab) >= lengths[Math.floor(i / network.hidden) % batch]!) outputs[i] = 0;
  }
  return new Map<string, ArrayLike<number>>([
    ["expected.outputs", outputs],
    ["expected.h_n", results.hidden.slice(steps * slab)],
    ["expected.logits", results.logits],
    ["expected.probabilities", results.probabilities],
    ["expected.loss", results.loss],
    ["grad.h0", results.dHidden.slice(0, slab)],
    ["grad.hidden", results.dHidden.slice(slab)],
    ["grad.inputs", results.dInputs],
    ...[...toPyTorch(results.gradients)].map(([name, { data }]) => [`grad.${name}`, data] as const),
  ]);
}

const kindOf = (name: string): keyof Errors | undefined => {
  if (name === "expected.loss") return "loss";
  if (name === "expected.losses") return "losses";
  if (name.startsWith("expected.")) return "outputs";
  if (name.startsWith("grad.")) return "gradients";
  return name.startsWith("after.") ? "parameters" : undefined;
};

/** Holds everything a recording expects against what was computed. */
export function compare(recording: Recording, computed: Computed): Comparison {
  const { batch, tensors, network } = recording;
  const lengths = network.readout === "every-step" ? tensors.get("lengths")?.data : undefined;
  const errors: Errors = { outputs: null, loss: null, gradients: null, losses: null, parameters: null };
  let differs: string | null = "nothing to compare";
  for (const [name, { data: expected }] of tensors) {
    const kind = kindOf(name);
    if (!kind) continue;
    const got = computed.get(name);
    const meaningless = (i: number) => {
      if (!lengths || !(name === "expected.logits" || name === "expected.probabilities")) return false;
      const row = Math.floor(i / network.outputs);
      return Math.floor(row / batch) >= lengths[row % batch]!;
    };
    let worst = got?.length === expected.length ? 0 : incomparable;
    for (let i = 0; got && i < expected.length && worst !== incomparable; i++) {
      if (meaningless(i)) continue;
      const error = Math.abs(got[i]! - expected[i]!) / (absoluteShare + Math.abs(expected[i]!));
      worst = Number.isNaN(error) ? incomparable : Math.max(worst, error);
    }
    errors[kind] = Math.max(errors[kind] ?? 0, worst);
    if (differs === "nothing to compare") differs = null;
    if (worst > tolerance) differs ??= name;
  }
  return { errors, differs };
}

/** Reads a recording, computes what it describes, and compares. @throws as `parseRecording`. */
export async function verifyRecording(
  bytes: Uint8Array,
  compute: (recording: Recording) => Computed | Promise<Computed>,
): Promise<Verdict> {
  const recording = parseRecording(bytes);
  const { unsupported } = recording;
  return unsupported.length > 0 ? { unsupported } : compare(recording, await compute(recording));
}
