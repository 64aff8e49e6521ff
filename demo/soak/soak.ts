// `npm run soak`: trains, evaluates, predicts, generates and saves for minutes, on devices that are lost at any moment; at the end
// there is as much as at the beginning, and nothing was lost.

import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  adam,
  carriedWindowsOnce,
  cut,
  evaluate,
  type Gpu,
  generate,
  Network,
  openGpu,
  randomWindows,
  readCheckpoint,
  saveCheckpoint,
  split,
  TempogradError,
  Trainer,
  type UniformOptions,
  Vocabulary,
} from "../../src/index";
import { mobyDick } from "../data/moby-dick";
import { integer, numberFrom } from "../terminal/arguments";
import { openNodeGpu } from "../terminal/node-gpu";
import { type Draw, drawsOf } from "./mutate";

const help = `npm run soak -- [options]

Trains a character model in rounds: some steps, an evaluation, a prediction, a text, another network that comes and goes, a checkpoint. Now and
then the device is destroyed in the midst of it: another is opened, and the training goes on from the last checkpoint. A step that is
taken again must have the loss it had, to the bit; buffers and heap must be at the end what they were at the beginning. Exit code 1
where anything of that fails.

  --minutes N   how long (default 10)
  --seed N      of what is done when (default 1)
  --help`;

const size = { steps: 24, batch: 8 };
const network: UniformOptions = {
  ...{ cell: "lstm", layers: 2, inputs: 64, hidden: 32, outputs: 64 },
  ...{ input: "tokens", readout: "every-step", loss: "cross-entropy", seed: 1 },
};
const others = [
  { cell: "elman", schedule: "fused" },
  { cell: "gru", schedule: "unrolled" },
  { cell: "lstm", schedule: "fused" },
] as const;
/** What a heap may grow by: code that is compiled late, and what is kept of errors. */
const mostGrowth = 8e6;
/** Rounds until all has been loaded and compiled. */
const warmRounds = 5;

export async function main(args: string[]): Promise<number> {
  let minutes: number;
  let seed: number;
  try {
    const text = { type: "string" } as const;
    const { values } = parseArgs({ args, options: { minutes: text, seed: text, help: { type: "boolean" } } });
    if (values.help) {
      console.log(help);
      return 0;
    }
    minutes = numberFrom("minutes", values.minutes ?? "10", 0.05, 10_000);
    seed = integer("seed", values.seed ?? "1", 0, 2 ** 31 - 1);
  } catch (error) {
    console.error(`soak: ${(error as Error).message}; see npm run soak -- --help.`);
    return 2;
  }
  const { failures, line } = await soak(minutes, seed, console.log);
  for (const failure of failures) console.log(`FAIL ${failure}`);
  console.log(line);
  return failures.length === 0 ? 0 : 1;
}

/** Soaks for minutes. @returns what went wrong, and what was done in a line. */
export async function soak(
  minutes: number,
  seed: number,
  say: (line: string) => void = () => {},
): Promise<{ failures: string[]; line: string }> {
  const draw = drawsOf(seed, 0);
  const { tokens, vocabulary } = await characters();
  const node = await openNodeGpu();
  const failures = new Set<string>();
  const first = new Map<number, number>(); // losses by their steps
  let [rounds, steps, devices, repeated] = [0, 0, 1, 0];
  let life = await Life.begin(node.gpu, tokens, vocabulary);
  let file = await life.save();
  let heap: number | undefined;
  let buffers: string | undefined;
  let losses = new Map<number, number>(); // since the last checkpoint
  const begin = performance.now();
  const spent = () => (performance.now() - begin) / 60_000;
  let told = 0;
  let taken = 1000; // milliseconds of a round
  while (spent() < minutes || rounds <= warmRounds) {
    const destroyed = draw(3) === 0;
    const timer = destroyed ? setTimeout(() => life.gpu.device.destroy(), draw(Math.ceil(taken))) : undefined;
    const began = performance.now();
    try {
      await life.round(draw, (step, loss) => {
        const before = losses.get(step);
        if (before !== undefined) repeated++;
        if (before !== undefined && before !== loss)
          failures.add(`step ${step} has loss ${loss} when taken again, before ${before}`);
        losses.set(step, loss);
        if (step <= 100) first.set(step, first.get(step) ?? loss);
      });
      file = await life.save();
      steps = life.step;
      losses = new Map();
      rounds++;
      taken = performance.now() - began;
      const { live } = life.gpu;
      const now = `${live.buffers} buffers of ${live.bytes} bytes`;
      buffers ??= now;
      if (now !== buffers) failures.add(`after round ${rounds} there are ${now}, expected ${buffers}`);
    } catch (error) {
      const lost = destroyed && error instanceof TempogradError && error.code === "device-lost";
      if (!lost) throw error;
      life.end();
      life = await Life.begin(node.gpu, tokens, vocabulary, file);
      if (life.step !== steps) failures.add(`a checkpoint of step ${steps} was gone on with at step ${life.step}`);
      devices++;
    } finally {
      clearTimeout(timer);
    }
    if (rounds === warmRounds) heap ??= heapNow();
    if (spent() < told + 1) continue;
    told = Math.floor(spent());
    say(
      `${told} min: ${rounds} rounds, ${steps} steps, ${devices} devices, heap ${mega(heapNow())}, ${mega(process.memoryUsage().rss)} in all`,
    );
  }
  life.end();
  // On a device of its own, with nothing behind it: the first steps as they were.
  life = await Life.begin(node.gpu, tokens, vocabulary);
  const wanted = first.size;
  for (const [step, loss] of await life.train(wanted)) {
    if (first.get(step) !== loss)
      failures.add(`step ${step} has loss ${loss} at the end, ${first.get(step)} at the beginning`);
  }
  life.end();
  const left = life.gpu.live.buffers;
  if (left > 0) failures.add(`${left} buffers are left`);
  node.close();
  const [before, after] = [heap ?? 0, heapNow()];
  if (after > before + mostGrowth) failures.add(`the heap is ${mega(after)}, at the beginning ${mega(before)}`);
  const line =
    `${minutes} min: ${rounds} rounds, ${steps} steps, ${devices} devices of which ${devices - 1} were lost, ${repeated} steps taken again; ` +
    `${buffers} after each round, heap ${mega(before)} at the beginning and ${mega(after)} at the end`;
  return { failures: [...failures], line };
}

