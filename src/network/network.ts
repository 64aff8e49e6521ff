// A network: its parameters on the GPU, and the passes that are laid out over them.

import { TempogradError } from "../errors";
import type { Memory } from "../gpu/describe";
import { type DeviceErrors, type Gpu, orNoMemory } from "../gpu/device";
import { expectLiving, Lifetime } from "../gpu/lifetime";
import {
  createTensors,
  elements,
  readTensors,
  type Tensor,
  type TensorGroup,
  type TypedArray,
  writeTensor,
} from "../gpu/tensor";
import { inTurns } from "../gpu/turns";
import type { Loss, LossName } from "../losses/loss";
import { parameterShapes } from "../parts/parameter-shapes";
import type { BatchInputs } from "./batch";
import type { NetworkConfig, NetworkOptions, UniformConfig, UniformOptions } from "./config";
import { drawParameters } from "./draw-parameters";
import { expectKnown } from "./expect";
import { expectValues } from "./expect-values";
import type { Inference, InferenceBuffers, InferenceOptions } from "./inference";
import type { ParameterValues } from "./parameters";
import type { PartsConfig, PartsOptions } from "./parts-config";
import type { Pass } from "./pass";
import type { PassOptions } from "./pass-options";
import { plainConfig } from "./plain";
import type { PredictOptions, SequenceInputs } from "./predict";
import type { PredictionOf } from "./prediction";
import type { Predictor, PredictorOptions } from "./predictor";
import { Programs } from "./programs";
import type { States } from "./read-states";

/** What may end the making of a network. */
interface Until {
  signal?: AbortSignal | undefined;
}

/** A config that knows its loss, of which the type of predictions follows. */
type WithLoss<Config, L> = Omit<Config, "loss"> & { readonly loss: L };

/** Of parameters, on a GPU; `Config` is the form in which it was said what it is. */
export class Network<Config extends NetworkConfig = NetworkConfig> {
  readonly gpu: Gpu;
  readonly config: Config;
  /** Until it is destroyed, or its GPU is, or the device is lost. */
  readonly lifetime: Lifetime;
  /** What is made of it for the device, and kept to be used again. */
  readonly programs: Programs;
  readonly #prepared = new Map<string, Inference>();

  private constructor(gpu: Gpu, config: Config) {
    this.lifetime = new Lifetime("network", gpu.lifetime);
    this.gpu = gpu;
    this.config = config;
    const parameters = createTensors(gpu, "parameters", parameterShapes(config), "uniform"); // unit parameters are bound as one
    this.programs = new Programs(this, parameters);
  }

  /**
   * One buffer that holds all parameters. Predictions of a network whose buffer was looked up look at all of it each time, for what
   * writes there by itself is not seen.
   */
  get parameters(): TensorGroup<string> {
    this.programs.changes.count = Number.NaN;
    return this.programs.parameters;
  }

  /**
   * Makes a network with initial parameters drawn from `options.seed`, in pieces of a few milliseconds.
   * @throws where an option is missing or out of range, the device has no room, or was lost; where `signal` aborts, its reason.
   * @example
   * ```ts
   * import { features, gru, huber, lastStep, lstm, Network } from "tempograd";
   *
   * const sensor = await Network.create(gpu, {
   *   input: features(3),
   *   layers: [lstm(32, { bidirectional: true }), gru(16)],
   *   readout: lastStep(1),
   *   loss: huber(),
   *   seed: 1,
   * });
   * console.log(sensor.parameterCount);
   * sensor.destroy();
   * ```
   */
  static create<const L extends LossName | Loss = "cross-entropy">(
    gpu: Gpu,
    options: UniformOptions & { loss?: L },
    until?: Until,
  ): Promise<Network<WithLoss<UniformConfig, L>>>;
  static create<const L extends LossName | Loss = "cross-entropy">(
    gpu: Gpu,
    options: PartsOptions & { readonly loss?: L },
    until?: Until,
  ): Promise<Network<WithLoss<PartsConfig, L>>>;
  static create(gpu: Gpu, options: NetworkOptions, until?: Until): Promise<Network>;
  static async create(gpu: Gpu, options: NetworkOptions, until: Until = {}): Promise<Network> {
    const operation = "Network.create";
    const { signal } = until;
    expectLiving(operation, "GPU", gpu, "openGpu");
    expectKnown(operation, until, ["signal"]);
    signal?.throwIfAborted();
    const said = isObject(options) ? { ...options } : options; // they may be changed meanwhile
    const config = plainConfig(said) ?? (await import("./config")).networkConfig(said);
    const cure = "use a smaller network";
    let network: Network | undefined;
    try {
      const make = () => {
        network = new Network(gpu, config);
        return network;
      };
      const made = await gpu.checked(operation, make, cure);
      const isOrthogonal = config.recurrentInitializer === "orthogonal";
      const orthogonal = isOrthogonal ? (await import("./orthogonal")).orthogonal : undefined;
      const begin = made.#begin(drawParameters(config, orthogonal));
      const errors = await inTurns(operation, begin, made.lifetime, signal);
      for (const error of errors) await gpu.expectNone(operation, error, 0, cure);
      made.lifetime.expect(operation);
      return made;
    } catch (error) {
      network?.destroy();
      throw error === signal?.reason ? error : orNoMemory(operation, error, cure);
    }
  }

