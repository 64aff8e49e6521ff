// A program: a plan that a device runs. Nothing is allocated or compiled after it was made.

import type { Allocation } from "./allocation";
import type { Index } from "./bound";
import { type Chooser, constantStride, describe, needsOf, type PlanDescription } from "./describe";
import type { Gpu } from "./device";
import type { Kernel } from "./kernel";
import type { Lifetime } from "./lifetime";
import type { Dispatch, Node, Place, Plan } from "./plan";
import type { AnyBuffer, PlannedGroup, PlannedTensor, Tensor, TensorGroup } from "./tensor";

/** Which run of a repeat is encoded. */
interface Counter {
  at: number;
}

interface Moving {
  readonly counter: Counter;
  readonly bytes: number;
}

interface RealPlace {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly moves: readonly Moving[];
}

/** A dispatch as it is encoded. */
export interface DispatchStep {
  readonly kind: "dispatch";
  /** Which line of `describe()` it is. */
  readonly line: number;
  readonly kernel: Kernel;
  readonly bindGroup: GPUBindGroup;
  /** Of bindings of which each run of a repeat has its own part. */
  readonly offsets: readonly number[];
  readonly gate: GPUBindGroup | undefined;
  readonly workgroups: readonly [number, number, number];
  /** What it may write. */
  readonly written: readonly Tensor[];
}

export interface CopyStep {
  readonly kind: "copy";
  /** Without it, zeros are copied. */
  readonly from: Pick<RealPlace, "buffer" | "offset"> | undefined;
  readonly to: Pick<RealPlace, "buffer" | "offset">;
  readonly bytes: number;
}

/** As it stands in the program, for all runs of its repeats. */
type Step =
  | (DispatchStep & { readonly moves: readonly Moving[] })
  | (CopyStep & { readonly from: RealPlace | undefined; readonly to: RealPlace })
  | { readonly kind: "repeat"; readonly counter: Counter; readonly count: number; readonly body: readonly Step[] }
  | { readonly kind: "section"; readonly name: string; readonly body: readonly Step[] };

const moved = (place: RealPlace): RealPlace => ({
  ...place,
  offset: place.moves.reduce((sum, { counter, bytes }) => sum + counter.at * bytes, place.offset),
});

/** What a device runs of a plan: allocated and compiled once, when it was made. */
export class Program {
  readonly plan: Plan;
  readonly gpu: Gpu;
  /** Until it is destroyed, or what it was made for is. */
  readonly lifetime: Lifetime;
  readonly #allocation: Allocation;
  readonly #chosen: Chooser;
  readonly #steps: readonly Step[];
  readonly #pipelines = new Map<Kernel, GPUComputePipeline>();
  readonly #kernels = new Set<Kernel>();
  #lines = 0;

  /** Allocates and binds; `compile` is to follow. */
  constructor(plan: Plan, gpu: Gpu, lifetime: Lifetime, allocation: Allocation, chosen: Chooser) {
    this.plan = plan;
    this.gpu = gpu;
    this.lifetime = lifetime;
    this.#allocation = allocation;
    const taken = new Map<object, string>();
    this.#chosen = (choice) => {
      const name = taken.get(choice) ?? chosen(choice);
      taken.set(choice, name);
      return name;
    };
    const { buffers, constants } = needsOf(plan, this.#chosen);
    allocation.make(buffers, constants);
    this.#steps = this.#stepsOf(plan.nodes, new Map());
  }

  #stepsOf(nodes: readonly Node[], counters: ReadonlyMap<Index, Counter>): Step[] {
    return nodes.flatMap((node) => this.#stepOf(node, counters));
  }

