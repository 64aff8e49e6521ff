// Says in words what the numbers show.

import { gradientText, numeral, percent } from "../through-time/words";
import type { Loss } from "./cuts";
import { type Descent, meanFactor } from "./descent";
import type { Update } from "./engine";

/** What a gradient does on its way back; it keeps where it stays within a factor of ten. */
export type Fate = "vanishes" | "keeps" | "explodes";

const most = 10;

export function fateOf({ norms }: Descent): Fate {
  const [first, last] = [norms[0]!, norms.at(-1)!];
  if (last === 0) return "vanishes"; // there is none to begin with
  const ratio = first / last;
  if (!(ratio <= most)) return "explodes";
  return ratio < 1 / most ? "vanishes" : "keeps";
}

const fates: Readonly<Record<Fate, string>> = {
  vanishes: "The gradient vanishes.",
  keeps: "The gradient keeps its size, within a factor of ten.",
  explodes: "The gradient explodes.",
};

export const fateText = (descent: Descent): string => fates[fateOf(descent)];

/** How much of the gradient at the last step is left at the first. */
export function ratioText({ norms }: Descent): string {
  const steps = norms.length;
  const last = norms.lastIndexOf(Number.POSITIVE_INFINITY);
  if (last >= 0) {
    return `From t = ${last + 1} back it is beyond what float32 can hold, 3.4 × 10³⁸: no number any more, and no gradient to learn from.`;
  }
  const zero = norms.lastIndexOf(0);
  if (zero === steps - 1) return "It is zero already at the last step.";
  if (zero >= 0) return `From t = ${zero + 1} back it is below what float32 can hold, 10⁻³⁸, and stored as 0.`;
  const ratio = norms[0]! / norms.at(-1)!;
  return `At t = 1 it is ${numeral(ratio)} ${ratio < 1 ? "of" : "times"} what it is at t = ${steps}.`;
}

/** The mean factors of a step. @param names of the two. */
export function factorText({ local, recurrent }: Descent, [first, second]: readonly [string, string]): string {
  const [a, b] = [meanFactor(local), meanFactor(recurrent)];
  if (!Number.isFinite(a * b)) return "";
  return `A step back multiplies it by ${factorNumeral(a * b)} in the mean: ${first} by ${factorNumeral(a)}, ${second} by ${factorNumeral(b)}.`;
}

/** Where the two pull in opposite directions, which of them wins. */
export function struggleText({ local, recurrent }: Descent): string {
  const [slope, weight] = [meanFactor(local), meanFactor(recurrent)];
  if (!(weight > 1.02 && slope < 0.98)) return "";
  return slope * weight < 1
    ? "Wʰ alone would make it grow; but the states are so large that tanh is flat there, and that takes more away."
    : "Large states take some of it away, where tanh is flat; Wʰ adds more.";
}

/** What clipping did. @param parts how much steps T and 1 add to dθ, before. */
export function clipText(
  { before, moved }: Update,
  limit: number,
  rate: number,
  parts: readonly [number, number],
): string {
  if (!Number.isFinite(before)) {
    return "The gradient is not a finite number: there is no direction to shorten. Clipping cannot mend that; the step is skipped, and no parameter moves.";
  }
  const share = parts[1] / parts[0];
  const still = `Step 1 has ${numeral(share)} of what the last step adds`;
  if (before <= limit)
    return `‖dθ‖ is below the limit: clipping changes nothing. ${still}: what vanished on the way does not come back.`;
  return `Clipping multiplies all of dθ by ${numeral(moved / rate / before)}. The update is bounded, its direction is the same: ${still.toLowerCase()} before as after.`;
}

/** What truncation loses. */
export function cutText({ whole, cut, cosine, lost }: Loss, every: number): string {
  if (every >= lost.length) return "There is no cut: the windows’ gradient is the whole one.";
  if (![whole, cut].every(Number.isFinite))
    return "The gradient exploded, beyond any number: there is nothing to compare.";
  const mean = lost.reduce((sum, share) => sum + share, 0) / lost.length;
  const direction = cosine > 0.95 ? "nearly the same" : cosine > 0.7 ? "another" : "quite another";
  return `Cut every ${every} ${every === 1 ? "step" : "steps"}, dL/dhₜ loses ${percent(mean)} of itself in the mean over the steps; dθ points in ${direction} direction (cosine ${cosine.toFixed(3)}), ${numeral(cut / whole)} times as long.`;
}

/** What a training came to. @param losses of its updates. */
export function trainingText(every: number, reaches: boolean, losses: readonly number[]): string {
  const tenths = tenthsOf(losses);
  const last = tenths.at(-1)!;
  const best = tenths.reduce((least, loss) => Math.min(least, loss), Number.POSITIVE_INFINITY);
  const name = `A gradient over ${every} ${every === 1 ? "step" : "steps"}`;
  const trace = "the state of an untrained network, too, has a trace of what it read a moment ago";
  if (!Number.isFinite(last)) return `${name}: the loss is no finite number any more.`;
  if (last < 0.1)
    return `${name} learned it: loss ${numeral(last)}.${reaches ? "" : ` It need not reach so far: ${trace}.`}`;
  if (last < 0.55) return `${name} learned some of it: loss ${numeral(last)}.`;
  const passing = best < 0.4 ? ` For a while it was at ${numeral(best)}: ${trace}; nothing held it.` : "";
  return `${name} ends where guessing is: loss ${numeral(last)}, of ln 2 = 0.69.${passing}`;
}

/** The mean losses of ten stretches. */
export const tenthsOf = (losses: readonly number[]): number[] =>
  Array.from({ length: 10 }, (_, i) => {
    const part = losses.slice(Math.floor((i * losses.length) / 10), Math.floor(((i + 1) * losses.length) / 10));
    return part.reduce((sum, loss) => sum + loss, 0) / part.length;
  });

export const normText = gradientText;

/** Three digits, where two would hide what many steps make of it. */
const factorNumeral = (factor: number): string =>
  factor >= 0.01 && factor < 100 ? String(Number(factor.toPrecision(3))) : numeral(factor);

/** A factor: × 0.707. */
export const timesText = (factor: number): string => (Number.isNaN(factor) ? "–" : `× ${factorNumeral(factor)}`);
