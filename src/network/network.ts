// A network: its parameters on the GPU, and the passes that are laid out over them.

import type { Gpu } from "../gpu/device";
import { Plan } from "../gpu/plan";
import { createTensors, readTensors, type Tensor, type TensorGroup, writeTensor } from "../gpu/tensor";
import { type NetworkConfig, type NetworkOptions, networkConfig } from "./config";
import { initialParameters, type ParameterValues, parameterShapes } from "./parameters";
import { Pass, type PassOptions } from "./pass";

export class Network {
  readonly gpu: Gpu;
  readonly config: NetworkConfig;
  /** One buffer that holds all parameters. */
  readonly parameters: TensorGroup<string>;

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
      if (got.shape.join() !== shape.join() || got.data.length !== shape.reduce((product, size) => product * size, 1)) {
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
    const plan = new Plan(this.gpu, "pass");
    try {
      const { config, parameters } = this;
      const pass = await this.gpu.checked("Network.pass", () => new Pass(plan, config, parameters.tensors, options));
      await plan.compile();
      return pass;
    } catch (error) {
      plan.destroy();
      throw error;
    }
  }

  destroy(): void {
    this.parameters.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** Reads f32 tensors back, by name. */
export async function readValues(gpu: Gpu, tensors: readonly Tensor[]): Promise<ParameterValues> {
  const arrays = await readTensors(gpu, tensors);
  return new Map(tensors.map(({ name, shape }, i) => [name, { shape: [...shape], data: arrays[i] as Float32Array }]));
}
