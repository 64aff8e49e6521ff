// Times the ways to do the same on a device, and chooses.

import type { OpenChoice, Ways } from "./choices";
import type { Gpu } from "./device";
import { Plan } from "./plan";

const budgetMilliseconds = 800; // for one network, compiling included: then defaults serve, until the next time
const timingMilliseconds = 4;

/**
 * Times the ways of open choices on the tensors that they would work on, and remembers the fastest of each.
 * @returns whether any choice was made.
 */
export async function measureChoices(gpu: Gpu, open: readonly OpenChoice[]): Promise<boolean> {
  const { choices } = gpu;
  if (!choices.measures || open.length === 0) return false;
  const end = performance.now() + budgetMilliseconds;
  const found = new Map<string, string>();
  for (const { key, ways } of open) {
    if (performance.now() > end) break;
    if (found.has(key)) continue;
    const best = await fastest(gpu, key, ways, end);
    if (best !== undefined) found.set(key, best);
  }
  if (found.size > 0) await choices.remember(gpu, found);
  return found.size > 0;
}

/** The fastest of several ways; undefined where time ran out before all were timed. */
async function fastest(gpu: Gpu, label: string, ways: Ways, end: number): Promise<string | undefined> {
  const plans = Object.entries(ways).map(([name, add]) => {
    const plan = new Plan(gpu, label);
    add(plan);
    return { name, plan };
  });
  try {
    await Promise.all(plans.map(({ plan }) => plan.compile()));
    let best: { name: string; milliseconds: number } | undefined;
    for (const { name, plan } of plans) {
      if (performance.now() > end) return undefined;
      await time(plan, 1); // warm
      const once = await time(plan, 1);
      const count = Math.max(1, Math.min(64, Math.floor(timingMilliseconds / Math.max(once, 0.01))));
      const milliseconds = count > 1 ? Math.min(once, await time(plan, count)) : once;
      if (!best || milliseconds < best.milliseconds) best = { name, milliseconds };
    }
    return best?.name;
  } finally {
    for (const { plan } of plans) plan.destroy();
  }
}

/** Milliseconds of one of `count` runs in one submit. */
async function time(plan: Plan, count: number): Promise<number> {
  const { device } = plan.gpu;
  const encoder = device.createCommandEncoder({ label: plan.label });
  const pass = encoder.beginComputePass();
  for (let i = 0; i < count; i++) plan.encode(pass);
  pass.end();
  const begin = performance.now();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  return (performance.now() - begin) / count;
}
