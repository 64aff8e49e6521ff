// The sections of a pass: what runs of it may leave out.

/** The sections that a run leaves out while what an earlier one found not finite still stands: nothing is changed then. */
export const unlatched = "unlatched";

/** The sections of the way forward and of the way back: what is encoded in halves leaves the other out. */
export const forwardHalf = "forward";
export const backwardHalf = "backward";