const mega = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes of objects and of arrays that are in use. */
function heapNow(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function characters(): Promise<{ tokens: Int32Array; vocabulary: Vocabulary }> {
  const text = (await mobyDick()).slice(20_000, 120_000);
  const vocabulary = Vocabulary.fromText(text, { limit: 64 });
  return { tokens: vocabulary.encode(text), vocabulary };
}

/** A training on one device. */
class Life {
  private constructor(
    readonly gpu: Gpu,
    readonly network: Network,
    readonly trainer: Trainer,
    readonly stream: ReturnType<typeof randomWindows>,
    readonly heldOut: Int32Array,
    readonly vocabulary: Vocabulary,
  ) {}

  /** @param file a checkpoint to go on from */
  static async begin(source: GPU, tokens: Int32Array, vocabulary: Vocabulary, file?: Uint8Array): Promise<Life> {
    const saved = file && (await readCheckpoint(file));
    const gpu = await openGpu({ gpu: source });
    const made = await Network.create(
      gpu,
      saved?.network ?? { ...network, inputs: vocabulary.size, outputs: vocabulary.size },
    );
    const trainer = await Trainer.create(made, { ...size, optimizer: adam({ learningRate: 2e-3 }), clipNorm: 1 });
    if (saved?.trainer) trainer.restore({ ...saved, trainer: saved.trainer });
    const { training, heldOut } = split(tokens);
    const stream = randomWindows(training, { ...size, seed: 1, position: saved?.data });
    return new Life(gpu, made, trainer, stream, heldOut.subarray(0, 1000), vocabulary);
  }

  get step(): number {
    return this.trainer.step;
  }

  async train(steps: number): Promise<Map<number, number>> {
    const losses = new Map<number, number>();
    for await (const { step, loss } of this.trainer.train(this.stream, { steps })) losses.set(step, loss);
    return losses;
  }

  async round(draw: Draw, took: (step: number, loss: number) => void): Promise<void> {
    const { trainer, stream, network, heldOut, vocabulary } = this;
    for await (const { step, loss } of trainer.train(stream, { steps: 10 + draw(40) })) took(step, loss);
    const held = carriedWindowsOnce(cut(heldOut, size.batch), size);
    const { loss } = await evaluate(network, { ...size, carryState: true }, held);
    const prompt = heldOut.subarray(0, 8);
    const { probabilities = [] } = await network.predict(prompt);
    const text = vocabulary.decode(await generate(network, { prompt, length: 20, seed: draw(1000) }));
    if (!Number.isFinite(loss) || probabilities.length !== 8 * vocabulary.size || text.length < 20) {
      throw new Error(
        `soak: a round answered loss ${loss}, ${probabilities.length} probabilities and ${text.length} characters.`,
      );
    }
    await this.#another(draw);
  }

  /** Another network, that comes and goes. */
  async #another(draw: Draw): Promise<void> {
    const { cell, schedule } = others[draw(others.length)]!;
    const symbols = this.vocabulary.size;
    using other = await Network.create(this.gpu, {
      ...network,
      layers: 1,
      cell,
      inputs: symbols,
      outputs: symbols,
      hidden: 8 + draw(24),
    });
    using trainer = await Trainer.create(other, { ...size, schedule, optimizer: adam({ learningRate: 1e-2 }) });
    const batches = randomWindows(this.heldOut, { ...size, seed: draw(1000) });
    for await (const { loss } of trainer.train(batches, { steps: 5 }))
      if (!Number.isFinite(loss)) throw new Error("soak: a loss is not finite.");
  }

  save(): Promise<Uint8Array> {
    return saveCheckpoint(this.trainer, { data: this.stream.position, about: this.vocabulary });
  }

  end(): void {
    this.trainer.destroy();
    this.network.destroy();
    this.gpu.destroy();
  }
}
