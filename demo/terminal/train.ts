// `npm run train`: trains a network on real data in the terminal.

import {
  constant,
  cosine,
  type Evaluation,
  type LearningRateSchedule,
  type ReferenceOptimizerOptions,
  stepDecay,
  TempogradError,
  type UniformOptions,
  warmUp,
} from "../../src/index";
import { measureMulAddPeak } from "../benchmark/mul-add-peak";
import { quotedPath } from "../data/refusal";
import { maximum } from "../extremes";
import { type About, load, placeToSave, type Saved, save } from "./checkpoint-file";
import { type Learner, openLearner } from "./learner";
import { argumentsOf, complaintOf, help, OptionError, readOptions, type TrainOptions } from "./options";
import { type Progress, showProgress } from "./progress";
import { loadTask, type TaskData } from "./tasks";
import { workedExample } from "./worked-example";

/** @returns the exit code: 0, 1 where training diverged, 2 for wrong options, 130 where Ctrl-C stopped it. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (!options) {
      console.log(help);
      return 0;
    }
    if (options.task === "i-like-nlp") return await workedExample(options);
    const place = options.save === undefined ? undefined : await placeToSave(options.save);
    const { load: from, resume } = options;
    if (resume !== undefined) {
      const saved = await load("resume", resume);
      const all = { ...resumed(options, saved, args), save: place };
      return await train(all, await loadTask(all, saved));
    }
    const saved = from === undefined ? undefined : await load("load", from);
    const all = { ...readOptions(args, saved?.network)!, save: place };
    return await train(all, await loadTask(all, saved));
  } catch (error) {
    if (error instanceof TempogradError && error.code === "not-finite") {
      console.error(diverged(error));
      return 1;
    }
    console.error(complaintOf("train", error));
    return 2;
  }
}

/** What the library found, with the terminal's cure. */
function diverged({ message }: TempogradError): string {
  const [found] = message.replace(/^[\w.]+: /, "").split("; ");
  return `train: ${found}; lower --learning-rate, or let --clip-norm clip gradients; nothing was saved.`;
}

/** The options of the training that --resume names, and what the command line says over them. */
function resumed(given: TrainOptions, { checkpoint }: Saved, args: string[]): TrainOptions {
  const { resume, device, json } = given;
  const { args: saved = [] } = (checkpoint.about ?? {}) as Partial<About>;
  const steps = args.some((arg) => arg.startsWith("--steps")) ? [`--steps=${given.steps}`] : [];
  const options = Array.isArray(saved) && saved.length > 0 ? readOptions([...saved.map(String), ...steps]) : null;
  if (!options) {
    throw new OptionError(
      `--resume is ${quotedPath(resume)}, which does not say its options, expected a file that --save wrote`,
    );
  }
  if (!checkpoint.trainer) {
    throw new OptionError(`--resume is ${quotedPath(resume)}, a network without its training; use --load`);
  }
  const { step } = checkpoint.trainer;
  if (options.steps < step) {
    throw new OptionError(`--steps is ${options.steps}, expected ${step} or more: that many are done`);
  }
  return { ...options, resume, device, json };
}

async function train(options: TrainOptions, task: TaskData): Promise<number> {
  const { batch, schedule, device, json, carried: carryState } = options;
  const { network, parameters, checkpoint: resume } = task;
  const { steps } = task.evaluation;
  const say = json ? console.error : console.log;
  const learner = await openLearner({
    network,
    shape: { steps, batch },
    optimizer: optimizerOf(options),
    learningRateSchedule: scheduleOf(options),
    schedule,
    device,
    parameters,
    resume,
    carryState,
  });
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    void learner.stop();
  };
  process.once("SIGINT", () => {
    interrupt();
    process.once("SIGINT", () => process.exit(130)); // a second Ctrl-C does not wait
  });
  process.stdout.on("error", interrupt); // who read the output has gone
  try {
    const size = `${learner.parameterCount} parameters`;
    say(`${task.title}; ${describe(network)}, ${size}, batch ${batch}, ${steps} steps, on ${learner.adapter}`);
    if (learner.software) say(await softwareNotice(learner));
    if (task.unigramEntropy !== null)
      say(`unigram entropy of the text: ${task.unigramEntropy.toFixed(4)} nats a character`);
    const progress = showProgress(options.steps, task.tokensPerStep, json);
    const begin = performance.now();
    const done = await run(learner, task, options, progress, () => interrupted).finally(() => progress.end());
    const seconds = (performance.now() - begin) / 1000;
    // Before it is saved: what gives no finite loss takes no file's place.
    const heldOut = interrupted ? null : await learner.evaluate(task.evaluation, task.heldOut());
    if (options.save !== undefined) {
      const { trainedOn, own } = task;
      const about: About = { args: argumentsOf(options), trainedOn, own };
      await save(options.save, await learner.checkpoint({ data: task.training.position, about }));
      say(`saved to ${options.save}`);
    }
    report({ options, task, learner, done, seconds, heldOut });
    if (options.task === "adding" && !json && heldOut) await showGradients(learner, task);
    return interrupted ? 130 : 0;
  } finally {
    learner.close();
  }
}

