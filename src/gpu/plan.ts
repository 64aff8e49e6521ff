// A plan: what is to be done, as data. It knows no device; `realise` makes a program of it that a device runs.

import { TempogradError } from "../errors";
import { type Bindable, type Bound, boundTo, Index, isHalf } from "./bound";
import { type KernelSource, type Shader, shaderOf } from "./shader";
import type { TensorSpec, TypedArray } from "./tensor";
import {
  type AnyBuffer,
  type BufferUse,
  layoutOf,
  PlannedBuffer,
  type PlannedGroup,
  type PlannedTensor,
  plannedTensors,
} from "./tensor";
import type { DeviceTraits } from "./traits";

/** One dispatch, as an op adds it to a plan. */
export interface DispatchSpec {
  /** What this dispatch computes, in the words of the equations. */
  readonly label: string;
  readonly kernel: KernelSource;
  /**
   * By the names that the shader's bindings have: tensors, or for a uniform its number, or its struct's by the names of
   * their fields.
   */
  readonly bindings: Readonly<Record<string, Bindable>>;
  readonly workgroups: readonly [number, number?, number?];
  /** Floating-point operations of the equations; a mul-add counts 2. */
  readonly flops: number;
  /** Bytes that must move at least; the sum of all bound tensors unless given. */
  readonly bytes?: number;
}

export interface Dispatch extends Pick<DispatchSpec, "label" | "flops"> {
  readonly kind: "dispatch";
  readonly shader: Shader;
  readonly bound: readonly Bound[];
  readonly workgroups: readonly [number, number, number];
  readonly bytes: number;
  readonly gate: PlannedTensor | undefined;
}

/** How far a place moves from each run of a repeat to the next. */
export type Moves = readonly { readonly index: Index; readonly bytes: number }[];

/** A byte of a buffer; in a repeat, another in each run. */
export interface Place {
  readonly buffer: AnyBuffer;
  readonly offset: number;
  readonly moves?: Moves;
}

export interface Copy {
  readonly kind: "copy";
  readonly from: Place;
  readonly to: Place;
  readonly bytes: number;
}

export interface Clear {
  readonly kind: "clear";
  readonly place: Place;
  readonly bytes: number;
}

export interface Repeat {
  readonly kind: "repeat";
  readonly index: Index;
  readonly body: readonly Node[];
}

/** One of several ways to do the same. */
export interface Choice {
  readonly kind: "choice";
  /** What sort of work it is, in the words of `Tuning`. */
  readonly topic: string;
  readonly key: string;
  readonly names: readonly string[];
  readonly fallback: string;
  /** Made when it is asked for. */
  way(name: string): Plan;
}

/** What a run may leave out. */
export interface Section {
  readonly kind: "section";
  readonly name: string;
  readonly body: readonly Node[];
}

export type Node = Dispatch | Copy | Clear | Repeat | Choice | Section;

/** Ways to put the same work on a plan, by name. */
export type Ways = Readonly<Record<string, (plan: Plan) => void>>;

/** Ops add to it; then it is complete, and only read. */
export class Plan {
  readonly label: string;
  readonly traits: DeviceTraits;
  /** What to do where it is too large, for errors. */
  readonly cure: string;
  readonly nodes: readonly Node[] = [];
  readonly buffers: PlannedBuffer[] = [];
  /** What is added to now. */
  #body = this.nodes as Node[];
  #gate: PlannedTensor | undefined;

  constructor(label: string, traits: DeviceTraits, cure = "ask for less") {
    this.label = label;
    this.traits = traits;
    this.cure = cure;
  }

  /** A zeroed tensor with a buffer of its own. */
  tensor(name: string, shape: readonly number[], spec: Omit<TensorSpec, "shape"> = {}): PlannedTensor {
    return this.group(name, { [name]: { ...spec, shape } }).tensors[name]!;
  }

  /** A zeroed buffer. */
  buffer(label: string, bytes: number, use: BufferUse): PlannedBuffer {
    const buffer = new PlannedBuffer(label, bytes, use);
    this.buffers.push(buffer);
    return buffer;
  }

