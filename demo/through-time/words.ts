// Says in words and numerals what the pictures show.

import { hiddenGradient, isWhole, mostBlamed } from "./numbers";
import type { Unrolled } from "./unroll";

const marks: Readonly<Record<string, string>> = { " ": "␣", "\n": "↵", "\t": "⇥" };
const names: Readonly<Record<string, string>> = { " ": "space", "\n": "line break", "\t": "tab" };

/** A label as it can be seen, and as it can be said. */
export const visible = (label: string): string => marks[label] ?? label;
export const spoken = (label: string): string => names[label] ?? `‘${label}’`;

/** 10⁻³ */
export const powerOfTen = (exponent: number): string =>
  `10${String(exponent).replace(/[-\d]/g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]!)}`;

/** Two digits that count: 0.42, −17, 3.1 × 10⁻⁹. */
export function numeral(value: number): string {
  if (value < 0) return `−${numeral(-value)}`;
  if (Number.isNaN(value)) return "–";
  if (value === 0 || !Number.isFinite(value)) return String(value).replace("Infinity", "∞");
  const [digits, exponent] = value.toExponential(1).split("e") as [string, string];
  if (+exponent >= -3 && +exponent < 4) return String(Number(value.toPrecision(Math.max(2, +exponent + 1))));
  return `${digits} × ${powerOfTen(+exponent)}`;
}

/** ‖dL/d…‖, which is always there, but may be no number any more. */
export const gradientText = (value: number): string => (Number.isFinite(value) ? numeral(value) : "exploded");

export const percent = (share: number): string => `${Math.round(100 * share)}%`;

/** One step: "‘e’ (t = 14)". */
const stepName = ({ labels }: Unrolled, step: number): string => `${spoken(labels[step]!)} (t = ${step + 1})`;

export const lossText = ({ losses, nats }: Unrolled, step: number): string =>
  Number.isNaN(losses[step]) ? "none" : `${numeral(losses[step]!)}${nats ? " nats" : ""}`;

/** How many steps have a loss. */
export const lossCount = ({ losses }: Unrolled): number => losses.filter((loss) => !Number.isNaN(loss)).length;

const manyCount = (unrolled: Unrolled): boolean => unrolled.target === undefined && lossCount(unrolled) > 1;

/** Which steps the loss blames, by their shares of ‖dL/dx‖. */
export function blameText(unrolled: Unrolled): string {
  const { target, predicted } = unrolled;
  const prediction = target === undefined || !predicted ? "" : `, which was to predict ${spoken(predicted[target]!)},`;
  const subject = manyCount(unrolled)
    ? "All losses together blame"
    : `The loss${target === undefined ? "" : ` at ${stepName(unrolled, target)}${prediction}`} blames`;
  if (!isWhole(unrolled)) return `${subject} no step: its gradient exploded, beyond any number.`;
  const most = mostBlamed(unrolled).map(({ step, share }) => `${stepName(unrolled, step)} ${percent(share)}`);
  return most.length === 0 ? `${subject} nothing: its gradient is zero.` : `${subject} ${most.join(", ")}.`;
}

/** The step, from 1, of the one loss that counts. */
const lossStep = ({ target, losses }: Unrolled): number =>
  (target ?? losses.findIndex((loss) => !Number.isNaN(loss))) + 1;

/** How much of one loss's gradient was left at the first step after an earlier update, and how much is now. */
export function thenText(step: number, then: readonly number[], unrolled: Unrolled): string {
  const from = lossStep(unrolled);
  const [before, now] = [then, hiddenGradient(unrolled)].map((gradient) => numeral(gradient[1]! / gradient[from]!));
  const update = `After update ${step.toLocaleString("en")}`;
  return `${update}, ‖dL/dh‖ at t = 1 was ${before} of what it was at t = ${from}; now it is ${now} of it.`;
}

/** What of one loss's gradient is left at the first step; nothing where each step adds one of its own. */
export function reachText(unrolled: Unrolled): string {
  const from = lossStep(unrolled);
  const gradient = hiddenGradient(unrolled);
  const ratio = gradient[1]! / gradient[from]!;
  if (manyCount(unrolled) || from === 1 || !Number.isFinite(ratio)) return "";
  if (ratio === 0) return "At t = 1 nothing is left of the gradient.";
  return `At t = 1 the gradient is ${numeral(ratio)} ${ratio < 1 ? "of" : "times"} what it is at t = ${from}.`;
}

/** The numbers of a step in one row. */
export function stepText(unrolled: Unrolled, step: number, row: number): string {
  const { label, gradient, rms } = unrolled.rows[row]!;
  return [
    stepName(unrolled, step),
    `loss ${lossText(unrolled, step)}`,
    `${label}: ‖dL/dh‖ ${gradientText(gradient[step + 1]!)}, RMS of h ${numeral(rms[step]!)}`,
    `‖dL/dx‖ ${gradientText(unrolled.inputGradient[step]!)}`,
  ].join(" · ");
}
