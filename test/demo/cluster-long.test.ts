// demo/pytorch/continue.py, run by torchrun: goes on as tempograd alone does, on any number of processes, and is gone on from. `npm
// run test:pytorch` fails where there is no PyTorch; as one of all tests this is skipped there.

import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/index";
import { root, run, useFolder } from "./terminal/program";

const python = process.env.TEMPOGRAD_PYTHON ?? "python3";

function isThere(): boolean {
  try {
    execFileSync(python, ["-c", "import torch.distributed as d; assert d.is_available()"], { stdio: "pipe" });
    return true;
  } catch {
    const cure = "install it (Debian: python3-torch), or set TEMPOGRAD_PYTHON to a Python that has it";
    const message = `test:pytorch: ${python} has no PyTorch, expected 1.13 or newer; ${cure}.`;
    if (process.env.npm_lifecycle_event === "test:pytorch") throw new Error(message);
    console.warn(message);
    return false;
  }
}

const script = join(root, "demo/pytorch/continue.py");
const minutes = 600_000;

describe.skipIf(!isThere()).concurrent("a cluster", () => {
  const folder = useFolder();
  const text = join(folder, "text.txt");
  /** A folder for what one test writes: others write at the same time. */
  function useOwnFolder(): (name: string) => string {
    const own = mkdtempSync(join(folder, "test-"));
    return (name) => join(own, name);
  }
  // PyTorch 1.13 on Python 3.11 takes the default of the first two for none at all. A port that is free, where --standalone takes a
  // certain one.
  const torchrun = (processes: number) => [
    ...["-m", "torch.distributed.run", "--redirects", "1", "--tee", "1", "--log_dir", join(folder, "logs")],
    ...["--rdzv_backend", "c10d", "--rdzv_endpoint", "localhost:0"],
    ...["--nproc_per_node", `${processes}`, "--max_restarts", "3", script],
  ];
  const env = { ...process.env, OMP_NUM_THREADS: "1" };

  beforeAll(() => {
    const words = ["call", "me", "some", "years", "ago", "never", "mind", "how", "long", "precisely", "é", "—"];
    const said = Array.from({ length: 4000 }, (_, i) => words[((i * i + 7 * i) % 97) % words.length]).join(" ");
    writeFileSync(text, `\uFEFF${said}\r\n`);
  });

  /** torchrun says who says a line, and says so again where it read half of one. */
  const withoutPrefix = (out: string) => out.replaceAll("[default0]:", "");

  /** Losses by their steps, of what prints an object a line. */
  function lossesOf(out: string): Map<number, number> {
    const lines = withoutPrefix(out)
      .split("\n")
      .filter((line) => line.startsWith("{"));
    const said = lines.map((line) => JSON.parse(line));
    return new Map(said.filter(({ step }) => step !== undefined).map(({ step, loss }) => [step, loss]));
  }
  const worst = (got: Map<number, number>, expected: Map<number, number>) =>
    Math.max(...Array.from(expected, ([step, loss]) => Math.abs(got.get(step)! - loss) / loss));

  async function train(...args: string[]): Promise<Map<number, number>> {
    const { code, out, err } = await run(["train", "--json", ...args]);
    expect(code, err).toBe(0);
    return lossesOf(out);
  }
  async function goOn(processes: number, ...args: string[]): Promise<Map<number, number>> {
    const { stdout } = await promisify(execFile)(python, [...torchrun(processes), ...args, "--json"], { env });
    return lossesOf(stdout);
  }
  const begin = (path: string, ...args: string[]) =>
    train(
      ...["--data", text, "--hidden", "24", "--batch", "10", "--length", "16", "--steps", "10"],
      ...["--save", path, ...args],
    );

  test.each<[processes: number, cell: string, options: string, isGoneOnFrom: boolean]>([
    [4, "lstm", "--layers 2 --clip-norm 0.05 --schedule-lr cosine", true],
    [2, "gru", "--optimizer rmsprop --learning-rate 0.002 --clip-value 0.001 --clip-norm none", true],
    [2, "elman", "--activation relu --optimizer nesterov --label-smoothing 0.1 --weight-decay 0.001", true],
    [1, "lstm", "--optimizer adamw --schedule-lr step", false], // its state is as that of the first
    [1, "gru", "--optimizer sgd --schedule-lr warm-up", false],
  ])(
    "of %i processes has the losses of going on alone: %s %s, is gone on from: %s",
    async (processes, cell, options, isGoneOnFrom) => {
      const place = useOwnFolder();
      await begin(place("first"), "--cell", cell, ...options.split(" "));
      const alone = await train("--resume", place("first"), "--steps", "60", "--save", place("alone"));
      expect(alone.size).toBe(50);
      const got = await goOn(processes, place("first"), "--save", place("went-on"), "--steps", "60");
      expect(got.size).toBe(50);
      expect(worst(got, alone)).toBeLessThan(1e-4);
      if (!isGoneOnFrom) return;
      const further = await train("--resume", place("alone"), "--steps", "65");
      const resumed = await train("--resume", place("went-on"), "--steps", "65");
      expect(resumed.size).toBe(5);
      expect(worst(resumed, further)).toBeLessThan(1e-4);
    },
    minutes,
  );

  test(
    "goes on from the last checkpoint when a worker is killed",
    async () => {
      const place = useOwnFolder();
      await begin(place("first"), "--cell", "gru");
      const until = ["--steps", "400", "--every", "20"];
      const whole = await goOn(2, place("first"), "--save", place("whole"), ...until);
      const args = [...torchrun(2), place("first"), "--save", place("killed"), ...until, "--json"];
      const child = spawn(python, args, { env });
      const said: string[] = [];
      let killed = 0;
      for await (const told of createInterface({ input: child.stdout })) {
        const line = withoutPrefix(told);
        said.push(line);
        if (killed > 0 || !line.includes('"step": 75,')) continue;
        const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
        killed = Number(children.trim().split(" ").at(-1));
        process.kill(killed, "SIGKILL");
      }
      expect(killed).toBeGreaterThan(0);
      const code = child.exitCode ?? (await new Promise((resolve) => child.once("close", resolve)));
      expect(code).toBe(0);
      const steps = said.flatMap((line) => /"step": (\d+)/.exec(line)?.slice(1).map(Number) ?? []);
      const back = steps.find((step, i) => step <= steps[i - 1]!);
      if (back !== undefined) {
        expect(back % 20).toBe(1); // behind a checkpoint; none goes back where it was killed between one and the next step
        expect(back).toBeGreaterThan(41);
      }
      const got = lossesOf(said.join("\n"));
      expect(got.get(400)).toBeDefined();
      expect(worst(got, whole)).toBeLessThan(1e-4);
      expect(readFileSync(place("killed"))).toEqual(readFileSync(place("whole")));
    },
    minutes,
  );

  test(
    "refuses by name what it does not compute, and a text that is another",
    async () => {
      const place = useOwnFolder();
      await begin(place("first"), "--cell", "lstm");
      const { metadata, tensors } = readSafetensors(readFileSync(place("first")));
      const refusals: [string, Record<string, unknown>, string][] = [
        ["network", { cell: "minlstm" }, "has cell minlstm, expected elman, gru or lstm"],
        ["network", { cell: "gru", reset: "before" }, "has a GRU that resets before the product"],
        ["network", { dropout: 0.5 }, "has dropout 0.5, expected none"],
        ["network", { attention: 1 }, "has a network with attention"],
        ["network", { loss: "huber" }, "has loss huber, expected cross-entropy"],
        ["about", { args: ["--task=names"] }, "has task names, expected text"],
        ["about", { args: ["--task=text", "--tokens=words"] }, "has tokens of words, expected characters"],
        ["about", { args: ["--task=text", "--tokens=characters", "--window=8"] }, "has truncated BPTT (--window)"],
        ["data", { stream: "carriedWindows" }, "has batches of carriedWindows, expected randomWindows"],
        ["trainer", { learningRates: { outputBias: 1 } }, "has learning rates by parameter, expected one rate"],
        ["trainer", { optimizer: "lion" }, "has the state of lion, expected adam"],
      ];
      for (const [i, [key, change]] of refusals.entries()) {
        const said = { ...metadata, [key]: JSON.stringify({ ...JSON.parse(metadata[key]!), ...change }) };
        writeFileSync(place(`other-${i}`), writeSafetensors(tensors, said));
      }
      const tell = `import sys; sys.path.insert(0, "demo/pytorch"); from checkpoint import *
for path in sys.argv[1:]:
    try: Checkpoint(read_file(path)); print("taken")
    except Refused as error: print(error)`;
      const files = refusals.map((_, i) => place(`other-${i}`));
      const args = ["-c", tell, place("first"), ...files, text, place("none")];
      const lines = execFileSync(python, args, { cwd: root, encoding: "utf8" }).trim().split("\n");
      expect(lines).toHaveLength(refusals.length + 3);
      expect(lines[0]).toBe("taken");
      for (const [i, [, , message]] of refusals.entries()) expect(lines[i + 1]).toContain(message);
      expect(lines.at(-2)).toContain("is no safetensors file of float32");
      expect(lines.at(-1)).toContain("cannot be read");
      writeFileSync(place("another.txt"), "another text");
      const away = goOn(1, place("first"), "--save", place("x"), "--data", place("another.txt"));
      await expect(away).rejects.toThrow("the text is another, expected that which was trained on, text.txt");
    },
    minutes,
  );
});
