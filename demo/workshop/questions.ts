// Questions to a network that is being trained: one after the other, between two steps and before those not yet begun.

export class Questions {
  readonly #stop: () => void;
  readonly #waiting: (() => Promise<void>)[] = [];
  #answering: Promise<void> | undefined;
  #training = false;

  /** @param stop has the steps under way be the last of `train`. */
  constructor(stop: () => void) {
    this.#stop = stop;
  }

  /** Resolves to what `answer` does, once its turn has come. Where it fails, who asked is told. */
  ask<Answer>(answer: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => answer().then(resolve, reject));
      if (this.#training) this.#stop();
      else void this.#answer();
    });
  }

  /** Trains once all is answered, and answers what was asked meanwhile. */
  async train(steps: () => Promise<void>): Promise<void> {
    while (this.#answering) await this.#answering;
    this.#training = true;
    try {
      await steps();
    } finally {
      this.#training = false;
      await this.#answer();
    }
  }

  #answer(): Promise<void> {
    this.#answering ??= this.#answerAll();
    return this.#answering;
  }

  async #answerAll(): Promise<void> {
    await undefined; // until this is known to go on
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await next();
    this.#answering = undefined; // at once, or what is asked now would wait for ever
  }
}
