// What a training answers that is asked, of each kind: between two steps, and what the network itself predicts.

import { expect, test } from "vitest";
import type { Answer } from "../../demo/tasks/asking";
import { readers } from "../../demo/tasks/readers";
import { effective, initialOf } from "../../demo/tasks/settings";
import type { TaskName } from "../../demo/tasks/tasks";
import { Session } from "../../demo/workshop/session";
import { useGpu } from "../workbench";

const gpu = useGpu();
const own = { name: "your text", text: "The sea was calm, and the ship sailed on; the captain slept. ".repeat(20) };

async function session(task: TaskName, steps: number): Promise<Session> {
  const settings = effective({ ...initialOf(task), hidden: 8, batch: 4, steps, future: 3, cell: "gru" });
  const make = await readers[task](task === "text" ? own : undefined, settings);
  const options = { settings, own: undefined, tell: () => {}, from: undefined, looks: { every: 1e6, share: 1 } };
  return Session.create(gpu(), make(settings), options);
}

const asked: [TaskName, string, (answer: Answer) => void][] = [
  [
    "text",
    "The captai",
    (answer) => {
      expect(answer).toMatchObject({ kind: "next", unread: undefined });
      if (answer.kind === "next") expect(answer.shares[0]![1]).toBeGreaterThanOrEqual(answer.shares[1]![1]);
    },
  ],
  [
    "classify-names",
    "anna",
    (answer) => {
      if (answer.kind !== "class") throw new Error(answer.kind);
      expect(answer.shares.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(1);
    },
  ],
  ["adding", "0.5 0.25* 0.125*", (answer) => expect(answer).toMatchObject({ kind: "sum", truth: 0.375 })],
  ["parity", "+-−+", (answer) => expect(answer).toMatchObject({ kind: "signs", truth: ["+", "−", "+", "+"] })],
  [
    "dates",
    "Tuesday, 3rd of March ’98",
    (answer) => {
      if (answer.kind !== "written") throw new Error(answer.kind);
      expect([answer.symbols.length, answer.shares.length]).toEqual([10, 10]);
      for (const share of answer.shares) expect(share).toBeGreaterThan(1 / 11); // the likeliest of eleven
      expect(answer.truth).toEqual({ text: "1998-03-03", place: "learned" });
    },
  ],
  [
    "forecast",
    "2",
    (answer) => {
      if (answer.kind !== "forecast") throw new Error(answer.kind);
      expect([answer.truth.length, answer.forecast.middle.length]).toEqual([3, 3]);
      for (const [i, middle] of answer.forecast.middle.entries()) expect(middle).not.toBe(answer.truth[i]);
    },
  ],
];

test.each(asked)("%s: %s, while it trains and when it is paused", async (task, question, holds) => {
  const made = await session(task, 6);
  try {
    const training = made.train(async () => {});
    const first = (await made.asked.ask(question))!;
    holds(first.answer);
    const second = (await made.asked.ask(made.problem.asking.example(1)))!;
    expect(second.step).toBeGreaterThanOrEqual(first.step);
    await made.pause();
    await training;
    const { answer, step } = (await made.asked.ask(question))!;
    holds(answer);
    expect(step).toBe(made.facts.step);
    const { asking, translation } = made.problem;
    const { inputs, answer: read } = asking.read(question);
    const [prediction] = translation
      ? await made.learner.decode([inputs as Int32Array], translation)
      : await made.learner.predict([inputs]);
    expect(answer).toEqual(read(prediction!));
  } finally {
    made.destroy();
  }
});

test("all that is held out is told, and what was misread is a question whose answer is wrong", async () => {
  const made = await session("classify-names", 6);
  try {
    const { tested } = (await made.asked.test())!;
    const { confusion } = tested.table!;
    const right = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
    const all = confusion.flat().reduce((sum, count) => sum + count, 0);
    expect([all, right]).toEqual([tested.count, tested.right]);
    expect(all).toBe(made.problem.asking.count);
    expect(tested.misread).toHaveLength(Math.min(100, all - right));
    const [{ question, told, truth }] = tested.misread as [(typeof tested.misread)[number]];
    const { answer } = (await made.asked.ask(question))!;
    expect(answer.kind === "class" && answer.shares[0]![0]).toBe(told);
    expect(told).not.toBe(truth);
  } finally {
    made.destroy();
  }
});

test("what cannot be read is refused with what to do", async () => {
  const made = await session("adding", 6);
  try {
    await expect(async () => made.asked.ask("0.5 2")).rejects.toThrow(
      'has "2", expected numbers from 0 to 1; correct it',
    );
    await expect(async () => made.asked.ask("0.5*")).rejects.toThrow(
      "has 1 numbers with a star, expected 2 to be added",
    );
  } finally {
    made.destroy();
  }
});
