// A layer as a model's config says it: its options are taken one by one, and one that is left and says something is refused.

import { brief, shown, TempogradError } from "../errors";

/** What changes how a layer is made or trained, not what it computes. */
const idle = [
  ...["name", "trainable", "dtype", "seed", "batch_input_shape", "batch_shape", "input_shape", "input_length"],
  ...["kernel", "recurrent", "bias", "embeddings", "activity"].flatMap((of) =>
    ["initializer", "regularizer", "constraint"].map((kind) => `${of}_${kind}`),
  ),
  ...["unit_forget_bias", "implementation", "unroll", "use_cudnn", "zero_output_for_mask"],
  ...["dropout", "recurrent_dropout"],
];

export class SaidLayer {
  readonly operation: string;
  /** Its class: "LSTM". */
  readonly kind: string;
  readonly name: string;
  /** Where its variables are in a file of Keras 3: "lstm_1". */
  readonly place: string;
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #taken = new Set(idle);

  constructor(
    operation: string,
    kind: string,
    { name, place }: { name: string; place: string },
    config: Readonly<Record<string, unknown>>,
  ) {
    this.operation = operation;
    this.kind = kind;
    this.name = name;
    this.place = place;
    this.#config = config;
  }

  take(option: string): unknown {
    this.#taken.add(option);
    return Object.hasOwn(this.#config, option) ? this.#config[option] : undefined;
  }

  /** A whole number from 1 up. */
  size(option: string): number {
    const value = this.take(option);
    return Number.isSafeInteger(value) && (value as number) > 0
      ? (value as number)
      : this.refuse(`has ${option} ${shown(value)}`, "a whole number from 1 up");
  }

  switch(option: string, otherwise: boolean): boolean {
    const value = this.take(option) ?? otherwise;
    return typeof value === "boolean" ? value : this.refuse(`has ${option} ${shown(value)}`, "true or false");
  }

  /** @throws unless it is one of these. */
  word<Word extends string>(option: string, words: readonly Word[], cure?: string): Word {
    const value = this.take(option);
    const found = words.find((word) => word === value);
    return (
      found ??
      this.refuse(`has ${option} ${shown(value)}`, words.map((word) => JSON.stringify(word)).join(" or "), cure)
    );
  }

  /** @throws where an option that is not taken says something. */
  finish(): void {
    for (const [option, value] of Object.entries(this.#config)) {
      if (this.#taken.has(option) || value === null || value === false || value === undefined) continue;
      this.refuse(`has ${shown(option).slice(1, -1)} ${shown(value)}`, "none");
    }
  }

  refuse(got: string, expected: string, cure = "make the model without it, from the same weights"): never {
    return refuse(this.operation, `layer ${shown(this.name)} (${brief(this.kind)})`, got, expected, cure);
  }
}

export function refuse(operation: string, subject: string, got: string, expected: string, cure: string): never {
  throw new TempogradError("file", `${operation}: ${subject} ${got}, expected ${expected}; ${cure}.`);
}
