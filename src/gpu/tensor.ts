// Tensors: named, shaped ranges of GPU buffers.
//
// Storage: an f32 tensor [..., width] is a matrix whose width and number of rows are rounded up to multiples of four,
// so that kernels always load vec4f and never see a ragged edge. What is added is zero and stays zero. A vector is one
// row; an i32 or u32 tensor is packed. An f16 tensor is an f32 one of half the bytes, which shaders alone write.

import { TempogradError } from "../errors";
import type { Gpu } from "./device";
import { expectKind, expectLiving } from "./lifetime";

export type ElementType = "f32" | "f16" | "i32" | "u32";
export type TypedArray = Float32Array | Int32Array | Uint32Array;

/** The shape of a tensor, outermost first, and what its elements are. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly type?: ElementType;
  /** The width is made of this many equal parts (gates, directions), each stored in a multiple of four. Default 1. */
  readonly parts?: number;
  /** Likewise the rows. Default 1. */
  readonly rowParts?: number;
}

/** What a buffer is used for: read and written by shaders, read as a uniform too, copied from and to alone, or read back. */
export type BufferUse = "storage" | "uniform" | "copied" | "readback";

/** A buffer that a plan asks for: it is made, and zero but for its contents, where the plan is realised. */
export class PlannedBuffer {
  readonly label: string;
  readonly size: number;
  readonly use: BufferUse;
  readonly contents: { readonly offset: number; readonly data: () => TypedArray }[] = [];

  constructor(label: string, bytes: number, use: BufferUse) {
    this.label = label;
    this.size = bufferSize(bytes);
    this.use = use;
  }
}

export type AnyBuffer = GPUBuffer | PlannedBuffer;

interface TensorIn<Buffer> extends TensorSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly buffer: Buffer;
  /** First byte in the buffer, and bytes in all, padding included. */
  readonly offset: number;
  readonly size: number;
}

/** On a device. */
export type Tensor = TensorIn<GPUBuffer>;

/** In a plan: of the plan's own buffers, or of a device. */
export type PlannedTensor = TensorIn<AnyBuffer>;

/** Bytes of a buffer that is to have room for so many. */
export const bufferSize = (bytes: number): number => Math.max(16, roundUp(bytes, 16));

/** Bytes: every tensor starts at a multiple of it, as bindings must. */
export const bindingAlignment = 256;

export const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Elements of a shape. */
export const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The matrix that stores a shape: its rows (all but the last dimension) and width, as they are and as stored. */
export function matrixOf({ shape, type = "f32", parts = 1, rowParts = 1 }: TensorSpec) {
  const width = shape.at(-1) ?? 1;
  const rows = elements(shape.slice(0, -1));
  const isPadded = type === "f32" || type === "f16";
  const storedWidth = isPadded ? parts * roundUp(width / parts, 4) : width;
  const storedRows = isPadded && shape.length > 1 ? rowParts * roundUp(rows / rowParts, 4) : rows;
  return { rows, width, storedRows, storedWidth };
}

/** Calls `copy` for each run of values that lie side by side both in the shape and as stored. */
export function eachRun(spec: TensorSpec, copy: (from: number, to: number, length: number) => void): void {
  const { rows, width, storedRows, storedWidth } = matrixOf(spec);
  const { parts = 1, rowParts = 1 } = spec;
  if (width === storedWidth && rowParts === 1) {
    copy(0, 0, rows * width);
    return;
  }
  const partWidth = width / parts;
  const partRows = rows / rowParts;
  for (let row = 0; row < rows; row++) {
    const part = Math.floor(row / partRows);
    const storedRow = part * (storedRows / rowParts) + (row - part * partRows);
    for (let p = 0; p < parts; p++) {
      copy(row * width + p * partWidth, storedRow * storedWidth + p * (storedWidth / parts), partWidth);
    }
  }
}

/** Bytes of an element. */
export const elementBytes = ({ type }: Pick<TensorSpec, "type">): number => (type === "f16" ? 2 : 4);

const bytesOf = (spec: TensorSpec): number => {
  const { storedRows, storedWidth } = matrixOf(spec);
  return bufferSize(storedRows * storedWidth * elementBytes(spec));
};

