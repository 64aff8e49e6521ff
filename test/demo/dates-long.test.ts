// The task of dates learned to its end, with its defaults: of days that it has never seen, it writes nearly all right.

import { expect, test } from "vitest";
import { readers } from "../../demo/tasks/readers";
import { initialOf } from "../../demo/tasks/settings";
import { tasks } from "../../demo/tasks/tasks";
import { Session } from "../../demo/workshop/session";
import { useGpu } from "../workbench";

const gpu = useGpu();

test("95% of dates that are held out are written right, and as many are measured as it writes by itself", async () => {
  const settings = { ...initialOf("dates"), pauseAt: tasks.dates.updates };
  const problem = (await readers.dates(undefined, settings))(settings);
  const looks = { every: 1e6, share: 1 };
  const options = { settings, own: undefined, tell: () => {}, from: undefined, looks };
  const session = await Session.create(gpu(), problem, options);
  try {
    await session.train(async () => {});
    const { evaluation, right, heldOut } = problem;
    const { accuracy } = await session.learner.evaluate(evaluation, heldOut(), right!.metric);
    const { tested } = (await session.asked.test())!;
    expect(tested.right / tested.count).toBeGreaterThanOrEqual(0.95);
    expect(tested.right / tested.count).toBeCloseTo(accuracy!, 2); // where two symbols are as likely, rounding decides
  } finally {
    session.destroy();
  }
}, 1_200_000); // beside other tests
