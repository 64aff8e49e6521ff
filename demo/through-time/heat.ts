// Values of units over time in the colours of heat below, at and above zero: as dots of a picture, and behind text.

/** A value's part of the largest there is. */
const shareOf = (value: number, most: number): number => (most > 0 ? Math.min(1, Math.abs(value) / most) : 0);

/**
 * A dot for each unit and step, in the colours of the style sheet as they are at the moment; what is no number is left out.
 * @param values [T, units]
 */
export function drawHeat(canvas: HTMLCanvasElement, values: ArrayLike<number>, steps: number, most: number): void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--heat-${name}`).trim();
  const [below, zero, above] = [colour("below"), colour("zero"), colour("above")];
  const units = values.length / steps;
  canvas.width = steps; // which clears it
  canvas.height = units;
  const context = canvas.getContext("2d")!;
  const paint = (t: number, unit: number, fill: string, alpha: number) => {
    context.fillStyle = fill;
    context.globalAlpha = alpha;
    context.fillRect(t, unit, 1, 1);
  };
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    const [t, unit] = [Math.floor(i / units), i % units];
    paint(t, unit, zero, 1);
    paint(t, unit, value < 0 ? below : above, shareOf(value, most));
  }
}

/** Gives an element the colour of a value, by the style sheet. */
export function tint(place: HTMLElement, value: number, most: number): void {
  place.classList.add("tinted");
  place.classList.toggle("negative", value < 0);
  place.style.setProperty("--share", String(shareOf(value, most)));
}