  #stepOf(node: Node, counters: ReadonlyMap<Index, Counter>): Step | Step[] {
    switch (node.kind) {
      case "dispatch":
        return this.#dispatchOf(node, counters);
      case "copy": {
        const [from, to] = [this.#placeOf(node.from, counters), this.#placeOf(node.to, counters)];
        return { kind: "copy", from, to, bytes: node.bytes };
      }
      case "clear":
        return { kind: "copy", from: undefined, to: this.#placeOf(node.place, counters), bytes: node.bytes };
      case "choice":
        return this.#stepsOf(node.way(this.#chosen(node)).nodes, counters);
      case "section":
        return { kind: "section", name: node.name, body: this.#stepsOf(node.body, counters) };
      case "repeat": {
        const counter = { at: 0 };
        const body = this.#stepsOf(node.body, new Map([...counters, [node.index, counter]]));
        return { kind: "repeat", counter, count: node.index.count, body };
      }
    }
  }

  #placeOf({ buffer, offset, moves = [] }: Place, counters: ReadonlyMap<Index, Counter>): RealPlace {
    const moving = moves.map(({ index, bytes }) => ({ counter: counters.get(index)!, bytes }));
    return { buffer: this.#allocation.bufferOf(buffer), offset, moves: moving };
  }

  #dispatchOf({ label, shader, bound, workgroups, gate }: Dispatch, counters: ReadonlyMap<Index, Counter>): Step {
    const { device, kernels } = this.gpu;
    const moves: (Moving & { name: string; index: number })[] = [];
    const written: Tensor[] = [];
    const entries = bound.map(({ binding: { index, name, type }, to }) => {
      if ("buffer" in to) {
        const { buffer, offset, size } = to;
        const real = this.#allocation.bufferOf(buffer);
        if (type === "storage") written.push(this.tensor(to));
        return { binding: index, resource: { buffer: real, offset, size } };
      }
      if (to.index) moves.push({ name, index, counter: counters.get(to.index)!, bytes: constantStride(to) });
      return { binding: index, resource: { ...this.#allocation.placeOf(to), size: to.bytes } };
    });
    moves.sort((a, b) => a.index - b.index); // the order of dynamic offsets
    const kernel = kernels.get(shader, { gated: gate !== undefined, moving: moves.map(({ name }) => name) });
    this.#kernels.add(kernel);
    return {
      kind: "dispatch",
      line: this.#lines++,
      kernel,
      bindGroup: device.createBindGroup({ label, layout: kernel.layout, entries }),
      gate: gate && this.#gateOf(gate),
      workgroups,
      offsets: [],
      moves,
      written,
    };
  }

  #gateOf({ buffer, offset, size }: PlannedTensor): GPUBindGroup {
    const { device, kernels } = this.gpu;
    const resource = { buffer: this.#allocation.bufferOf(buffer), offset, size };
    return device.createBindGroup({ label: "gate", layout: kernels.gateLayout, entries: [{ binding: 0, resource }] });
  }

  /** Compiles all pipelines, in parallel. @throws where a shader does not compile, or it is destroyed meanwhile. */
  async compile(operation = "Program.compile"): Promise<void> {
    const compiled = [...this.#kernels].map(async (kernel) => [kernel, await kernel.pipeline()] as const);
    for (const [kernel, pipeline] of await Promise.all(compiled)) this.#pipelines.set(kernel, pipeline);
    this.lifetime.expect(operation);
  }

  /** Where a tensor of the plan lies on the device. */
  tensor(planned: PlannedTensor): Tensor {
    return { ...planned, buffer: this.#allocation.bufferOf(planned.buffer) };
  }

  /** The buffer that was allocated for a planned one. */
  buffer(planned: AnyBuffer): GPUBuffer {
    return this.#allocation.bufferOf(planned);
  }

  /** Likewise all of a group; they go with the program. */
  group<Name extends string>({ buffer, tensors }: PlannedGroup<Name>): TensorGroup<Name> {
    const real = Object.entries<PlannedTensor>(tensors).map(([name, tensor]) => [name, this.tensor(tensor)]);
    return { buffer: this.buffer(buffer), tensors: Object.fromEntries(real) as Record<Name, Tensor>, destroy() {} };
  }

  /**
   * What a run encodes, in order.
   * @param without names of sections to leave out.
   */
  *steps(without: readonly string[] = [], steps: readonly Step[] = this.#steps): Generator<DispatchStep | CopyStep> {
    for (const step of steps) {
      if (step.kind === "repeat") {
        for (let at = 0; at < step.count; at++) {
          step.counter.at = at;
          for (const inner of this.steps(without, step.body)) {
            yield inner;
            step.counter.at = at; // another run may have gone through it meanwhile
          }
        }
      } else if (step.kind === "section") {
        if (!without.includes(step.name)) yield* this.steps(without, step.body);
      } else if (step.kind === "copy") {
        yield { ...step, from: step.from && moved(step.from), to: moved(step.to) };
      } else if (step.moves.length === 0) yield step;
      else yield { ...step, offsets: step.moves.map(({ counter, bytes }) => counter.at * bytes) };
    }
  }

  /**
   * Encodes a run.
   * @param without names of sections to leave out.
   * @throws once it was destroyed, or what it was made for.
   */
  encode(encoder: GPUCommandEncoder, without: readonly string[] = []): void {
    this.lifetime.expect("Program.encode");
    let pass: GPUComputePassEncoder | undefined;
    for (const step of this.steps(without)) {
      if (step.kind === "dispatch") {
        pass ??= encoder.beginComputePass({ label: this.plan.label });
        this.encodeDispatch(pass, step);
      } else {
        pass?.end();
        pass = undefined;
        this.encodeCopy(encoder, step);
      }
    }
    pass?.end();
  }

  /** Puts one dispatch into a compute pass. */
  encodeDispatch(pass: GPUComputePassEncoder, step: DispatchStep): void {
    pass.setPipeline(this.#pipelines.get(step.kernel)!);
    pass.setBindGroup(0, step.bindGroup, step.offsets);
    if (step.gate) pass.setBindGroup(1, step.gate);
    pass.dispatchWorkgroups(...step.workgroups);
  }

  /** Puts one copy into a command encoder. */
  encodeCopy(encoder: GPUCommandEncoder, { from, to, bytes }: CopyStep): void {
    if (from) encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytes);
    else encoder.clearBuffer(to.buffer, to.offset, bytes);
  }

  /** Encodes and submits a run. @throws as `encode`. */
  run(): void {
    this.lifetime.expect("Program.run");
    const encoder = this.gpu.device.createCommandEncoder({ label: this.plan.label });
    this.encode(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** What a run does, a line a dispatch, and the totals: `dispatches`, `flops`, `bytes`. */
  describe(): PlanDescription {
    return describe(this.plan, this.#chosen);
  }

  /** Frees every buffer that it made. */
  destroy(): void {
    this.#allocation.destroy();
    this.lifetime.end();
  }

  /** As `destroy`, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}
