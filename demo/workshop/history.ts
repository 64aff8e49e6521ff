// Keeps the curves of a training in bounded room: where they get long, neighbouring steps share a point.

const capacity = 1024;
const smoothing = 0.9;

const curveNames = [
  "loss",
  "smoothed",
  "heldOut",
  "accuracy",
  "perplexity",
  "gradientNorm",
  "tokensPerSecond",
] as const;

export type CurveName = (typeof curveNames)[number];
export type Curve = (number | null)[];

/** What is known of a step: `smoothed` follows from `loss`. */
export type Values = Partial<Record<Exclude<CurveName, "smoothed">, number | null>>;

/** A history as plain data, for messages and files. */
export interface HistoryData {
  stride: number;
  /** How many steps the last point's loss is the mean of. */
  stepsInLast: number;
  /** Of the moving average: the weighted sum of losses, and the sum of their weights. */
  sum: number;
  weight: number;
  steps: number[];
  curves: Record<CurveName, Curve>;
}

/** Whether data from a file is a history's: its points are where `add` puts them, and no more than it keeps. */
export function isHistory(data: unknown): data is HistoryData {
  const { stride, stepsInLast, sum, weight, steps, curves } = (data ?? {}) as Partial<HistoryData>;
  if (!Array.isArray(steps) || steps.length > capacity) return false;
  const isCurve = (curve: unknown) =>
    Array.isArray(curve) &&
    curve.length === steps.length &&
    curve.every((value) => value === null || Number.isFinite(value));
  return (
    [stride, stepsInLast, sum, weight].every(Number.isFinite) &&
    Number.isInteger(stride) &&
    stride! > 0 &&
    steps.every((step, i) => step === i * stride!) &&
    curveNames.every((name) => isCurve(curves?.[name]))
  );
}

export class History {
  /** The first step of each point. */
  readonly steps: number[];
  /**
   * One value a point, null where there is none: `loss`, the mean of the point's steps; `smoothed`, its exponential
   * moving average, corrected for its start at zero; of the others the latest.
   */
  readonly curves: Record<CurveName, Curve>;
  /** Counts what was added: as long as it stays, so do the curves. */
  additions = 0;
  #stride: number;
  #stepsInLast: number;
  #sum: number;
  #weight: number;

  /** @param data of an earlier one, to go on with. */
  constructor(data?: HistoryData) {
    this.#stride = data?.stride ?? 1;
    this.#stepsInLast = data?.stepsInLast ?? 0;
    this.#sum = data?.sum ?? 0;
    this.#weight = data?.weight ?? 0;
    this.steps = [...(data?.steps ?? [])];
    const curves = curveNames.map((name) => [name, [...(data?.curves[name] ?? [])]]);
    this.curves = Object.fromEntries(curves) as Record<CurveName, Curve>;
  }

  toJSON(): HistoryData {
    const [stride, stepsInLast, sum, weight] = [this.#stride, this.#stepsInLast, this.#sum, this.#weight];
    return { stride, stepsInLast, sum, weight, steps: this.steps, curves: this.curves };
  }

  /** How many steps share a point. */
  get stride(): number {
    return this.#stride;
  }

  /** The last value of a curve. */
  latest(name: CurveName): number | null {
    return this.curves[name].findLast((value) => value !== null) ?? null;
  }

  /** Adds what is known of a step; steps come in order. What is not finite is not known, and takes no known value's place. */
  add(step: number, { loss, ...others }: Values): void {
    this.additions++;
    const i = this.#pointOf(step);
    for (const [name, value] of Object.entries(others)) {
      if (value !== null && Number.isFinite(value)) this.curves[name as CurveName][i] = value;
    }
    if (loss == null) return;
    const { loss: losses, smoothed } = this.curves;
    this.#stepsInLast += 1;
    losses[i] = (losses[i] ?? 0) + (loss - (losses[i] ?? 0)) / this.#stepsInLast;
    this.#sum = smoothing * this.#sum + (1 - smoothing) * loss;
    this.#weight = smoothing * this.#weight + (1 - smoothing);
    smoothed[i] = this.#sum / this.#weight;
  }

  #pointOf(step: number): number {
    while (Math.floor(step / this.#stride) >= capacity) this.thin();
    const i = Math.floor(step / this.#stride);
    while (this.steps.length <= i) {
      this.steps.push(this.steps.length * this.#stride);
      for (const name of curveNames) this.curves[name].push(null);
      this.#stepsInLast = 0;
    }
    return i;
  }

  /** Lets each two neighbouring points share one. */
  thin(): void {
    this.additions++;
    const { steps, curves } = this;
    const [stride, inLast, last] = [this.#stride, this.#stepsInLast, steps.length - 1];
    const stepsIn = (i: number) => (i === last ? inLast : stride - (i === 0 ? 1 : 0)); // before step 1 there is no loss
    const half = Math.ceil(steps.length / 2);
    for (let i = 0; i < half; i++) {
      const [a, b] = [stepsIn(2 * i), stepsIn(2 * i + 1)];
      for (const name of curveNames) {
        const [first, second] = [curves[name][2 * i] ?? null, curves[name][2 * i + 1] ?? null];
        const both = name === "loss" && first !== null && second !== null;
        curves[name][i] = both ? (a * first + b * second) / (a + b) : (second ?? first);
      }
      steps[i] = 2 * i * stride;
    }
    for (const list of [steps, ...Object.values(curves)]) list.length = half;
    if (last % 2 === 1) this.#stepsInLast += stepsIn(last - 1);
    this.#stride *= 2;
  }
}
