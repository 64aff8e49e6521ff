// Where steps are in the pictures, in CSS pixels: as narrow as all of them fit beside each other.

const left = 46;
const right = 6;
const mostWidth = 52;
const leastWidth = 6;

export class Columns {
  readonly steps: number;
  readonly width: number;
  readonly left = left;

  constructor(available: number, steps: number) {
    this.steps = steps;
    this.width = Math.max(leastWidth, Math.min(mostWidth, (available - left - right) / steps));
  }

  get total(): number {
    return left + this.steps * this.width + right;
  }

  get end(): number {
    return left + this.steps * this.width;
  }

  /** @param t from 1. */
  edge(t: number): number {
    return left + (t - 1) * this.width;
  }

  middle(t: number): number {
    return left + (t - 0.5) * this.width;
  }

  /** Steps whose number has room. */
  get named(): number[] {
    const every = this.width < 12 ? 8 : this.width < 24 ? 4 : 1;
    return Array.from({ length: this.steps }, (_, i) => i + 1).filter(
      (t) => t === 1 || t === this.steps || (t % every === 0 && t > every / 2 && this.steps - t >= every / 2),
    );
  }
}
