// Opens a device, its own or the caller's, and counts what is allocated on it.

import { browserChoiceStore, type ChoiceStore, Choices, type Tuning, unknownAdapter } from "./choices";
import { TempogradError } from "./errors";
import { KernelCache } from "./kernel";
import { type Ending, errorOf, Lifetime } from "./lifetime";

export interface GpuOptions {
  /** An application's own device: everything then lives on it, and `destroy()` leaves it open. */
  device?: GPUDevice;
  /**
   * Where to ask for an adapter; the browser's `navigator.gpu` unless given. In Node, which has none of its own, what
   * `create([])` of the `webgpu` package answers, with that package's `globals` assigned to `globalThis`.
   */
  gpu?: GPU;
  /** Passed on to `requestAdapter`. */
  powerPreference?: GPUPowerPreference;
  /**
   * How kernels are chosen among several that compute the same, to the bit for one choice and within float32 rounding
   * between two. Default "measure" on GPUs and "default" on software adapters, whose default was measured.
   */
  tuning?: Tuning;
  /** Where measured choices are remembered: IndexedDB where there is one, unless given. */
  choiceStore?: ChoiceStore;
}

/** What is used where a device has it: an application that passes its own may ask its adapter for them. */
const wantedFeatures = ["subgroups", "timestamp-query"] as const satisfies GPUFeatureName[];

/** A device with the kernels compiled for it and a count of the buffers that live on it. */
export class Gpu {
  readonly device: GPUDevice;
  readonly kernels: KernelCache;
  /** Vendor, architecture and device, as far as the adapter tells. */
  readonly description: string;
  /** True where the adapter computes on the CPU (SwiftShader, lavapipe, WARP). */
  readonly software: boolean;
  /** Whether four invocations run in step, as in SwiftShader: kernels whose quads exchange registers then pay. */
  readonly quads: boolean;
  /** Which of several kernels that compute the same are taken. */
  readonly choices: Choices;
  /** Until `destroy()`, or the loss of the device. */
  readonly lifetime: Lifetime;
  readonly #buffers = new Set<GPUBuffer>();
  readonly #freed = new WeakSet<GPUBuffer>();
  readonly #owned: boolean;
  #lost: Promise<TempogradError> | undefined;
  // Dawn for Node ends the process when this object is collected before its devices are.
  readonly #source: GPU | undefined;

  constructor(
    device: GPUDevice,
    owned: boolean,
    options: GpuOptions = {},
    source?: GPU,
    adapter?: GPUAdapter,
    lifetime = lifetimeOf(device),
  ) {
    const { tuning, choiceStore = browserChoiceStore() } = options;
    this.device = device;
    this.lifetime = lifetime;
    this.#owned = owned;
    this.#source = source;
    this.kernels = new KernelCache(device);
    const info: Partial<GPUAdapterInfo> = device.adapterInfo ?? adapter?.info ?? {}; // older browsers lack one or both
    const words = [info.vendor, info.architecture, info.device, info.description].filter(Boolean);
    this.description = [...new Set(words)].join(" ") || unknownAdapter;
    this.software =
      info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(this.description);
    const { subgroupMinSize, subgroupMaxSize } = info;
    this.quads = device.features.has("subgroups") && subgroupMinSize === 4 && subgroupMaxSize === 4;
    this.choices = new Choices(tuning ?? (this.software ? "default" : "measure"), choiceStore);
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
    const size = sizeOf(bytes);
    if (size > this.limitOf(usage)) {
      throw tooLarge("createBuffer", label, size, this.limitOf(usage));
    }
    const buffer = this.device.createBuffer({ label, size, usage });
    this.#buffers.add(buffer);
    return buffer;
  }

