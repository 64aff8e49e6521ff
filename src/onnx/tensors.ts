// Operators of numbers that a graph holds: where each comes from.

type Data = Float32Array | readonly unknown[];

export interface Tensor<Of extends Data> {
  readonly shape: readonly number[];
  readonly data: Of;
}

/** A shape with another size along an axis. */
const resized = (shape: readonly number[], axis: number, size: number) =>
  shape.map((own, i) => (i === axis ? size : own));

export const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

const placed = <Of extends Data>(
  { data }: Tensor<Of>,
  shape: readonly number[],
  places: Iterable<number>,
): Tensor<Of> => ({
  shape,
  data: (data instanceof Float32Array
    ? Float32Array.from(places, (at) => data[at]!)
    : Array.from(places, (at) => data[at])) as never,
});

export function transposed<Of extends Data>(tensor: Tensor<Of>, order: readonly number[]): Tensor<Of> {
  const { shape } = tensor;
  const strides = shape.map((_, axis) => countOf(shape.slice(axis + 1)));
  const own = order.map((axis) => shape[axis]!);
  const places = new Uint32Array(countOf(shape));
  const at = new Uint32Array(own.length);
  for (let i = 0; i < places.length; i++) {
    let from = 0;
    for (const [axis, index] of at.entries()) from += index * strides[order[axis]!]!;
    places[i] = from;
    for (let axis = own.length - 1; axis >= 0 && ++at[axis]! === own[axis]; axis--) at[axis] = 0;
  }
  return placed(tensor, own, places);
}

/** So many along an axis, by their indices. */
export function picked<Of extends Data>(tensor: Tensor<Of>, axis: number, indices: readonly number[]): Tensor<Of> {
  const { shape } = tensor;
  const inner = countOf(shape.slice(axis + 1));
  const outer = countOf(shape.slice(0, axis));
  function* places() {
    for (let block = 0; block < outer; block++) {
      for (const index of indices) {
        const from = (block * shape[axis]! + index) * inner;
        for (let i = 0; i < inner; i++) yield from + i;
      }
    }
  }
  return placed(tensor, resized(shape, axis, indices.length), places());
}

export function joined<Of extends Data>(tensors: readonly Tensor<Of>[], axis: number): Tensor<Of> {
  const [first] = tensors as [Tensor<Of>];
  const size = tensors.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  const shape = resized(first.shape, axis, size);
  function* values() {
    for (let block = 0; block < countOf(shape.slice(0, axis)); block++) {
      for (const { shape: own, data } of tensors) {
        const size = countOf(own.slice(axis));
        for (let i = 0; i < size; i++) yield data[block * size + i];
      }
    }
  }
  const data = first.data instanceof Float32Array ? Float32Array.from(values() as Iterable<number>) : [...values()];
  return { shape, data: data as never };
}