  /** Zeroed tensors in one buffer. */
  group<Name extends string>(
    label: string,
    specs: Readonly<Record<Name, TensorSpec>>,
    use: BufferUse = "storage",
  ): PlannedGroup<Name> {
    return plannedTensors(this.buffer(label, layoutOf(specs).bytes, use), specs);
  }

  /** What a tensor of this plan holds at first, as stored. */
  fill({ buffer, offset }: PlannedTensor, data: () => TypedArray): void {
    (buffer as PlannedBuffer).contents.push({ offset, data });
  }

  /** @throws where a binding or a field is missing, extra or misspelt, or a grid has nothing to do. */
  add({ label, kernel, bindings, workgroups, flops, bytes }: DispatchSpec): void {
    const shader = shaderOf(
      kernel,
      Object.keys(bindings).filter((name) => isHalf(bindings[name])),
    );
    const at = `${this.label}: "${label}" (${shader.name})`;
    const names = shader.bindings.map(({ name }) => name);
    for (const name of Object.keys(bindings)) {
      if (!names.includes(name)) {
        throw new TempogradError(
          "definition",
          `${at}: the shader has no binding "${name}", it declares ${names.join(", ")}.`,
        );
      }
    }
    const bound = shader.bindings.map((binding): Bound => {
      const value = bindings[binding.name];
      if (value === undefined) {
        throw new TempogradError(
          "definition",
          `${at}: binding "${binding.name}" is missing, the shader declares ${names.join(", ")}.`,
        );
      }
      return { binding, to: boundTo(shader, binding, value, at) };
    });
    const grid = [workgroups[0], workgroups[1] ?? 1, workgroups[2] ?? 1] as const;
    if (grid.some((count) => !(count >= 1))) {
      throw new TempogradError(
        "definition",
        `${at}: workgroups are [${grid.join(", ")}], expected 1 or more each; give it more to do.`,
      );
    }
    this.#body.push({
      kind: "dispatch",
      label,
      shader,
      bound,
      workgroups: grid,
      flops,
      bytes: bytes ?? bound.reduce((sum, { to }) => sum + ("buffer" in to ? to.size : to.bytes), 0),
      gate: this.#gate,
    });
  }

  /** Copies bytes from one buffer to another. */
  copy(from: Place, to: Place, bytes: number): void {
    this.#body.push({ kind: "copy", from, to, bytes });
  }

  /** Sets bytes to zero. */
  clear(place: Place, bytes: number): void {
    this.#body.push({ kind: "clear", place, bytes });
  }

  /** Runs what `build` adds `count` times. */
  repeat(count: number, build: (index: Index) => void): void {
    const index = new Index(count);
    const body: Node[] = [];
    this.#body.push({ kind: "repeat", index, body });
    this.#inside(body, () => build(index));
  }

  /** What `build` adds is left out by runs that name it. */
  section<T>(name: string, build: () => T): T {
    const body: Node[] = [];
    this.#body.push({ kind: "section", name, body });
    return this.#inside(body, build);
  }

  /** Adds one of several ways to do the same: the one that is chosen where it is realised. */
  choose(topic: string, key: string, ways: Ways, fallback: string): void {
    const made = new Map<string, Plan>();
    const way = (name: string) => {
      let plan = made.get(name);
      if (!plan) {
        plan = new Plan(`${this.label}, ${key}: ${name}`, this.traits, this.cure);
        plan.#gate = gate;
        ways[name]!(plan);
        made.set(name, plan);
      }
      return plan;
    };
    const gate = this.#gate;
    this.#body.push({ kind: "choice", topic, key, names: Object.keys(ways), fallback, way });
  }

  /**
   * Makes all dispatches that `build` adds do nothing in a run in which `gate`, u32 [1], is not 0 when they begin. None of
   * them may write to its buffer.
   */
  gated<T>(gate: PlannedTensor, build: () => T): T {
    this.#gate = gate;
    try {
      return build();
    } finally {
      this.#gate = undefined;
    }
  }

  #inside<T>(body: Node[], build: () => T): T {
    const outside = this.#body;
    this.#body = body;
    try {
      return build();
    } finally {
      this.#body = outside;
    }
  }
}
