// What of items is held out: the same whatever a training's seed, so that a loaded network was never trained on them.

export const heldOutFraction = 0.1;
export const splitSeed = 1;
