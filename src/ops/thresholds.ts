// Where one way of computing gives place to another, by sizes and by what a device is: each with its reason.

import type { DeviceTraits } from "../gpu/traits";

/** Threads of a workgroup in which each does one of many things: whole subgroups on all GPUs. */
export const lineThreads = 64;

/** A product, in multiplications: up to so many what compiles soonest is best; from so many on what takes long to compile pays. */
export const smallProduct = 2 ** 17;
export const largeProduct = 2 ** 24;

/** Rows of a product from which on it pays to keep the columns that all are multiplied with. */
export const heldRows = 256;

/** Rows that fill a tall tile of four threads, and so occupy a core. */
export const tallRows = 32;

/** Blocks of 4 × 4 weights that a thread of a persistent sweep keeps on GPUs: 64 numbers, or 128 in half precision, half of its registers. */
export const heldBlocks = { f32: 4, f16: 8 } as const;

/** Rows of a batch up to which each has a workgroup of its own: with more, they would queue for a GPU's multiprocessors. */
export const rowsApart = 128;

/** Rows that share a workgroup of a persistent sweep, and its barriers: more would crowd out others on a multiprocessor. */
export const rowsTogether = 4;

/** Threads of a scan that keep the memory of most GPUs busy: with fewer, it is cut into chunks of time. */
export const scanThreads = 2 ** 14;

/** Steps of a chunk: with fewer, it does little more than begin. What chunks do twice pays from so many of them on. */
export const leastChunkSteps = 32;
export const fewestChunks = 4;

/** Slabs of a gradient: the second half of the sum reads each. */
export const mostSlabs = 16;

/**
 * Workgroups of a product that is cut into slabs: one for each multiprocessor of the largest GPUs of today. WebGPU does not
 * tell how many there are; where they are fewer, several workgroups on each hide each other's waiting.
 */
export const productWorkgroups = 128;

/** Rows that a slab sums at least, and what part of a step's memory slabs may take; a processor has few threads to share them. */
export const slabsOn = { gpu: { rows: 128, memory: 0.5 }, processor: { rows: 512, memory: 0.1 } } as const;

/**
 * Rows that a tail of adaptive softmax takes at once: a sixteenth of a batch, so that little is computed of rows that are none,
 * and as many as make a product worth its dispatch.
 */
export const mostChunks = 16;
export const leastChunkRows = 32;

/** Threads that share out a long row: a processor computes four at once. */
export const rowThreads = { gpu: 64, processor: 4 } as const;

/** Threads that look for a sample among the classes: a processor computes four at once. */
export const sampleThreads = { gpu: 64, processor: 4 } as const;

/**
 * What adapters that compute on a processor take, in nanoseconds of a core, for a subgroup of so many lanes: to load a vec4f from a
 * buffer, to spread one of h among a quad, a mul-add of vec4f, to keep a block of weights, the cell's work for a vec4f of h, a
 * barrier; and a dispatch. Only their proportions count. `held`: the blocks that a thread of a persistent sweep keeps. The shader
 * is as long as there are: more would take seconds to compile. `share`: where several threads share them out, those of each.
 * Those with quads as SwiftShader took on a core of an AMD EPYC: it looks for each lane whether it may load from a buffer, and
 * not for what a thread keeps. The others as lavapipe took, which loads lanes at once, and compiles what is kept for as long.
 */
const processorCosts = {
  quads: {
    lanes: 4,
    load: 50,
    spread: 12,
    mulAdd: 4,
    hold: 2000,
    element: 400,
    barrier: 400,
    dispatch: 120_000,
    held: 64,
    share: 32,
  },
  others: {
    lanes: 8,
    load: 8,
    spread: 8,
    mulAdd: 2,
    hold: 500,
    element: 200,
    barrier: 400,
    dispatch: 120_000,
    held: 4,
    share: 4,
  },
} as const;

/** Of the processor that computes for an adapter. */
export const costsOf = ({ quads }: DeviceTraits) => (quads ? processorCosts.quads : processorCosts.others);
