// Keeps the curves of a training run in bounded room: where they get long, neighbouring steps share a point.

const capacity = 1024;
const smoothing = 0.9;

export class LossHistory {
  /** The first step of each point. */
  readonly steps: number[] = [];
  /** Mean training loss of a point's steps; null where there is none yet. */
  readonly losses: (number | null)[] = [];
  /** Exponential moving average of the training loss, corrected for its start at zero. */
  readonly smoothed: (number | null)[] = [];
  /** The latest held-out loss among a point's steps, if any. */
  readonly heldOut: (number | null)[] = [];
  #stride = 1;
  #stepsInLast = 0;
  #sum = 0;
  #weight = 0;

  /** The smoothed loss after the latest step. */
  get latest(): number | null {
    return this.smoothed.at(-1) ?? null;
  }

  /** Adds the loss of a step; steps come in order. */
  add(step: number, loss: number): void {
    const i = this.#pointOf(step);
    this.#stepsInLast += 1;
    this.losses[i] = (this.losses[i] ?? 0) + (loss - (this.losses[i] ?? 0)) / this.#stepsInLast;
    this.#sum = smoothing * this.#sum + (1 - smoothing) * loss;
    this.#weight = smoothing * this.#weight + (1 - smoothing);
    this.smoothed[i] = this.#sum / this.#weight;
  }

  /** Adds the held-out loss after a step, the latest one. */
  addHeldOut(step: number, loss: number): void {
    this.heldOut[this.#pointOf(step)] = loss;
  }

  #pointOf(step: number): number {
    while (Math.floor(step / this.#stride) >= capacity) this.#halve();
    const i = Math.floor(step / this.#stride);
    while (this.steps.length <= i) {
      this.steps.push(this.steps.length * this.#stride);
      this.losses.push(null);
      this.smoothed.push(this.latest);
      this.heldOut.push(null);
      this.#stepsInLast = 0;
    }
    return i;
  }

  #halve(): void {
    const { steps, losses, smoothed, heldOut } = this;
    for (let i = 0; i < capacity / 2; i++) {
      const [first, second] = [losses[2 * i] ?? null, losses[2 * i + 1] ?? null];
      losses[i] = first !== null && second !== null ? (first + second) / 2 : (first ?? second);
      smoothed[i] = smoothed[2 * i + 1]!;
      heldOut[i] = heldOut[2 * i + 1] ?? heldOut[2 * i] ?? null;
      steps[i] = 2 * steps[i]!;
    }
    for (const curve of [steps, losses, smoothed, heldOut]) curve.length = capacity / 2;
    this.#stride *= 2;
  }
}
