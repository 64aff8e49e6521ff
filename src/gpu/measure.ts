// Times the ways to do the same on a device, and chooses.

import type { OpenChoice, Ways } from "./choices";
import type { Gpu } from "./device";
import { Plan } from "./plan";

const budgetMilliseconds = 800; // for one network, compiling included: then defaults serve, until the next time
const timingMilliseconds = 4;
const leastGain = 0.95; // of the default's time: less may be noise

/**
 * Times the ways of open choices on the tensors that they would work on, and remembers the fastest of each.
 * @returns whether any choice was made.
 */
export async function measureChoices(gpu: Gpu, open: readonly OpenChoice[]): Promise<boolean> {
  const end = performance.now() + budgetMilliseconds;
  const found = new Set<string>();
  for (const { key, ways } of open) {
    if (performance.now() > end) break;
    if (found.has(key)) continue;
    const best = await fastest(gpu, key, ways, end);
    if (best === undefined) continue;
    gpu.choices.take(key, best); // already in what is timed next
    found.add(key);
  }
  if (found.size > 0) await gpu.choices.remember(gpu);
  return found.size > 0;
}

/** The fastest of several ways, of which the first is the default, as far as time sufficed; undefined for none. */
async function fastest(gpu: Gpu, label: string, ways: Ways, end: number): Promise<string | undefined> {
  const plans: { name: string; plan: Plan }[] = [];
  try {
    for (const [name, add] of Object.entries(ways)) {
      const plan = new Plan(gpu, label);
      plans.push({ name, plan });
      await gpu.checked(label, () => add(plan)).catch(() => plans.pop()!.plan.destroy()); // refused here: no way
    }
    const compiled = await Promise.allSettled(plans.map(({ plan }) => plan.compile()));
    let best: { name: string; milliseconds: number } | undefined;
    for (const [i, { name, plan }] of plans.entries()) {
      if (compiled[i]!.status === "rejected") continue;
      if (performance.now() > end) break;
      await time(plan, 1); // warm
      const once = await time(plan, 1);
      if (best && once > 2 * best.milliseconds + timingMilliseconds) continue; // far off, however it is timed
      const few = Math.max(1, Math.min(64, Math.floor(timingMilliseconds / Math.max(once, 0.01))));
      // What a submit and its answer cost goes out in the difference.
      const milliseconds = ((await time(plan, 2 * few)) - (await time(plan, few))) / few;
      if (!best || milliseconds < best.milliseconds * (best.name === Object.keys(ways)[0] ? leastGain : 1)) {
        best = { name, milliseconds };
      }
    }
    return best?.name;
  } finally {
    for (const { plan } of plans) plan.destroy();
  }
}

/** Milliseconds of `count` runs in one submit. */
async function time(plan: Plan, count: number): Promise<number> {
  const { device } = plan.gpu;
  const encoder = device.createCommandEncoder({ label: plan.label });
  const pass = encoder.beginComputePass();
  for (let i = 0; i < count; i++) plan.encode(pass);
  pass.end();
  const begin = performance.now();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  return performance.now() - begin;
}
