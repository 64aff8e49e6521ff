// A plan: the dispatches of a pass, in order, with everything they need allocated and compiled up front.

import type { OpenChoice, Ways } from "./choices";
import { DryGpu, type Gpu } from "./device";
import type { KernelSource } from "./kernel";
import { Lifetime } from "./lifetime";
import { createTensors, type Tensor, type TensorSpec } from "./tensor";

export interface DispatchSpec {
  /** What this dispatch computes, in the words of the equations. */
  readonly label: string;
  readonly kernel: KernelSource;
  /** Buffers by the names that the shader's bindings have. */
  readonly bindings: Readonly<Record<string, Tensor>>;
  readonly workgroups: readonly [number, number?, number?];
  /** Floating-point operations of the equations; a mul-add counts 2. */
  readonly flops: number;
  /** Bytes that must move at least; the sum of all bound tensors unless given. */
  readonly bytes?: number;
}

/** One line of `plan.describe()`. */
export interface DispatchDescription {
  readonly label: string;
  readonly kernel: string;
  readonly workgroups: readonly number[];
  readonly flops: number;
  readonly bytes: number;
  /** How often it is dispatched when the plan runs. */
  readonly times: number;
}

/** What `plan.describe()` answers. */
export interface PlanDescription {
  readonly lines: readonly DispatchDescription[];
  readonly total: { readonly dispatches: number; readonly flops: number; readonly bytes: number };
}

interface Step extends Omit<DispatchDescription, "times"> {
  readonly pipeline: () => Promise<GPUComputePipeline>;
  readonly bindGroup: GPUBindGroup;
  readonly gate: GPUBindGroup | undefined;
  readonly written: readonly Tensor[];
}

/**
 * An ordered list of dispatches. Ops add to it, `compile()` readies it, `encode()` writes it into a compute pass:
 * from then on nothing is allocated.
 */
export class Plan {
  readonly gpu: Gpu;
  readonly label: string;
  readonly #steps: Step[] = [];
  readonly #owned: { destroy(): void }[] = [];
  /** Choices that were open when this plan was made: it took the defaults. */
  readonly open: OpenChoice[];
  readonly #parts: { plan: Plan; times: number }[] = [];
  /** Until it is destroyed, or what it was made for is. */
  readonly lifetime: Lifetime;
  #pipelines: GPUComputePipeline[] = [];
  #gate: GPUBindGroup | undefined;
  /** Dispatches that were counted alone. */
  #counted = 0;

  /** @param options lifetime is of what is made by the plan, where it is more than the plan. */
  constructor(gpu: Gpu, label: string, options: { open?: OpenChoice[]; lifetime?: Lifetime } = {}) {
    const { open = [], lifetime = new Lifetime("plan", gpu.lifetime) } = options;
    this.gpu = gpu;
    this.label = label;
    this.open = open;
    this.lifetime = lifetime;
  }

  /**
   * A plan that is compiled, described and destroyed with this one; who asks for it encodes it, in compute passes of its
   * own, `times` times for each run of this one.
   */
  part(label: string, times: number): Plan {
    const lifetime = new Lifetime("plan", this.lifetime);
    const plan = this.own(new Plan(this.gpu, `${this.label}, ${label}`, { open: this.open, lifetime }));
    this.#parts.push({ plan, times });
    return plan;
  }

  /** A zeroed tensor with a buffer of its own, destroyed with the plan. */
  tensor(name: string, shape: readonly number[], spec: Omit<TensorSpec, "shape"> = {}): Tensor {
    this.lifetime.expect("Plan.tensor");
    const group = this.own(createTensors(this.gpu, name, { [name]: { ...spec, shape } }));
    return group.tensors[name]!;
  }

  /** Destroys `thing` with the plan. */
  own<T extends { destroy(): void }>(thing: T): T {
    this.#owned.push(thing);
    return thing;
  }

  /** Adds one of several ways to do the same: the one that the device's choices name, else `fallback`. */
  choose(kind: "product" | "recurrence", key: string, ways: Ways, fallback: string): void {
    const way = this.gpu.choices.of(kind, key, ways);
    ways[way ?? fallback]!(this);
    // Behind the choices that are part of it, which are then measured before it.
    if (way === undefined && Object.keys(ways).length > 1) this.open.push({ key, ways });
  }

