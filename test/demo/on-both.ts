// A training on the processor and the same on the GPU, for tests that hold one to the other.

import { describe, expect, test } from "vitest";
import { readOurCheckpoint } from "../../demo/tasks/checkpoints";
import type { Settings } from "../../demo/tasks/fields";
import { readers } from "../../demo/tasks/readers";
import { effective, initialOf } from "../../demo/tasks/settings";
import { Unroller } from "../../demo/through-time/unroll";
import { isUniform } from "../../demo/workshop/learner";
import { type Report, Session } from "../../demo/workshop/session";
import type { Checkpoint, Gpu, Prediction } from "../../src/index";
import { worstError } from "../numbers";

const own = { name: "your text", text: "The sea was calm, and the ship sailed on; the captain slept. ".repeat(20) };
const sizes = { hidden: 8, batch: 4, steps: 6, future: 3 };

export type Said = Partial<Settings> & Pick<Settings, "task">;

export const expectClose = (got: ArrayLike<number>, expected: ArrayLike<number>, most: number) =>
  expect(worstError(got, expected)).toBeLessThan(most);

export const settingsOf = (changes: Said): Settings => effective({ ...initialOf(changes.task), ...sizes, ...changes });

/** @param told gets what it tells, how the gradient flows too, where it is given */
export async function sessionOn(
  place: Gpu | undefined,
  settings: Settings,
  from?: Checkpoint,
  told?: Report[],
): Promise<Session> {
  const make = await readers[settings.task](settings.task === "text" ? own : undefined, settings);
  const looks = { every: 1e6, share: 1 };
  const tell = (report: Report) => void told?.push(report);
  return Session.create(place, make(settings), {
    settings,
    own: undefined,
    tell,
    from,
    looks,
    flows: told !== undefined,
  });
}

export async function losses(session: Session, steps: number): Promise<number[]> {
  for (let i = 0; i < steps; i++) await session.trainOne();
  return session.history.curves.loss.slice(-steps) as number[];
}

export const saved = async (session: Session) => readOurCheckpoint((await session.checkpoint()).bytes);

async function traced({ config, tracer }: Session["learner"], steps: number): Promise<Unroller> {
  const made = await tracer(steps);
  if (!isUniform(config)) throw new Error("A network of two sequences is traced.");
  return new Unroller(config, made);
}

/** Works with the same training on both. */
export async function onBoth(
  gpu: Gpu,
  settings: Settings,
  work: (onGpu: Session, onProcessor: Session) => Promise<void>,
) {
  const onGpu = await sessionOn(gpu, settings);
  const onProcessor = await sessionOn(undefined, settings);
  await work(onGpu, onProcessor);
  onGpu.destroy();
  onProcessor.destroy();
}

/** Tests of trainings, each the same on both. */
export const sameOnBoth = (gpu: () => Gpu, trainings: readonly Said[]) =>
  describe.each(trainings)("$task, $cell, $optimizer", (changes) => {
    const settings = settingsOf(changes);

    test("has the losses, the gradients and the measures of the GPU, and answers as it does", () =>
      onBoth(gpu(), settings, async (onGpu, onProcessor) => {
        expectClose(await losses(onProcessor, 12), await losses(onGpu, 12), 1e-4);
        const both = [onProcessor.learner, onGpu.learner] as const;
        const { evaluation, right, translation } = onGpu.problem;
        const [norms, measures] = await Promise.all([
          Promise.all(both.map((learner) => learner.gradientNorm())),
          Promise.all(both.map((learner) => learner.evaluate(evaluation, onGpu.problem.heldOut(), right?.metric))),
        ]);
        expectClose([norms[0]!], [norms[1]!], 1e-4);
        for (const name of ["loss", "count", "perplexity", "accuracy"] as const) {
          const [here, there] = measures.map((measured) => measured[name]);
          if (there === null) expect(here).toBeNull();
          else expectClose([here!], [there!], name === "accuracy" ? 2e-2 : 1e-4); // of two classes alike, rounding decides
        }
        const { inputs } = onGpu.problem.asking.read(onGpu.problem.asking.example(0));
        const [[told], [expected]] = (await Promise.all(
          both.map((learner) =>
            translation ? learner.decode([inputs as Int32Array], translation) : learner.predict([inputs]),
          ),
        )) as [Prediction[], Prediction[]];
        expectClose((told!.probabilities ?? told!.values)!, (expected!.probabilities ?? expected!.values)!, 1e-4);
      }));

    test("is saved and gone on with, from the GPU to the processor and back", () =>
      onBoth(gpu(), settings, async (onGpu, onProcessor) => {
        const [here, there] = [await saved(onProcessor), await saved(onGpu)]; // before any step too
        expect([...here.trainer!.tensors.keys()].sort()).toEqual([...there.trainer!.tensors.keys()].sort());
        await losses(onGpu, 3);
        await losses(onProcessor, 3);
        const [files, next] = [[await saved(onGpu), await saved(onProcessor)], await losses(onGpu, 3)];
        for (const file of files) {
          for (const place of [undefined, gpu()]) {
            const again = await sessionOn(place, settings, file);
            expect(again.facts.step).toBe(3);
            expectClose(await losses(again, 3), next, 1e-4);
            again.destroy();
          }
        }
      }));

    test("reaches through time as on the GPU, whichever step's loss counts", () =>
      onBoth(gpu(), settings, async (onGpu, onProcessor) => {
        const { example } = onGpu.problem;
        if (!example) {
          for (const { learner } of [onGpu, onProcessor])
            await expect(traced(learner, 1)).rejects.toThrow("not traced");
          return;
        }
        const { batch, ...said } = example;
        const unrollers = await Promise.all(
          [onProcessor, onGpu].map(({ learner }) => traced(learner, said.labels.length)),
        );
        for (const target of [undefined, said.labels.length - 1]) {
          const [here, there] = await Promise.all(
            unrollers.map((unroller) => unroller.unroll(batch, { ...said, target })),
          );
          expectClose([here!.loss], [there!.loss], 1e-4);
          expectClose(here!.inputGradient, there!.inputGradient, 1e-4);
          for (const [i, row] of there!.rows.entries()) {
            const { units, gradient, rms, label } = here!.rows[i]!;
            expect(label).toBe(row.label);
            expectClose(gradient, row.gradient, 1e-4);
            expectClose(units, row.units, 1e-4);
            expectClose(rms, row.rms, 1e-4);
          }
        }
        for (const unroller of unrollers) unroller.destroy();
      }));
  });
