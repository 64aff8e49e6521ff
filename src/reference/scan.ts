// The two sweeps through time of cells whose units do not meet: those of any cell, whose twin says how it meets its past.

export { recurrenceBackward as scanBackward, recurrenceForward as scanForward } from "./recurrence";