  /** The most bytes that a buffer of a usage may have. */
  protected limitOf(usage: GPUBufferUsageFlags): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return usage & GPUBufferUsage.STORAGE ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize;
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
   * @throws the device's error, with `operation` in front; where memory is what is short, with the sizes.
   */
  async checked<T>(operation: string, build: () => T): Promise<T> {
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
        throw error instanceof RangeError ? noMemory(operation, error) : error; // of an array's allocation
      }
    });
    const bytes = this.live.bytes - before;
    const { made, probe, mapped } = result;
    try {
      await this.expectNone(operation, errors, bytes);
      await this.answered(operation, mapped);
    } finally {
      probe.destroy();
    }
    return made;
  }

  /** Waits for what the device found wrong, and throws it, or its loss. @param bytes that the operation allocated. */
  async expectNone(operation: string, errors: Promise<DeviceErrors>, bytes = 0): Promise<void> {
    const { memory, validation } = await this.answered(operation, errors);
    if (memory) {
      const there = `${this.live.bytes - bytes} bytes of this library are there, expected room for ${bytes} more`;
      const cure = "destroy what is not used any more, or use a smaller batch, fewer steps or a smaller network";
      throw new TempogradError("out-of-memory", `${operation}: the device has no memory left; ${there}; ${cure}.`);
    }
    if (validation) throw new Error(`${operation}: ${validation.message}`);
  }

  /** Waits for an answer of the device. @throws its loss, where that is why there is none. */
  async answered<T>(operation: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (failure) {
      await this.#lossTold();
      this.lifetime.expect(operation);
      const { message, name } = failure as Error;
      throw new Error(`${operation}: the device gave no answer (${message || name}); open the GPU again.`, {
        cause: failure,
      });
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
    if (this.#owned) this.device.destroy();
    void this.#source;
  }

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

const noMemory = (operation: string, cause: RangeError): TempogradError =>
  new TempogradError(
    "out-of-memory",
    `${operation}: there is no memory left (${cause.message}); use a smaller batch, fewer steps or a smaller network.`,
    { cause },
  );

const tooLarge = (operation: string, label: string, bytes: number, limit: number): Error =>
  new Error(
    `${operation}: "${label}" takes ${bytes} bytes in one buffer, this device allows ${limit}; use a smaller batch, fewer steps, a smaller network, or checkpointEvery.`,
  );

const sizeOf = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

/** What something needs on the GPU. */
export interface Memory {
  /** Of all buffers. */
  readonly bytes: number;
  readonly buffers: readonly { readonly label: string; readonly bytes: number }[];
}

/** Of a run: so many take seconds and some hundred megabytes to lay out, and 0.2 s of the processor at each run. */
const mostDispatches = 2 ** 17;

/** A device on which nothing is allocated, written or compiled: what is built on it is counted. */
export class DryGpu extends Gpu {
  readonly #operation: string;
  readonly #buffers: { label: string; bytes: number; limit: number }[] = [];
  #bytes = 0;

  /** @param operation what is built, for errors. */
  constructor(gpu: Gpu, operation: string) {
    super(gpu.device, false, {}, undefined, undefined, gpu.lifetime);
    this.#operation = operation;
    const { software, quads, choices } = gpu;
    Object.assign(this, { software, quads, choices }); // what decides what is built
  }

  /** @throws where all buffers together have more bytes than a number counts exactly. */
  override createBuffer(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = sizeOf(bytes);
    this.#bytes += size;
    if (!Number.isSafeInteger(this.#bytes)) {
      throw new Error(
        `${this.#operation}: with "${label}" it takes more than ${Number.MAX_SAFE_INTEGER} bytes, expected fewer; use a smaller batch, fewer steps or a smaller network.`,
      );
    }
    this.#buffers.push({ label, bytes: size, limit: this.limitOf(usage) });
    return { label, size, usage, destroy() {} } as GPUBuffer;
  }

  override destroyBuffer(): void {}

  override write(): void {}

  get memory(): Memory {
    return { bytes: this.#bytes, buffers: this.#buffers.map(({ label, bytes }) => ({ label, bytes })) };
  }

  /**
   * @param dispatches of a run.
   * @throws where a buffer is larger than the device allows, with what all of them take, or a run has too many dispatches.
   */
  expectRoom(dispatches: number): void {
    const operation = this.#operation;
    if (dispatches > mostDispatches) {
      throw new Error(
        `${operation}: a run takes ${dispatches} dispatches, expected at most ${mostDispatches}; use fewer steps, schedule "fused" or a larger checkpointEvery.`,
      );
    }
    const [largest] = this.#buffers.filter(({ bytes, limit }) => bytes > limit).sort((a, b) => b.bytes - a.bytes);
    if (!largest) return;
    const { label, bytes, limit } = largest;
    throw tooLarge(`${operation}: of ${this.#bytes} bytes that it needs`, label, bytes, limit);
  }
}

/**
 * Opens a GPU: `options.device` where given, else a device of its own with the adapter's largest buffers, or the usual ones
 * where it refuses what it reports.
 * @throws where there is no WebGPU, no adapter or no device, with the cure.
 */
export async function openGpu(options: GpuOptions = {}): Promise<Gpu> {
  if (options.device) return new Gpu(options.device, false, options);
  const source = options.gpu ?? globalThis.navigator?.gpu;
  if (!source) {
    throw new Error(
      "openGpu: this environment has no WebGPU (navigator.gpu is missing); use a current Chrome, Edge, Firefox or Safari over https or localhost, or pass { gpu } or { device }.",
    );
  }
  const { powerPreference = "high-performance" } = options;
  let refused: unknown;
  for (const { limits, features } of [
    { limits: true, features: true },
    { limits: false, features: true }, // an adapter may report limits that it then refuses
    { limits: true, features: false },
    { limits: false, features: false },
  ]) {
    const adapter = await source.requestAdapter({ powerPreference }); // one gives a device once
    if (!adapter && refused) break;
    if (!adapter) {
      throw new Error(
        "openGpu: WebGPU is here but found no adapter; enable hardware acceleration, update the graphics driver, or in Chrome allow a software adapter with --enable-unsafe-webgpu.",
      );
    }
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    try {
      const device = await adapter.requestDevice({
        label: "tempograd",
        ...(limits && { requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } }),
        ...(features && { requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)) }),
      });
      return new Gpu(device, true, options, source, adapter);
    } catch (error) {
      refused ??= error;
    }
  }
  throw new Error(
    `openGpu: the adapter gives no device (${(refused as Error).message}), not even without larger buffers, subgroups and timestamps; update the graphics driver or the browser, or pass { device }.`,
  );
}
