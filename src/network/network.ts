// A network: its parameters on the GPU, and the passes that are laid out over them.

import { DryGpu, type Gpu, type Memory } from "../gpu/device";
import { Plan } from "../gpu/plan";
import { createTensors, elements, readTensors, type Tensor, type TensorGroup, writeTensor } from "../gpu/tensor";
import { type NetworkConfig, type NetworkOptions, networkConfig } from "./config";
import type { Inference, InferenceBuffers, InferenceOptions } from "./inference";
import { initialParameters } from "./initializers";
import { type ParameterValues, parameterShapes } from "./parameters";
import { Pass } from "./pass";
import type { PassOptions } from "./pass-options";

export class Network {
  readonly gpu: Gpu;
  readonly config: NetworkConfig;
  /** One buffer that holds all parameters. */
  readonly parameters: TensorGroup<string>;
  readonly #prepared = new Map<string, Inference>();
  #destroyed = false;

  private constructor(gpu: Gpu, config: NetworkConfig) {
    this.gpu = gpu;
    this.config = config;
    this.parameters = createTensors(gpu, "parameters", parameterShapes(config));
  }

  /**
   * Makes a network with initial parameters drawn from `options.seed`.
   * @throws where an option is missing or out of range, or the device has no room.
   */
  static async create(gpu: Gpu, options: NetworkOptions): Promise<Network> {
    const config = networkConfig(options);
    const network = new Network(gpu, config);
    try {
      await gpu.checked("Network.create", () => network.write(initialParameters(config)));
      return network;
    } catch (error) {
      network.destroy();
      throw error;
    }
  }

  /** How many numbers the parameters are. */
  get parameterCount(): number {
    return Object.values(this.parameters.tensors).reduce((sum, { shape }) => sum + elements(shape), 0);
  }

  /**
   * Sets parameters. Nothing is set where anything is wrong.
   * @throws where a name is unknown or missing, or a shape differs.
   */
  write(values: ParameterValues): void {
    const { tensors } = this.parameters;
    for (const name of values.keys()) {
      if (!tensors[name]) {
        throw new Error(`Network.write: unknown parameter "${name}", expected ${Object.keys(tensors).join(", ")}.`);
      }
    }
    for (const [name, { shape }] of Object.entries(tensors)) {
      const got = values.get(name);
      if (!got)
        throw new Error(`Network.write: parameter "${name}" [${shape.join(", ")}] is missing; write all of them.`);
      if (got.shape.join() !== shape.join() || got.data.length !== elements(shape)) {
        throw new Error(
          `Network.write: parameter "${name}" has shape [${got.shape.join(", ")}] and ${got.data.length} values, expected [${shape.join(", ")}]; build the network with the sizes of the file.`,
        );
      }
    }
    for (const [name, { data }] of values) {
      const wrong = data.findIndex((value) => !Number.isFinite(value));
      if (wrong >= 0)
        throw new Error(`Network.write: "${name}"[${wrong}] is ${data[wrong]}, expected a finite number.`);
    }
    for (const [name, { data }] of values) writeTensor(this.gpu, tensors[name]!, data);
  }

  /** Reads all parameters back. */
  async read(): Promise<ParameterValues> {
    return readValues(this.gpu, Object.values(this.parameters.tensors));
  }

  /**
   * Lays the network out over batches of one size and compiles what that needs.
   * @throws where an option is out of range or the device has no room.
   */
  async pass(options: PassOptions): Promise<Pass> {
    return this.#laidOut("Network.pass", await this.#passOf(options));
  }

