// `npm run train`: trains a network on real data in the terminal.

import {
  type BatchStream,
  type Evaluation,
  type NetworkOptions,
  TempogradError,
  type UniformOptions,
} from "../../src/index";
import { measureMulAddPeak } from "../benchmark/mul-add-peak";
import { quotedPath } from "../data/refusal";
import { nounOf } from "../data/trained-on";
import { maximum } from "../extremes";
import { settingsOf } from "../tasks/library-options";
import type { Judgement, Problem } from "../tasks/task";
import { complaintOf, OptionError } from "./arguments";
import { type About, load, placeToSave, type Saved, save } from "./checkpoint-file";
import { help } from "./help";
import { type Learner, openLearner } from "./learner";
import { argumentsOf, readOptions, type TrainOptions } from "./options";
import { type Asked, problemOf } from "./problem";
import { type Progress, showProgress } from "./progress";
import { workedExample } from "./worked-example";

/** @returns the exit code: 0, 1 where training diverged, 2 for wrong options, 130 where Ctrl-C stopped it. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (!options) {
      console.log(help());
      return 0;
    }
    if (options.example) return await workedExample(options);
    const place = options.save === undefined ? undefined : await placeToSave(options.save);
    const { load: from, resume } = options;
    if (resume !== undefined) {
      const saved = await load("resume", resume);
      const all = { ...resumed(options, saved, args), save: place };
      return await train(all, await problemOf(all, saved));
    }
    const saved = from === undefined ? undefined : await load("load", from);
    const all = { ...readOptions(args, saved?.network)!, save: place };
    return await train(all, await problemOf(all, saved));
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
  const steps = args.some((arg) => arg.startsWith("--steps")) ? [`--steps=${given.settings.pauseAt}`] : [];
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
  const { pauseAt } = options.settings;
  if (pauseAt < step) {
    throw new OptionError(`--steps is ${pauseAt}, expected ${step} or more: that many are done`);
  }
  return { ...options, resume, device, json };
}

async function train(options: TrainOptions, asked: Asked): Promise<number> {
  const { settings, device, json } = options;
  const { problem, network, parameters, checkpoint } = asked;
  const { steps } = problem;
  const say = json ? console.error : console.log;
  const learner = await openLearner({ network, settings, problem, device, parameters, checkpoint });
  const batches = problem.training(checkpoint?.data);
  const before = checkpoint?.trainer?.step ?? 0;
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
    const sizes = `${describe(network)}, ${size}, batch ${settings.batch}, ${steps} steps`;
    say(`${problem.name}: ${problem.description}; ${sizes}, on ${learner.adapter}`);
    if (learner.software) say(json ? noGpu : await softwareNotice(learner));
    const { unigramEntropy } = baselinesOf(problem);
    if (unigramEntropy !== null)
      say(`unigram entropy of the text: ${unigramEntropy.toFixed(4)} nats a ${pieceOf(problem)}`);
    const progress = showProgress(settings.pauseAt, problem.tokensPerStep, json);
    const begin = performance.now();
    const done = await run({ learner, problem, batches, options }, before, progress, () => interrupted).finally(() =>
      progress.end(),
    );
    const seconds = (performance.now() - begin) / 1000;
    // Before it is saved: what gives no finite loss takes no file's place.
    const heldOut = interrupted
      ? null
      : await learner.evaluate(problem.evaluation, problem.heldOut(), problem.right?.metric);
    if (options.save !== undefined) {
      const about: About = { args: argumentsOf(options), trainedOn: problem.trainedOn, own: asked.own };
      await save(options.save, await learner.checkpoint({ data: batches.position, about }));
      say(`saved to ${options.save}`);
    }
    const judgement = heldOut && problem.judge?.(await learner.answers(problem.evaluation, problem.heldOut()));
    report({ options, problem, learner, done, trained: done - before, seconds, heldOut, judgement });
    if (problem.trainedOn.answer === "sum" && !json && heldOut) await showGradients(learner, problem);
    return interrupted ? 130 : 0;
  } finally {
    learner.close();
  }
}

/** A picture of ‖dL/dh_t‖: how far back through time the loss reaches. */
async function showGradients(learner: Learner, { heldOut, evaluation }: Problem): Promise<void> {
  const [batch] = heldOut();
  const trace = await learner.traceGradients?.(evaluation, batch!);
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

function describe(network: NetworkOptions): string {
  const { cell: named, layers = 1, bidirectional, hidden } = settingsOf(network) as unknown as UniformOptions;
  const cell = typeof named === "string" ? named : named.name;
  const ways = "cell" in network ? (bidirectional ? ", bidirectional" : "") : ", encoder and decoder";
  return `${cell}${layers > 1 ? `, ${layers} layers` : ""}${ways}, hidden ${hidden}`;
}

interface Run {
  learner: Learner;
  problem: Problem;
  batches: BatchStream;
  options: TrainOptions;
}

/** Trains, and shows people a sample six times on the way. @returns how many steps were done. */
async function run(
  { learner, problem, batches, options }: Run,
  before: number,
  progress: Progress,
  interrupted: () => boolean,
): Promise<number> {
  const { pauseAt, seed } = options.settings;
  const between = Math.ceil(pauseAt / 6);
  let done = before;
  if (interrupted() || done >= pauseAt) return done;
  for await (const report of learner.train(batches, { steps: pauseAt - done })) {
    done = report.step;
    progress.step(report);
    if (interrupted()) await learner.stop();
    if (!options.json && done % between === 0 && !interrupted()) {
      const sample = await sampleOf(learner, problem, options.settings.prompt, seed + done);
      if (sample !== undefined) progress.say(`  after ${done} steps it writes: ${JSON.stringify(sample)}`);
    }
  }
  return done;
}

const sampleLength = 160;

/** What the network writes now, where it writes. */
async function sampleOf(learner: Learner, problem: Problem, own: string, seed: number) {
  const { vocabulary, prompt, asking, translation } = problem;
  if (translation && learner.decode) {
    const question = asking.example(seed);
    const { inputs, answer } = asking.read(question);
    const [prediction] = await learner.decode([inputs as Int32Array], translation);
    const told = answer(prediction!);
    return told.kind === "written" ? `${told.symbols.join("")} for ${question}` : undefined;
  }
  if (!vocabulary || prompt === undefined || !learner.generate) return undefined;
  return vocabulary.decode(await learner.generate(vocabulary.encode(own || prompt), sampleLength, seed));
}

/** What can be reached without reading in order: nats a character or word of a text, or of other tasks the share or the error. */
function baselinesOf({ trainedOn, baseline }: Problem): { unigramEntropy: number | null; baseline: number | null } {
  const { loss = null, accuracy = null } = baseline;
  if (trainedOn.answer === "character") return { unigramEntropy: loss, baseline: null };
  return { unigramEntropy: null, baseline: accuracy ?? loss };
}

interface Outcome {
  options: TrainOptions;
  problem: Problem;
  learner: Learner;
  /** Steps, in all and in this run. */
  done: number;
  trained: number;
  seconds: number;
  heldOut: Evaluation | null;
  judgement: Judgement | null | undefined;
}

function report({ options, problem, learner, done, trained, seconds, heldOut, judgement }: Outcome): void {
  const { dispatchesPerStep, adapter } = learner;
  const { unigramEntropy, baseline } = baselinesOf(problem);
  const stepsPerSecond = trained / seconds;
  const accuracy = heldOut?.accuracy ?? null;
  if (options.json) {
    const said = {
      done: done === options.settings.pauseAt,
      heldOutLoss: heldOut?.loss ?? null,
      unigramEntropy,
      accuracy,
    };
    const more = { seconds, stepsPerSecond, dispatchesPerStep, adapter, ...judgement?.numbers };
    console.log(JSON.stringify({ ...said, baseline, ...more }));
    return;
  }
  const dispatches = dispatchesPerStep === null ? "" : `, ${dispatchesPerStep} dispatches a step`;
  console.log(`${trained} steps in ${seconds.toFixed(1)} s, ${stepsPerSecond.toFixed(1)} steps/s${dispatches}`);
  if (heldOut) console.log(verdict(heldOut, problem));
  for (const line of judgement?.lines ?? []) console.log(line);
}

/** How it did on what was held out, beside what can be reached without reading in order. */
function verdict({ loss, accuracy }: Evaluation, problem: Problem): string {
  const { trainedOn, baseline, steps, evaluation } = problem;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const { meaning } = baseline;
  if (accuracy === null) {
    const name = trainedOn.answer === "forecast" ? "quantile loss" : "mean squared error";
    return `held-out ${name} ${loss.toFixed(4)}, ${meaning} ${baseline.loss?.toFixed(4)}`;
  }
  if (baseline.accuracy !== undefined) {
    const over = evaluation.steps === steps ? "" : ` over ${evaluation.steps} steps`;
    return `held-out accuracy ${percent(accuracy)}${over}, ${meaning} ${percent(baseline.accuracy)}; loss ${loss.toFixed(4)}`;
  }
  const entropy = baseline.loss ?? Number.NaN;
  if (trainedOn.answer === "date") {
    return `held-out dates that it writes right, all symbols of them: ${percent(accuracy)}; loss ${loss.toFixed(4)} nats a symbol, ${meaning} ${entropy.toFixed(4)}`;
  }
  const side = loss < entropy ? "under" : "NOT under";
  return `held-out loss ${loss.toFixed(4)} nats a ${pieceOf(problem)}, ${side} the unigram entropy ${entropy.toFixed(4)}; accuracy ${percent(accuracy)}`;
}

/** What a text is read by. */
const pieceOf = ({ trainedOn }: Problem): string => nounOf(trainedOn.kind);

const noGpu = "no GPU: a software adapter computes on the processor";

/** An entry-level integrated GPU does 1 TFLOP/s of float32 mul-adds; the adapter's own peak is measured. */
async function softwareNotice({ gpu }: Learner): Promise<string> {
  const integrated = 1e12;
  const peak = await measureMulAddPeak(gpu!.device);
  const ratio = Math.round(integrated / peak);
  return `${noGpu}, ${(peak / 1e9).toFixed(1)} Gflop/s; an integrated GPU of 1 Tflop/s is about ${ratio} times faster`;
}
