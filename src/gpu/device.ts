// A device: what is compiled for it, what is allocated on it, and what it finds wrong.

import { TempogradError } from "../errors";
import { browserChoiceStore, type ChoiceStore, Choices, type Tuning } from "./choices";
import { type KernelCache, kernelsOf } from "./kernel";
import { type Ending, errorOf, Lifetime } from "./lifetime";
import { bufferSize } from "./tensor";
import { type DeviceTraits, describeAdapter, traitsOf } from "./traits";

/** How a device came to be used. */
interface Opened {
  /** Whether `destroy()` closes it. */
  readonly owned: boolean;
  readonly tuning?: Tuning | undefined;
  readonly choiceStore?: ChoiceStore | undefined;
  readonly adapter?: GPUAdapter;
  /** Kept: Dawn for Node ends the process when this object is collected before its devices are. */
  readonly source?: GPU;
}

/** A device with the kernels compiled for it and a count of the buffers that live on it. */
export class Gpu {
  readonly device: GPUDevice;
  readonly kernels: KernelCache;
  /** Vendor, architecture and device, as far as the adapter tells. */
  readonly description: string;
  /** What of it decides which work is done. */
  readonly traits: DeviceTraits;
  /** Which of several kernels that compute the same are taken. */
  readonly choices: Choices;
  /** Until `destroy()`, or the loss of the device. */
  readonly lifetime: Lifetime;
  readonly #buffers = new Set<GPUBuffer>();
  readonly #freed = new WeakSet<GPUBuffer>();
  readonly #opened: Opened;
  #lost: Promise<TempogradError> | undefined;

  constructor(device: GPUDevice, opened: Opened) {
    this.device = device;
    this.#opened = opened;
    this.lifetime = lifetimeOf(device);
    this.kernels = kernelsOf(device);
    const info = device.adapterInfo ?? opened.adapter?.info ?? {}; // older browsers lack one or both
    this.description = describeAdapter(info);
    this.traits = traitsOf(device, info, this.description);
    const { tuning = this.traits.software ? "default" : "measure", choiceStore = browserChoiceStore() } = opened;
    this.choices = new Choices(tuning, choiceStore);
  }

  /** True where the adapter computes on the CPU (SwiftShader, lavapipe, WARP). */
  get software(): boolean {
    return this.traits.software;
  }