  async #passOf(options: PassOptions): Promise<(plan: Plan) => Pass> {
    const { gpu, config } = this;
    const { checkpointEvery, schedule } = options;
    const { Segments } = checkpointEvery === undefined ? {} : await import("./segments"); // as few need it
    const together = schedule === "wavefront" || (config.layers > 1 && !schedule && gpu.choices.measures);
    const stacking = together ? (await import("./wavefront")).wavefrontOf(gpu, config, options) : undefined;
    return (plan) => new Pass(plan, config, this.parameters.tensors, options, Segments, stacking);
  }

  /** Likewise without the loss, for `encode` and for `generate`; it is the caller's, to destroy. */
  async inference(options: InferenceOptions): Promise<Inference> {
    const { Inference } = await import("./inference"); // as only some need it
    return this.#laidOut(
      "Network.prepare",
      (plan) => new Inference(plan, this.config, this.parameters.tensors, options),
    );
  }

  /**
   * Readies `encode` for runs of `steps` time steps over `batch` sequences: allocates and compiles all that they need.
   * May be called for several shapes; `destroy()` frees them with the network.
   * @throws where an option is out of range or the device has no room.
   */
  async prepare(options: InferenceOptions = {}): Promise<void> {
    const inference = await this.inference(options);
    if (this.#destroyed) {
      inference.destroy();
      throw new Error("Network.prepare: the network was destroyed meanwhile; create another.");
    }
    const key = shapeKey(options);
    this.#prepared.get(key)?.destroy();
    this.#prepared.set(key, inference);
  }

  /**
   * Encodes a run of the network into an application's own command encoder, between its own buffers: no copy through
   * the CPU, no readback, no submit. It takes the parameters as they are when the application submits.
   * @param shape which of the prepared shapes; without it, one step of one sequence.
   * @throws where that shape is not prepared, or a buffer does not fit; nothing is encoded then.
   */
  encode(
    encoder: GPUCommandEncoder,
    { steps = 1, batch = 1, ...buffers }: InferenceBuffers & Pick<InferenceOptions, "steps" | "batch">,
  ): void {
    const inference = this.#prepared.get(shapeKey({ steps, batch }));
    if (!inference) {
      throw new Error(
        `Network.encode: steps ${steps} and batch ${batch} are not prepared; await network.prepare({ steps: ${steps}, batch: ${batch} }) first.`,
      );
    }
    inference.encode(encoder, buffers);
  }

  async #laidOut<T>(operation: string, build: (plan: Plan) => T): Promise<T> {
    const { gpu } = this;
    await gpu.choices.recall(gpu);
    const dry = new DryGpu(gpu, operation);
    const counted = new Plan(dry, operation);
    build(counted);
    dry.expectRoom(counted.dispatches);
    for (let measured = false; ; measured = true) {
      const plan = new Plan(gpu, operation);
      try {
        const result = await gpu.checked(operation, () => build(plan));
        if (
          !measured &&
          gpu.choices.measures &&
          (await (await import("../gpu/measure")).measureChoices(gpu, plan.open))
        ) {
          plan.destroy(); // it took the defaults
          continue;
        }
        await plan.compile();
        return result;
      } catch (error) {
        plan.destroy();
        throw error;
      }
    }
  }

  /**
   * What `pass` would allocate, beside the parameters, for any size at once.
   * @throws where an option is out of range, or it is more than 2^53 bytes.
   */
  async memoryOf(options: PassOptions): Promise<Memory> {
    await this.gpu.choices.recall(this.gpu);
    const dry = new DryGpu(this.gpu, "Network.memoryOf");
    (await this.#passOf(options))(new Plan(dry, "Network.memoryOf"));
    return dry.memory;
  }

  destroy(): void {
    this.#destroyed = true;
    for (const inference of this.#prepared.values()) inference.destroy();
    this.#prepared.clear();
    this.parameters.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

const shapeKey = ({ steps = 1, batch = 1 }: InferenceOptions): string => `${steps} × ${batch}`;

/** Reads f32 tensors back, by name. */
export async function readValues(gpu: Gpu, tensors: readonly Tensor[]): Promise<ParameterValues> {
  const arrays = await readTensors(gpu, tensors);
  return new Map(tensors.map(({ name, shape }, i) => [name, { shape: [...shape], data: arrays[i] as Float32Array }]));
}
