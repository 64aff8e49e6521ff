// Makes programs of plans.

import { Allocation } from "./allocation";
import { type Chooser, hasRoom, needsOf } from "./describe";
import type { Gpu } from "./device";
import { Lifetime } from "./lifetime";
import type { Plan } from "./plan";
import { Program } from "./program";

interface Realising {
  /** Which operation asks, for errors. */
  readonly operation: string;
  /** What it is to be, such as "pass", and whose end is its end. */
  readonly what: string;
  readonly owner: Lifetime;
}

/**
 * Makes a program of a plan: allocates, chooses among the ways to do the same, binds and compiles.
 * @throws where the device has no room or was lost, a shader does not compile, or the owner was destroyed.
 */
export async function realise(plan: Plan, gpu: Gpu, { operation, what, owner }: Realising): Promise<Program> {
  await gpu.choices.recall(gpu);
  owner.expect(operation);
  const chosen: Chooser = (choice) => gpu.choices.of(choice) ?? choice.fallback;
  if (!hasRoom(plan, chosen)) (await import("./expect-room")).expectRoom(plan, operation, chosen);
  const allocation = new Allocation(gpu);
  const lifetime = new Lifetime(what, owner);
  const make = () => gpu.checked(operation, () => new Program(plan, gpu, lifetime, allocation, chosen), plan.cure);
  try {
    let program = await make();
    if (gpu.choices.measures) {
      const { measureChoices, openChoices } = await import("./measure");
      const open = openChoices(plan, chosen, (choice) => gpu.choices.of(choice) === undefined);
      if (await measureChoices(gpu, open, allocation)) {
        allocation.retain(needsOf(plan, chosen).buffers);
        program = await make();
      }
    }
    await program.compile(operation);
    owner.expect(operation);
    return program;
  } catch (error) {
    allocation.destroy();
    throw error;
  }
}