  /** Resolves with the reason when nothing on this device can be used any more: it was lost, or destroyed. */
  get lost(): Promise<TempogradError> {
    this.#lost ??= new Promise((resolve) => {
      const told = (ending: Ending) => resolve(errorOf("Gpu", ending));
      if (this.lifetime.ending) told(this.lifetime.ending);
      else this.lifetime.watch(told);
    });
    return this.#lost;
  }

  /**
   * A buffer of at least `bytes` bytes (rounded up to 16), zero at first.
   * @throws where it is larger than the device allows.
   */
  createBuffer(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    this.lifetime.expect("createBuffer");
    const size = bufferSize(bytes);
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const limit = usage & GPUBufferUsage.STORAGE ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize;
    if (size > limit) {
      throw new TempogradError(
        "option",
        `createBuffer: "${label}" takes ${size} bytes in one buffer, this device allows ${limit}; ask for less.`,
      );
    }
    const buffer = this.device.createBuffer({ label, size, usage });
    this.#buffers.add(buffer);
    return buffer;
  }

  /** Copies the bytes that `data` makes to a buffer that `createBuffer` made. @throws where it was freed. */
  write(buffer: GPUBuffer, offset: number, data: () => ArrayBufferView | ArrayBuffer, operation = "Gpu.write"): void {
    this.expectBuffer(operation, buffer);
    this.device.queue.writeBuffer(buffer, offset, data() as Float32Array<ArrayBuffer>);
  }

  /** Frees a buffer that `createBuffer` made. */
  destroyBuffer(buffer: GPUBuffer): void {
    this.#buffers.delete(buffer);
    this.#freed.add(buffer);
    buffer.destroy();
  }

  /** @throws where a buffer was freed: it would be read as zero, and what is written to it be lost. */
  expectBuffer(operation: string, buffer: GPUBuffer): void {
    this.lifetime.expect(operation);
    if (!this.#freed.has(buffer)) return;
    const got = `"${buffer.label}" was destroyed with what it belonged to`;
    throw new TempogradError("destroyed", `${operation}: ${got}; create that again, or use it earlier.`);
  }

  /** Buffers of this library that live on the device now, and their bytes. */
  get live(): { buffers: number; bytes: number } {
    return { buffers: this.#buffers.size, bytes: [...this.#buffers].reduce((sum, { size }) => sum + size, 0) };
  }

  /**
   * Runs `build`, and answers what it made and what the device found wrong with it: no error of it is lost.
   * @throws what `build` throws.
   */
  scoped<T>(build: () => T): { result: T; errors: Promise<DeviceErrors> } {
    const { device } = this;
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    let errors: Promise<DeviceErrors> | undefined;
    let result: T;
    try {
      result = build();
    } finally {
      const [validation, memory] = [device.popErrorScope(), device.popErrorScope()];
      errors = Promise.all([memory, validation]).then(([memory, validation]) => ({ memory, validation }));
      errors.catch(() => {}); // it is awaited later, or not at all
    }
    return { result, errors };
  }

  /**
   * Runs `build` inside error scopes, and waits for what the device says of it, before anything uses what it made.
   * @param cure what to do where memory is short, beside destroying what is not used.
   * @throws the device's error, with `operation` in front; where memory is what is short, with the sizes.
   */
  async checked<T>(operation: string, build: () => T, cure = askForLess): Promise<T> {
    this.lifetime.expect(operation);
    const before = this.live.bytes;
    const { result, errors } = this.scoped(() => {
      try {
        const made = build();
        // A device that is lost has no errors to tell, but maps no buffer either.
        const probe = this.device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
        const mapped = probe.mapAsync(GPUMapMode.READ);
        mapped.catch(() => {}); // it is awaited below, unless an error says why it failed
        return { made, probe, mapped };
      } catch (error) {
        throw orNoMemory(operation, error, cure);
      }
    });
    const bytes = this.live.bytes - before;
    const { made, probe, mapped } = result;
    try {
      await this.expectNone(operation, errors, bytes, cure);
      await this.answered(operation, mapped);
    } finally {
      probe.destroy();
    }
    return made;
  }

  /** Waits for what the device found wrong, and throws it, or its loss. @param bytes that the operation allocated. */
  async expectNone(operation: string, errors: Promise<DeviceErrors>, bytes = 0, cure = askForLess): Promise<void> {
    const { memory, validation } = await this.answered(operation, errors);
    if (memory) {
      const there = `${this.live.bytes - bytes} bytes of this library are there, expected room for ${bytes} more`;
      throw new TempogradError(
        "out-of-memory",
        `${operation}: the device has no memory left; ${there}; destroy what is not used any more, or ${cure}.`,
      );
    }
    if (validation) throw new TempogradError("definition", `${operation}: ${validation.message}`);
  }

  /** Waits for an answer of the device. @throws its loss, where that is why there is none. */
  async answered<T>(operation: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (failure) {
      await this.#lossTold();
      this.lifetime.expect(operation);
      const { message, name } = failure as Error;
      throw new TempogradError(
        "device-lost",
        `${operation}: the device gave no answer (${message || name}); open the GPU again.`,
        {
          cause: failure,
        },
      );
    }
  }

  /** What was asked of a device fails a little before its loss is told. */
  async #lossTold(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, 1000);
    });
    await Promise.race([this.lost, late]);
    clearTimeout(timer);
  }

  /** Frees all that was made on the device, and closes it, unless it is the caller's own. */
  destroy(): void {
    this.lifetime.end({ code: "destroyed", why: "the GPU was destroyed; open another." });
    for (const buffer of this.#buffers) this.destroyBuffer(buffer);
    if (this.#opened.owned) this.device.destroy();
  }

  /** As `destroy`, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** What a device found wrong with what was asked of it. */
export interface DeviceErrors {
  readonly memory: GPUError | null;
  readonly validation: GPUError | null;
}

/** A device's, until it is lost. */
function lifetimeOf(device: GPUDevice): Lifetime {
  const lifetime = new Lifetime("GPU");
  void device.lost.then(({ reason, message }) => {
    const why = `the device was lost (${message || reason}); open the GPU again and go on from what was saved.`;
    lifetime.end({ code: "device-lost", why });
  });
  return lifetime;
}

const askForLess = "ask for less";

/** What is to be thrown: of an array that could not be allocated, that there is no memory left. */
export const orNoMemory = (operation: string, cause: unknown, cure: string): unknown =>
  cause instanceof RangeError
    ? new TempogradError("out-of-memory", `${operation}: there is no memory left (${cause.message}); ${cure}.`, {
        cause,
      })
    : cause;
