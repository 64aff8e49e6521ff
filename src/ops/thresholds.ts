// Where one way of computing gives place to another, by sizes and by what a device is: each with its reason.

/** Threads of a workgroup in which each does one of many things: whole subgroups on all GPUs. */
export const lineThreads = 64;

/** A product, in multiplications: up to so many what compiles soonest is best; from so many on what takes long to compile pays. */
export const smallProduct = 2 ** 17;
export const largeProduct = 2 ** 24;

/** Rows of a batch beyond which a software adapter sweeps in tiles of several rows: with fewer, most of a tile is empty. */
export const fewRows = 8;

/** Rows that fill a tall tile of four threads, and so occupy a core. */
export const tallRows = 32;

/** The widest U, of one gate, of which a thread of a software adapter keeps its columns: that many loads are written out. */
export const heldWidth = 128;

/** Blocks of 4 × 4 weights that a thread of a persistent sweep keeps: 64 numbers, or 128 in half precision, half of the registers of a thread. */
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

/** Threads that look for a sample among the classes: a processor computes four at once. */
export const sampleThreads = { gpu: 64, processor: 4 } as const;
