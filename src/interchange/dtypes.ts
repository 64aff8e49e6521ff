// The types of numbers in safetensors files: floats are read as float32, whole numbers as int32.

/** `bits`: those of a float32, so that a NaN keeps its payload. Whole numbers of 64 bits may be rounded: none of those fits. */
type Dtype = readonly [bytes: number, kind: "bits" | "float" | "whole", read: (view: DataView, at: number) => number];

const dtypes: Readonly<Record<string, Dtype>> = {
  F64: [8, "float", (view, at) => view.getFloat64(at, true)],
  F32: [4, "bits", (view, at) => view.getInt32(at, true)],
  F16: [2, "float", (view, at) => small(view.getUint16(at, true), 5, 10)],
  BF16: [2, "bits", (view, at) => view.getUint16(at, true) << 16],
  F8_E5M2: [1, "float", (view, at) => small(view.getUint8(at), 5, 2)],
  F8_E4M3: [1, "float", (view, at) => small(view.getUint8(at), 4, 3)],
  I64: [8, "whole", (view, at) => Number(view.getBigInt64(at, true))],
  U64: [8, "whole", (view, at) => Number(view.getBigUint64(at, true))],
  I32: [4, "whole", (view, at) => view.getInt32(at, true)],
  U32: [4, "whole", (view, at) => view.getUint32(at, true)],
  I16: [2, "whole", (view, at) => view.getInt16(at, true)],
  U16: [2, "whole", (view, at) => view.getUint16(at, true)],
  I8: [1, "whole", (view, at) => view.getInt8(at)],
  U8: [1, "whole", (view, at) => view.getUint8(at)],
  BOOL: [1, "whole", (view, at) => view.getUint8(at)],
};

/** A float of few bits: a sign, an exponent, a fraction; as IEEE 754 has it, or with four bits of exponent as OCP has it: no ∞. */
function small(bits: number, exponentBits: number, fractionBits: number): number {
  const fraction = bits % 2 ** fractionBits;
  const exponent = (bits >> fractionBits) % 2 ** exponentBits;
  const sign = bits >> (exponentBits + fractionBits) ? -1 : 1;
  const isTop = exponent === 2 ** exponentBits - 1;
  if (isTop && exponentBits === 4 ? fraction === 7 : isTop && fraction > 0) return Number.NaN;
  if (isTop && exponentBits !== 4) return sign * Number.POSITIVE_INFINITY;
  const scale = 2 ** (Math.max(exponent, 1) + 1 - 2 ** (exponentBits - 1) - fractionBits);
  return sign * scale * (exponent > 0 ? fraction + 2 ** fractionBits : fraction);
}

export const dtypeOf = (name: unknown): Dtype | undefined =>
  typeof name === "string" && Object.hasOwn(dtypes, name) ? dtypes[name] : undefined;

/**
 * Copies numbers from any alignment, on a host of either byte order.
 * @returns where one is none of float32 or int32: that one, as a number of its own.
 */
export function decoded([bytes, kind, read]: Dtype, view: DataView): Float32Array | Int32Array | number {
  const count = view.byteLength / bytes;
  const data = kind === "float" ? new Float32Array(count) : new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const value = read(view, i * bytes);
    data[i] = value;
    const fits = kind === "float" ? Number.isFinite(data[i]) || !Number.isFinite(value) : data[i] === value;
    if (!fits) return value;
  }
  return kind === "bits" ? new Float32Array(data.buffer) : data;
}
