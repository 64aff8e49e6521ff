// What a trainer keeps beside the parameters: its step, its learning rate and, on the GPU, the optimizer's state of each
// parameter and the carried state.

import { nameOfCell } from "../cells/cells";
import { expectOptions, shown, TempogradError } from "../errors";
import type { Gpu } from "../gpu/device";
import { readTensors, type Tensor, type TensorGroup, writeTensor } from "../gpu/tensor";
import type { NetworkConfig } from "../network/config";
import { expectValues } from "../network/expect-values";
import { type Network, valuesOf } from "../network/network";
import type { ParameterValues } from "../network/parameters";
import type { Pass } from "../network/pass";
import { architectureOf, type StackedLayer } from "../parts/architecture";
import { parameterShapes } from "../parts/parameter-shapes";
import { checkLearning, type Learning } from "./learning-state";
import { expectNumber } from "./optimizers";
import type { ParameterRange } from "./update";

/**
 * The state of a trainer, beside the parameters.
 * @example
 * ```ts
 * import { adam, randomWindows, readCheckpoint, saveCheckpoint, Trainer } from "tempograd";
 *
 * const size = { steps: 8, batch: 2, seed: 1 };
 * const trainer = await Trainer.create(network, { steps: 8, batch: 2, optimizer: adam({ learningRate: 0.01 }) });
 * const stream = randomWindows(text, size);
 * for await (const { loss } of trainer.train(stream, { steps: 3 })) console.log(loss);
 * const file = await saveCheckpoint(trainer, { data: stream.position, about: vocabulary });
 *
 * const { trainer: state, data, ...saved } = await readCheckpoint(file); // later, and elsewhere
 * if (state) trainer.restore({ ...saved, trainer: state });
 * for await (const { step } of trainer.train(randomWindows(text, { ...size, position: data }), { steps: 1 })) console.log(step);
 * trainer.destroy();
 * ```
 */
export interface TrainerState {
  /** Training steps done. */
  step: number;
  /** Of all parameters without one of their own. */
  learningRate: number;
  /** The names of the parameters that learn, where others are frozen: as the trainer's option. */
  trainable?: readonly string[];
  /** The learning rates of parameters that have one of their own, where there are any: as the trainer's option. */
  learningRates?: Readonly<Record<string, number>>;
  /** The optimizer's kind, such as "adam". */
  optimizer: string;
  /** The optimizer's state of each parameter that learns, such as `trainer.mean.outputBias`; carried, `trainer.state.layer0.hidden`; in mixed precision `trainer.lossScaling`. */
  tensors: ParameterValues;
}

/** How far a trainer is. */
export interface Progress {
  /** Training steps submitted so far. */
  step: number;
  /** Those reported so far that changed nothing. */
  skipped: number;
  /** Those that changed nothing for the loss's scale. */
  overflowed: number;
  /** Whether a batch came before: where the state is carried, the first one begins it. */
  begun: boolean;
  /** Whether there are gradients: of a step since the parameters were last restored. */
  measured: boolean;
}

/** All that training goes on from. */
export interface Snapshot {
  network: NetworkConfig;
  parameters: ParameterValues;
  trainer: TrainerState;
}

/** What a training may go on from: what a checkpoint holds, if it holds a trainer's state. */
export interface Restorable {
  network?: NetworkConfig;
  parameters: ParameterValues;
  trainer: TrainerState | undefined;
}

/**
 * The tensors of a trainer's state, by the names that a checkpoint gives them.
 * @param parameters in one buffer, as the optimizer's tensors follow its layout.
 * @param ranges with what `Optimizer.add` returned for each: tensors laid out as its parameters are.
 */
export function stateTensors(
  parameters: TensorGroup,
  ranges: readonly ParameterRange[],
  { program, state: carried, tensors: { lossScaling } }: Pick<Pass, "program" | "state" | "tensors">,
): Tensor[] {
  const named = (name: string, tensor: Tensor): Tensor => ({ ...tensor, name: `trainer.${name}` });
  const tensors: Tensor[] = [];
  for (const { names, offset: first, state } of ranges) {
    for (const [kind, planned] of Object.entries(state)) {
      const { buffer, offset } = program.tensor(planned);
      for (const name of names) {
        const parameter = parameters.tensors[name]!;
        tensors.push(named(`${kind}.${name}`, { ...parameter, buffer, offset: offset + parameter.offset - first }));
      }
    }
  }
  for (const [name, tensor] of Object.entries(carried?.tensors ?? {})) tensors.push(named(`state.${name}`, tensor));
  if (lossScaling) tensors.push(named("lossScaling", lossScaling));
  return tensors;
}

/** What of a layer its parameters mean something by. */
const meaning = ["cell", "activation", "reset", "hidden", "bidirectional", "bias", "projection"] as const;

/** What a network computes with its parameters, by name: of layers that are alike once, else layer by layer. */
function computes(config: NetworkConfig): Map<string, string> {
  const { input, encoder, layers, readout } = architectureOf(config);
  const facts = new Map<string, string>();
  const tell = (of: readonly StackedLayer[], prefix: string) => {
    const told = of.map((layer) =>
      meaning.flatMap((name): [string, string][] => {
        const value = name === "cell" ? nameOfCell(layer) : layer[name];
        return value === undefined ? [] : [[name, shown(value)]];
      }),
    );
    const alike = told.every((words) => words.join() === told[0]!.join());
    for (const [number, words] of (alike ? told.slice(0, 1) : told).entries()) {
      for (const [name, value] of words) facts.set(`${prefix}${alike ? "" : `layer ${number} `}${name}`, value);
    }
    facts.set(`${prefix}layers`, `${of.length}`);
  };
  facts.set("inputs", `${input.tokens ?? input.width}`);
  if (input.kind === "embedding") facts.set("embedding", `${input.width}`);
  if (encoder) tell(encoder.layers, "encoder's ");
  tell(layers, "");
  return facts.set("outputs", `${readout.outputs}${readout.bare ? " of hidden states" : ""}`);
}

