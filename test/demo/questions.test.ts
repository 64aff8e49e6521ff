// How long a question waits for what is trained, and how often that is kept: a learner that has eight steps of 10 ms under way, as a
// GPU's queue would.

import { expect, test, vi } from "vitest";
import { readers } from "../../demo/tasks/readers";
import { effective, initialOf } from "../../demo/tasks/settings";
import type { Learner } from "../../demo/workshop/learner";
import { Session } from "../../demo/workshop/session";

const queued = 8;
const counts = { begun: 0, done: 0, evaluated: 0, predicted: 0 };

function slowLearner(outputs: number) {
  const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  let stopping = false;
  return {
    gpu: undefined,
    config: {},
    learningRate: 0,
    step: 0,
    async *train(_batches: unknown, { steps = Number.POSITIVE_INFINITY }) {
      stopping = false;
      let left = steps;
      for (;;) {
        for (; counts.begun - counts.done < queued && left > 0 && !stopping; left--) counts.begun++;
        if (counts.begun === counts.done) return;
        await later(10);
        yield { step: ++counts.done, loss: 1, skipped: false };
      }
    },
    stop() {
      stopping = true;
    },
    gradientNorm: async () => 1,
    evaluate: async () => ({ loss: ++counts.evaluated, count: 1, accuracy: 0, perplexity: 1 }),
    async predict([inputs]: [Int32Array]) {
      counts.predicted++;
      await later(5);
      return [{ probabilities: new Float32Array(inputs.length * outputs).fill(1 / outputs) }];
    },
    generate: async ({ length }: { length: number }) => new Int32Array(length),
    destroy() {},
  };
}

async function sessionThatLooks(every: number): Promise<Session> {
  const settings = effective({ ...initialOf("text"), hidden: 8, batch: 4, steps: 8 });
  const own = { name: "your text", text: "The sea was calm, and the ship sailed on. ".repeat(20) };
  const problem = (await readers.text(own, settings))(settings);
  const looks = { every, share: 1 };
  const options = { settings, own: undefined, tell: () => {}, from: undefined, looks };
  return new Session(slowLearner(problem.network.outputs) as unknown as Learner, problem, options);
}

test("a question waits for two steps at most where someone types, and the newest alone is answered", async () => {
  const session = await sessionThatLooks(40);
  const training = session.train(async () => {});
  await vi.waitFor(() => expect(counts.evaluated).toBeGreaterThan(2), 5000);
  session.asked.attend();
  await session.asked.ask("The");
  const { evaluated } = counts;
  const waits: number[] = [];
  for (let key = 0; key < 6; key++) {
    await new Promise((resolve) => setTimeout(resolve, 7 * (key % 3)));
    session.asked.attend();
    const { done } = counts;
    const { step } = (await session.asked.ask(`The ${key}`))!;
    waits.push(step - done);
  }
  expect(Math.max(...waits)).toBeLessThanOrEqual(2);
  expect(counts.evaluated).toBe(evaluated); // 40 ms went by again and again
  const { predicted } = counts;
  const answers = await Promise.all(["T", "Th", "The"].map((question) => session.asked.ask(question)));
  expect(answers.map((answer) => answer !== undefined)).toEqual([false, false, true]);
  expect(counts.predicted).toBe(predicted + 1);
  await session.pause();
  await training;
  for (let i = 0; i < 3; i++) await expect(session.asked.ask("The")).resolves.toMatchObject({ step: counts.done });
});

test("a checkpoint is taken every ten seconds where looks are rare", async () => {
  const session = await sessionThatLooks(1e9);
  const now = performance.now.bind(performance);
  let passed = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + passed);
  const kept: number[] = [];
  const training = session.train(async () => void kept.push(counts.done));
  try {
    const { done } = counts;
    for (let i = 1; i < 4; i++) {
      await vi.waitFor(() => expect(kept).toHaveLength(i), 5000);
      await vi.waitFor(() => expect(counts.done).toBeGreaterThan(done + 3 * i), 5000);
      expect(kept).toHaveLength(i);
      passed += 10_001;
    }
  } finally {
    await session.pause();
    await training;
    clock.mockRestore();
  }
});