const optimizerOf = ({ optimizer, learningRate, clipNorm }: TrainOptions): ReferenceOptimizerOptions => ({
  ...(optimizer === "momentum" ? { kind: "sgd", momentum: 0.9 } : { kind: optimizer }),
  learningRate,
  ...(clipNorm !== undefined && { clipNorm }),
});

function scheduleOf({ scheduleLr, steps }: TrainOptions): LearningRateSchedule {
  if (scheduleLr === "step") return stepDecay({ every: Math.ceil(steps / 3), factor: 0.1 });
  if (scheduleLr === "cosine") return cosine({ steps });
  return scheduleLr === "warmup" ? warmUp(Math.ceil(steps / 10)) : constant();
}

/** A picture of ‖dL/dh_t‖: how far back through time the loss reaches. */
async function showGradients(learner: Learner, task: TaskData): Promise<void> {
  const [batch] = task.heldOut();
  const trace = await learner.traceGradients?.(task.evaluation, batch!);
  for (const [layer, norms] of trace?.hidden.entries() ?? []) {
    const most = maximum(norms);
    const marks = Array.from(norms, (norm) => {
      const decades = Math.log10(most / norm); // eight marks, a decade each
      return "▁▂▃▄▅▆▇█"[Math.max(0, 7 - Math.floor(decades))] ?? "▁";
    });
    const ends = `${norms[0]!.toExponential(1)} at t = 0, ${norms.at(-1)!.toExponential(1)} at t = ${norms.length - 1}`;
    console.log(`‖dL/dh_t‖ of layer ${layer}, a step a decade: ${ends}\n${marks.join("")}`);
  }
}

function describe({ cell, layers = 1, bidirectional, hidden }: UniformOptions): string {
  const ways = bidirectional ? ", bidirectional" : "";
  return `${cell}${layers > 1 ? `, ${layers} layers` : ""}${ways}, hidden ${hidden}`;
}

/** Trains, and shows people a sample six times on the way. @returns how many steps were done. */
async function run(
  learner: Learner,
  task: TaskData,
  { steps, seed, json }: TrainOptions,
  progress: Progress,
  interrupted: () => boolean,
): Promise<number> {
  const between = Math.ceil(steps / 6);
  let done = task.checkpoint?.trainer?.step ?? 0;
  if (interrupted() || done >= steps) return done;
  for await (const report of learner.train(task.training, { steps: steps - done })) {
    done = report.step;
    progress.step(report);
    if (interrupted()) await learner.stop();
    if (!json && done % between === 0 && !interrupted()) {
      const sample = await task.sample(learner, seed + done);
      if (sample !== null) progress.say(`  after ${done} steps it writes: ${JSON.stringify(sample)}`);
    }
  }
  return done;
}

interface Outcome {
  options: TrainOptions;
  task: TaskData;
  learner: Learner;
  done: number;
  seconds: number;
  heldOut: Evaluation | null;
}

function report({ options, task, learner, done, seconds, heldOut }: Outcome): void {
  const { unigramEntropy, baseline } = task;
  const trained = done - (task.checkpoint?.trainer?.step ?? 0); // in this run
  const stepsPerSecond = trained / seconds;
  const accuracy = heldOut?.accuracy ?? null;
  if (options.json) {
    const { dispatchesPerStep, adapter } = learner;
    const heldOutLoss = heldOut?.loss ?? null;
    const finished = done === options.steps;
    console.log(
      JSON.stringify({
        done: finished,
        heldOutLoss,
        unigramEntropy,
        accuracy,
        baseline,
        seconds,
        stepsPerSecond,
        dispatchesPerStep,
        adapter,
      }),
    );
    return;
  }
  const dispatches = learner.dispatchesPerStep === null ? "" : `, ${learner.dispatchesPerStep} dispatches a step`;
  console.log(`${trained} steps in ${seconds.toFixed(1)} s, ${stepsPerSecond.toFixed(1)} steps/s${dispatches}`);
  if (heldOut && accuracy === null && baseline !== null) {
    const { loss } = heldOut;
    console.log(`held-out mean squared error ${loss.toFixed(4)}, always guessing the mean ${baseline.toFixed(4)}`);
  }
  if (!heldOut || accuracy === null) return;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  if (unigramEntropy !== null) {
    const verdict = heldOut.loss < unigramEntropy ? "under" : "NOT under";
    console.log(
      `held-out loss ${heldOut.loss.toFixed(4)} nats a character, ${verdict} the unigram entropy ${unigramEntropy.toFixed(4)}; accuracy ${percent(accuracy)}`,
    );
  }
  if (baseline !== null) {
    console.log(
      `held-out accuracy ${percent(accuracy)}, always guessing the largest class ${percent(baseline)}; loss ${heldOut.loss.toFixed(4)}`,
    );
  }
}

/** An entry-level integrated GPU does 1 TFLOP/s of float32 mul-adds; the adapter's own peak is measured. */
async function softwareNotice({ gpu }: Learner): Promise<string> {
  const integrated = 1e12;
  const peak = await measureMulAddPeak(gpu!.device);
  const ratio = Math.round(integrated / peak);
  return `no GPU: a software adapter computes on the processor, ${(peak / 1e9).toFixed(1)} Gflop/s; an integrated GPU of 1 Tflop/s is about ${ratio} times faster`;
}