  /**
   * Makes all dispatches that `build` adds do nothing in a run in which `gate`, u32 [1], is not 0 when they begin. None of
   * them may write to its buffer.
   */
  gated<T>(gate: Tensor, build: () => T): T {
    if (this.gpu instanceof DryGpu) return build();
    const { buffer, offset, size } = gate;
    this.#gate = this.gpu.device.createBindGroup({
      label: "gate",
      layout: this.gpu.kernels.gateLayout,
      entries: [{ binding: 0, resource: { buffer, offset, size } }],
    });
    try {
      return build();
    } finally {
      this.#gate = undefined;
    }
  }

  /** @throws where a binding is missing, extra or misspelt, or the grid is larger than the device allows. */
  add({ label, kernel: source, bindings, workgroups, flops, bytes }: DispatchSpec): void {
    const { device, kernels } = this.gpu;
    if (this.gpu instanceof DryGpu) {
      this.#counted++;
      return;
    }
    this.lifetime.expect("Plan.add");
    const gate = this.#gate;
    const kernel = kernels.get(source, gate !== undefined);
    const at = `${this.label}: "${label}" (${kernel.name})`;
    const names = kernel.bindings.map(({ name }) => name);
    for (const name of names) {
      if (!bindings[name])
        throw new Error(`${at}: binding "${name}" is missing, the shader declares ${names.join(", ")}.`);
    }
    for (const name of Object.keys(bindings)) {
      if (!names.includes(name)) {
        throw new Error(`${at}: the shader has no binding "${name}", it declares ${names.join(", ")}.`);
      }
    }
    const grid = [workgroups[0], workgroups[1] ?? 1, workgroups[2] ?? 1];
    const limit = device.limits.maxComputeWorkgroupsPerDimension;
    if (grid.some((count) => !Number.isInteger(count) || count < 1 || count > limit)) {
      throw new Error(
        `${at}: workgroups are [${grid.join(", ")}], expected 1 to ${limit} each; use a smaller batch or fewer steps.`,
      );
    }
    const bindGroup = device.createBindGroup({
      label,
      layout: kernel.layout,
      entries: kernel.bindings.map(({ name, index }) => {
        const { buffer, offset, size } = bindings[name]!;
        return { binding: index, resource: { buffer, offset, size } };
      }),
    });
    this.#steps.push({
      label,
      kernel: kernel.name,
      workgroups: grid,
      flops,
      bytes: bytes ?? names.reduce((sum, name) => sum + bindings[name]!.size, 0),
      pipeline: () => kernel.pipeline(),
      bindGroup,
      gate,
      written: kernel.bindings.filter(({ type }) => type === "storage").map(({ name }) => bindings[name]!),
    });
  }

  /** Calls `add`, which adds the dispatches of one time step, for each of `count`; where they are counted alone, once. */
  repeat(count: number, add: (index: number) => void): void {
    if (this.gpu instanceof DryGpu) {
      const before = this.#counted;
      add(0);
      this.#counted += (count - 1) * (this.#counted - before);
    } else for (let index = 0; index < count; index++) add(index);
  }

  /** Compiles all pipelines, in parallel. @throws where a shader does not compile, or the plan is destroyed meanwhile. */
  async compile(): Promise<void> {
    this.lifetime.expect("Plan.compile");
    const parts = this.#parts.map(({ plan }) => plan.compile());
    this.#pipelines = await Promise.all(this.#steps.map(({ pipeline }) => pipeline()));
    await Promise.all(parts);
    this.lifetime.expect("Plan.compile");
  }

  /** Encodes every dispatch into `pass`. @throws before `compile()` has finished, or once the plan was destroyed. */
  encode(pass: GPUComputePassEncoder): void {
    this.lifetime.expect("Plan.encode");
    if (this.#pipelines.length !== this.#steps.length) {
      throw new Error(`${this.label}: encode() before compile(); await plan.compile() first.`);
    }
    for (let i = 0; i < this.#steps.length; i++) this.#encode(pass, i);
  }

  /** Encodes dispatch `index` alone, as `encode` does with all. @throws as `encode`. */
  encodeDispatch(pass: GPUComputePassEncoder, index: number): void {
    this.lifetime.expect("Plan.encodeDispatch");
    this.#encode(pass, index);
  }

  #encode(pass: GPUComputePassEncoder, index: number): void {
    const { bindGroup, gate, workgroups } = this.#steps[index]!;
    pass.setPipeline(this.#pipelines[index]!);
    pass.setBindGroup(0, bindGroup);
    if (gate) pass.setBindGroup(1, gate);
    pass.dispatchWorkgroups(...(workgroups as [number, number, number]));
  }

  /** What dispatch `index` may write. */
  writtenBy(index: number): readonly Tensor[] {
    return this.#steps[index]!.written;
  }

  /** Encodes the plan in a compute pass of its own. @throws as `encode`. */
  encodeAlone(encoder: GPUCommandEncoder): void {
    this.lifetime.expect("Plan.encodeAlone");
    const pass = encoder.beginComputePass({ label: this.label });
    this.encode(pass);
    pass.end();
  }

  /** Encodes and submits the plan once. @throws as `encode`. */
  run(): void {
    this.lifetime.expect("Plan.run");
    const encoder = this.gpu.device.createCommandEncoder({ label: this.label });
    this.encodeAlone(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** How many dispatches `encode` encodes. */
  get length(): number {
    return this.#steps.length;
  }

  /** How many dispatches a run is, those of parts included. */
  get dispatches(): number {
    const own = this.#steps.length + this.#counted;
    return this.#parts.reduce((sum, { plan, times }) => sum + times * plan.dispatches, own);
  }

  /** What a run does, a line a dispatch, those of parts first, and the totals: `dispatches`, `flops`, `bytes`. */
  describe(): PlanDescription {
    const own = this.#steps.map(({ label, kernel, workgroups, flops, bytes }): DispatchDescription => {
      return { label, kernel, workgroups, flops, bytes, times: 1 };
    });
    const ofParts = this.#parts.flatMap(({ plan, times }) =>
      plan.describe().lines.map((line) => ({ ...line, times: line.times * times })),
    );
    const lines = [...ofParts, ...own];
    const sum = (key: "flops" | "bytes") => lines.reduce((total, line) => total + line.times * line[key], 0);
    return { lines, total: { dispatches: this.dispatches, flops: sum("flops"), bytes: sum("bytes") } };
  }

  /** Frees every buffer the plan made. */
  destroy(): void {
    for (const thing of this.#owned.splice(0)) thing.destroy();
    this.lifetime.end();
  }
}