/** Tensors that share one buffer, in the order given. */
interface GroupIn<Name extends string, Buffer> {
  readonly buffer: Buffer;
  readonly tensors: Readonly<Record<Name, TensorIn<Buffer>>>;
}

/** Tensors by name that share one buffer. */
export interface TensorGroup<Name extends string = string> extends GroupIn<Name, GPUBuffer> {
  /** Frees the buffer. */
  destroy(): void;
}

export type PlannedGroup<Name extends string = string> = GroupIn<Name, AnyBuffer>;

/** What WebGPU calls the uses. */
export function usageOf(use: BufferUse): GPUBufferUsageFlags {
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const copied = COPY_SRC | COPY_DST;
  return {
    storage: STORAGE | copied,
    uniform: STORAGE | UNIFORM | copied,
    copied,
    readback: MAP_READ | COPY_DST,
  }[use];
}

/** Where each tensor of a group begins, and the bytes of all. */
export function layoutOf(specs: Readonly<Record<string, TensorSpec>>) {
  let end = 0;
  const offsets: Record<string, number> = {};
  for (const [name, spec] of Object.entries(specs)) {
    offsets[name] = end;
    end = roundUp(end + bytesOf(spec), bindingAlignment);
  }
  return { offsets, bytes: end };
}

/** The tensors of a group, in a buffer that has room for them. */
export function plannedTensors<Name extends string, Buffer>(
  buffer: Buffer,
  specs: Readonly<Record<Name, TensorSpec>>,
): GroupIn<Name, Buffer> {
  const { offsets } = layoutOf(specs);
  const tensors = {} as Record<Name, TensorIn<Buffer>>;
  for (const name of Object.keys(specs) as Name[]) {
    const spec: TensorSpec = specs[name];
    tensors[name] = { type: "f32", ...spec, name, buffer, offset: offsets[name]!, size: bytesOf(spec) };
  }
  return { buffer, tensors };
}

/** Allocates one zeroed buffer for several tensors. */
export function createTensors<Name extends string>(
  gpu: Gpu,
  label: string,
  specs: Readonly<Record<Name, TensorSpec>>,
  use: BufferUse = "storage",
): TensorGroup<Name> {
  const buffer = gpu.createBuffer(label, layoutOf(specs).bytes, usageOf(use));
  return { ...plannedTensors(buffer, specs), destroy: () => gpu.destroyBuffer(buffer) };
}

/** All tensors of a group as one, padding and what lies between included. */
export function whole<Buffer extends AnyBuffer>({ buffer }: { buffer: Buffer }, name: string): TensorIn<Buffer> {
  return { name, shape: [buffer.size / 4], type: "f32", buffer, offset: 0, size: buffer.size };
}

const views = { f32: Float32Array, i32: Int32Array, u32: Uint32Array };

/** The array that holds what is written to tensors of a type. @throws for half precision. */
export function viewOf(type: ElementType = "f32") {
  if (type !== "f16") return views[type];
  throw new TempogradError(
    "option",
    "writeTensor: got a tensor of f16, expected f32, i32 or u32; write what it is made of on the GPU.",
  );
}

/**
 * A tensor's values as its storage has them: padded with zeros. Where a batch is packed, `into` takes them.
 * @throws for a tensor in half precision.
 */
export function padded(spec: TensorSpec, data: ArrayLike<number>, into?: TypedArray): TypedArray {
  const { width, storedRows, storedWidth } = matrixOf(spec);
  const View = viewOf(spec.type);
  const stored = into ?? new View(storedRows * storedWidth);
  if (width === storedWidth && (spec.rowParts ?? 1) === 1) {
    stored.set(data);
  } else {
    eachRun(spec, (from, to, length) => {
      for (let i = 0; i < length; i++) stored[to + i] = data[from + i]!;
    });
  }
  return stored;
}

/**
 * Copies values to a tensor.
 * @throws where there are more or fewer values than the shape has elements.
 */
