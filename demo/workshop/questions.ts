// Questions to a network that is being trained: they wait for the steps under way, and go before the next.

export class Questions {
  #waiting: (() => Promise<void>)[] = [];

  /** Resolves to what `answer` does, once `answerAll` comes to it. */
  add<Answer>(answer: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => answer().then(resolve, reject));
    });
  }

  /** Answers what waits, in order. Where an answer fails, who asked is told. */
  async answerAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await next();
  }
}