  /** Gives parameters their initial values, piece by piece. @returns what the device finds wrong with it. */
  *#begin(drawing: Generator<undefined, ParameterValues>): Generator<undefined, Promise<DeviceErrors>[]> {
    const errors: Promise<DeviceErrors>[] = [];
    for (const [name, { data }] of yield* drawing) {
      const write = () => writeTensor(this.gpu, this.programs.parameters.tensors[name]!, data);
      errors.push(this.gpu.scoped(write).errors);
      yield;
    }
    return errors;
  }

  /** How many numbers the parameters are. */
  get parameterCount(): number {
    return Object.values(this.programs.parameters.tensors).reduce((sum, { shape }) => sum + elements(shape), 0);
  }

  /**
   * Sets parameters. Nothing is set where anything is wrong.
   * @throws where a name is unknown or missing, a shape differs, or the network was destroyed.
   */
  write(values: ParameterValues): void {
    this.lifetime.expect("Network.write");
    const { changes, parameters } = this.programs;
    const { tensors } = parameters;
    const cure = "write all of them, and make the network with the sizes of the file";
    expectValues("Network.write", "parameter", values, Object.values(tensors), cure);
    changes.count++;
    for (const [name, { data }] of values) writeTensor(this.gpu, tensors[name]!, data);
  }

  /** Reads all parameters back. @throws where the network was destroyed, or the device was lost. */
  async read(operation = "Network.read"): Promise<ParameterValues> {
    this.lifetime.expect(operation);
    const tensors = Object.values(this.programs.parameters.tensors);
    return valuesOf(tensors, await readTensors(this.gpu, tensors, operation));
  }

  /**
   * Lays the network out over batches of one size and compiles what that needs.
   * @throws where an option is out of range, the device has no room or was lost, or the network was destroyed.
   * @example
   * ```ts
   * import { consecutiveWindows, planTable, readTensors, timePlan } from "tempograd";
   *
   * using pass = await network.pass({ steps: 8, batch: 2 });
   * for (const batch of consecutiveWindows(text, { steps: 8, batch: 2 })) {
   *   pass.write(batch);
   *   pass.run();
   *   const [logits] = await readTensors(gpu, [pass.tensors.logits]);
   *   console.log(logits?.length); // 8·2·outputs
   * }
   * console.log(planTable(pass.program)); // every dispatch, in order
   * if (gpu.device.features.has("timestamp-query")) console.log(await timePlan(pass.program, 3));
   * ```
   */
  async pass(options: PassOptions): Promise<Pass> {
    return (await this.programs.pass("Network.pass", options, this.lifetime)).pass;
  }

  /** Likewise without the loss, for `encode`; it is the caller's, to destroy. */
  async inference(options: InferenceOptions, operation = "Network.inference"): Promise<Inference> {
    this.lifetime.expect(operation);
    const { inferenceOf } = await import("./inference"); // as only some need it
    return inferenceOf(this, options, operation);
  }

  /**
   * Readies `encode` for runs of `steps` time steps over `batch` sequences: allocates and compiles all that they need.
   * May be called for several shapes; `destroy()` frees them with the network.
   * @throws where an option is out of range, the device has no room or was lost, or the network was destroyed.
   */
  async prepare(options: InferenceOptions = {}): Promise<void> {
    const inference = await this.inference(options, "Network.prepare");
    const key = shapeKey(options);
    this.#prepared.get(key)?.destroy();
    this.#prepared.set(key, inference);
  }

  /**
   * Encodes a run of the network into an application's own command encoder, between its own buffers: no copy through
   * the CPU, no readback, no submit. It takes the parameters as they are when the application submits.
   * @param shape which of the prepared shapes; without it, one step of one sequence.
   * @throws where that shape is not prepared, a buffer does not fit, or the network was destroyed; nothing is encoded then.
   */
  encode(
    encoder: GPUCommandEncoder,
    { steps = 1, batch = 1, ...buffers }: InferenceBuffers & Pick<InferenceOptions, "steps" | "batch">,
  ): void {
    this.lifetime.expect("Network.encode");
    const inference = this.#prepared.get(shapeKey({ steps, batch }));
    if (!inference) {
      throw new TempogradError(
        "option",
        `Network.encode: steps ${steps} and batch ${batch} are not prepared; await network.prepare first.`,
      );
    }
    inference.encode(encoder, buffers);
  }

  /**
   * Predicts: of one sequence, of several of any lengths, or of a batch, without targets. What is made for a size is kept, and used
   * again.
   * @param sequence tokens, Int32Array [steps], or features, Float32Array [steps, inputs]
   * @returns classes and their probabilities where the loss is of classes or labels, else values, each cut to the sequence's length:
   *   at every step, or of the last; of several sequences and of a batch one prediction for each, in their order.
   * @throws where a sequence is none of the network's, parameters or outputs are not finite, the network was destroyed, the device was
   *   lost or has no room; or the signal's reason.
   * @example
   * ```ts
   * const one = await network.predict(text); // of each step
   * console.log(one.classes.length, one.probabilities.length);
   * const several = await network.predict([text.subarray(0, 5), text.subarray(0, 9)]);
   * console.log(several.map(({ classes }) => vocabulary.decode(classes.subarray(-1))));
   * ```
   */
  predict(sequence: SequenceInputs, options?: PredictOptions<States>): Promise<PredictionOf<Config>>;
  predict(
    sequences: readonly SequenceInputs[] | BatchInputs,
    options?: PredictOptions<readonly States[]>,
  ): Promise<PredictionOf<Config>[]>;
  async predict(
    given: SequenceInputs | readonly SequenceInputs[] | BatchInputs,
    options: PredictOptions = {},
  ): Promise<unknown> {
    const { predict } = await import("./predict"); // as only some need it
    return predict(this, given, options);
  }

  /**
   * Readies predictions of one size, such as one of each frame: allocates and compiles all that they need, and nothing after that. It
   * is the caller's, to destroy.
   * @throws where an option is out of range, the device has no room or was lost, or the network was destroyed.
   */
  async predictor(options: PredictorOptions = {}): Promise<Predictor<PredictionOf<Config>>> {
    const { predictorOf } = await import("./predictor");
    return (await predictorOf(this, options, "Network.predictor")) as Predictor<PredictionOf<Config>>;
  }

  /**
   * What `pass` would allocate, beside the parameters, for any size at once.
   * @throws where an option is out of range, it is more than 2^53 bytes, or the network was destroyed.
   */
  async memoryOf(options: PassOptions): Promise<Memory> {
    const operation = "Network.memoryOf";
    this.lifetime.expect(operation);
    return this.programs.memoryOf(operation, options);
  }

  /** Frees its parameters, and all that was made of it. */
  destroy(): void {
    this.lifetime.end();
    for (const inference of this.#prepared.values()) inference.destroy();
    this.#prepared.clear();
    this.programs.release();
    this.programs.parameters.destroy();
  }

  /** As `destroy`, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

const shapeKey = ({ steps = 1, batch = 1 }: InferenceOptions): string => `${steps} × ${batch}`;

/** What was read of f32 tensors, by name. */
export const valuesOf = (tensors: readonly Tensor[], arrays: readonly TypedArray[]): ParameterValues =>
  new Map(tensors.map(({ name, shape }, i) => [name, { shape: [...shape], data: arrays[i] as Float32Array }]));