export function writeTensor(gpu: Gpu, tensor: Tensor, data: ArrayLike<number>): void {
  if (data.length !== elements(tensor.shape)) {
    throw new TempogradError(
      "option",
      `writeTensor: "${tensor.name}" got ${data.length} values, expected ${elements(tensor.shape)} for [${tensor.shape.join(", ")}].`,
    );
  }
  gpu.write(tensor.buffer, tensor.offset, () => padded(tensor, data), "writeTensor");
}

/**
 * Reads tensors back, padding taken off. One round trip for all: never inside a loop that is to be fast.
 * @param staging where they pass through, of `readbackBytes`; one is made unless given.
 * @param into arrays that take the values, one for each tensor; they are made unless given.
 * @param before encodes what is computed first, in the same submit.
 * @throws where a tensor was destroyed, the device was lost, or it has no room.
 */
export async function readTensors(
  gpu: Gpu,
  tensors: readonly Tensor[],
  operation = "readTensors",
  staging?: GPUBuffer,
  into?: readonly TypedArray[],
  before?: (encoder: GPUCommandEncoder) => void,
): Promise<TypedArray[]> {
  expectLiving(operation, "GPU", gpu, "openGpu");
  const areTensors = Array.isArray(tensors) && tensors.every((tensor) => tensor?.buffer);
  expectKind(operation, "list of tensors", areTensors, tensors, "[pass.tensors.logits]");
  for (const { buffer } of tensors) gpu.expectBuffer(operation, buffer);
  const starts: number[] = [];
  let bytes = 0;
  for (const { size } of tensors) {
    starts.push(bytes);
    bytes += size;
  }
  const { result, errors } = gpu.scoped(() => {
    const through = staging ?? gpu.createBuffer("readback", bytes, usageOf("readback"));
    const encoder = gpu.device.createCommandEncoder({ label: "readback" });
    before?.(encoder);
    tensors.forEach(({ buffer, offset, size }, i) => {
      encoder.copyBufferToBuffer(buffer, offset, through, starts[i]!, size);
    });
    gpu.device.queue.submit([encoder.finish()]);
    const mapped = through.mapAsync(GPUMapMode.READ, 0, bufferSize(bytes));
    mapped.catch(() => {}); // it is awaited below, unless an error says why it failed
    return { through, mapped };
  });
  const { through, mapped } = result;
  try {
    await gpu.expectNone(operation, errors, bytes);
    await gpu.answered(operation, mapped);
    const range = through.getMappedRange(0, bufferSize(bytes));
    const toNumber = tensors.some(({ type }) => type === "f16") ? (await import("./half")).fromHalf : undefined;
    return tensors.map((tensor, i) => unpadded(tensor, range, starts[i]!, { into: into?.[i], toNumber }));
  } finally {
    if (staging) staging.unmap();
    else gpu.destroyBuffer(through);
  }
}

/** Bytes that tensors take on their way back. */
export const readbackBytes = (tensors: readonly Pick<PlannedTensor, "size">[]): number =>
  tensors.reduce((sum, { size }) => sum + size, 0);

/** Reads one f32 tensor back. @throws as `readTensors`. */
export async function readFloats(gpu: Gpu, tensor: Tensor, operation?: string): Promise<Float32Array> {
  return (await readTensors(gpu, [tensor], operation))[0] as Float32Array;
}

/**
 * A tensor's values from its storage, which begins at byte `start`: padding taken off.
 * @param into takes them, where it is given
 * @param toNumber what makes numbers of halves, where it is in half precision
 */
export function unpadded(
  tensor: Tensor,
  bytes: ArrayBuffer,
  start: number,
  { into, toNumber }: { into?: TypedArray | undefined; toNumber?: ((bits: number) => number) | undefined } = {},
): TypedArray {
  const { type } = tensor;
  const { rows, width, storedRows, storedWidth } = matrixOf(tensor);
  const size = storedRows * storedWidth;
  const View = views[type === "f16" ? "f32" : type];
  const stored =
    type === "f16" ? Float32Array.from(new Uint16Array(bytes, start, size), toNumber!) : new View(bytes, start, size);
  const values = into ?? new View(rows * width);
  eachRun(tensor, (from, to, length) => values.set(stored.subarray(to, to + length), from));
  return values;
}