/** @throws unless a checkpoint is of this network: of what it computes, where the checkpoint says it, and of its sizes. */
export function checkNetwork(
  operation: string,
  checkpoint: { network?: NetworkConfig | undefined; parameters: ParameterValues },
  config: NetworkConfig,
): void {
  expectOptions(operation, checkpoint, "checkpoint");
  const { network, parameters } = checkpoint;
  const [held, made] = [network && computes(network), computes(config)];
  const other = [...new Set([...made.keys(), ...(held?.keys() ?? [])])].filter(
    (name) => held?.get(name) !== made.get(name),
  );
  if (held && other.length > 0) {
    const said = (of: Map<string, string>) =>
      other.flatMap((name) => (of.has(name) ? [`${name} ${of.get(name)}`] : [])).join(", ");
    throw new TempogradError(
      "file",
      `${operation}: the checkpoint is of a network of ${said(held)}, expected ${said(made)}; ` +
        "make the network with the checkpoint's: Network.create(gpu, checkpoint.network).",
    );
  }
  const tensors = Object.entries(parameterShapes(config)).map(([name, { shape }]) => ({ name, shape }));
  const cure = "make the network with the options that the checkpoint was saved with";
  expectValues(operation, "the checkpoint's parameter", parameters, tensors, cure);
}

/** The shaders have the step in a u32 and the learning rate in an f32. */
const mostSteps = 2 ** 32 - 2; // there is a next one
const mostNumber = 3.4e38;

/** @throws unless a trainer can be at this step, with this learning rate. */
export function checkProgress(
  operation: string,
  { step, learningRate }: Pick<TrainerState, "step" | "learningRate">,
): void {
  if (!Number.isInteger(step) || step < 0 || step > mostSteps) {
    throw new TempogradError(
      "file",
      `${operation}: step is ${shown(step)}, expected an integer from 0 to ${mostSteps}; go back to another checkpoint.`,
    );
  }
  expectNumber(operation, "learningRate", learningRate, mostNumber);
}

/** @throws unless `state` is one of a trainer with this optimizer, of what learns so and these tensors, all of it finite. */
export function checkState(
  operation: string,
  state: TrainerState | undefined,
  optimizer: string,
  learning: Learning,
  expected: readonly Tensor[],
): TrainerState {
  if (!state) {
    throw new TempogradError(
      "file",
      `${operation}: the checkpoint is of a network alone, expected a trainer's state; use network.write(checkpoint.parameters).`,
    );
  }
  const cure =
    "make the trainer with the optimizer, the batch, the precision and the carryState that the checkpoint was saved with";
  if (state.optimizer !== optimizer) {
    throw new TempogradError(
      "file",
      `${operation}: the checkpoint is of optimizer ${shown(state.optimizer)}, expected "${optimizer}"; ${cure}.`,
    );
  }
  checkLearning(operation, state, learning);
  checkProgress(operation, state);
  const squares = (name: string) => name.startsWith("trainer.meanSquare.") && { least: 0 };
  const tensors = expected.map(({ name, shape }) => ({ name, shape, ...squares(name) }));
  expectValues(operation, "tensor", state.tensors, tensors, cure);
  const [scale = 1, steps = 0] = state.tensors.get("trainer.lossScaling")?.data ?? [];
  if (!(scale >= 1 && scale <= 2 ** 24 && steps >= 0)) {
    throw new TempogradError(
      "file",
      `${operation}: the loss's scale is ${scale} for ${steps} steps, expected 1 to ${2 ** 24} for 0 or more; go back to another checkpoint.`,
    );
  }
  return state;
}

/** Writes checked tensors where a trainer has them. */
export function writeState(gpu: Gpu, values: ParameterValues, tensors: readonly Tensor[]): void {
  for (const tensor of tensors) writeTensor(gpu, tensor, values.get(tensor.name)!.data);
}

/**
 * Reads what is trained and what is trained with, all of the same step.
 * @param stopping whether a step that was not finite holds back those behind it.
 */
export async function readSnapshot(
  operation: string,
  { gpu, config, programs }: Network,
  notFinite: Tensor,
  state: readonly Tensor[],
  progress: Omit<TrainerState, "tensors">,
  stopping: boolean,
): Promise<Snapshot> {
  const own = Object.values(programs.parameters.tensors);
  const tensors = [...own, ...state];
  const [found, ...arrays] = await readTensors(gpu, [notFinite, ...tensors], operation); // one read: all of the same step
  if (stopping && found![0] !== 0) {
    throw new TempogradError(
      "not-finite",
      `${operation}: a step before step ${progress.step + 1} was not finite, and those behind it changed nothing; let the loop end, and save then.`,
    );
  }
  const values = [...valuesOf(tensors, arrays)];
  const ofTrainer = { ...progress, tensors: new Map(values.slice(own.length)) };
  return { network: config, parameters: new Map(values.slice(0, own.length)), trainer: ofTrainer };
}
