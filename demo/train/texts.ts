// Numbers as the training page writes them.

/** A loss, or a dash where there is none; a diverging one may be huge. */
export function lossText(loss: number | null | undefined, digits = 3): string {
  if (loss == null) return "–";
  return Math.abs(loss) < 1000 ? loss.toFixed(digits) : loss.toExponential(1);
}

export const percentText = (share: number | null | undefined, digits = 1): string =>
  share == null ? "–" : `${(100 * share).toFixed(digits)}%`;

export const wholeText = (value: number): string => Math.round(value).toLocaleString("en");

export const stepsText = (count: number): string => `${wholeText(count)} ${count === 1 ? "step" : "steps"}`;

export const bytesText = (bytes: number): string =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
