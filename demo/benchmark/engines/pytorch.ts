// PyTorch as an engine of the benchmark: a process of Python that takes training steps as it is told to, line by line.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { toPyTorch, writeSafetensors } from "../../../src/index";
import { TaskError } from "../perform";
import type { Problem } from "../problem";
import type { Engine } from "./engine";

export type PyTorchBackend = "cpu" | "cuda";

const script = join(import.meta.dirname, "pytorch.py");

/** What the process answers, a line of JSON each; what it lacks, or what went wrong, in the place of the rest. */
interface Answer {
  version?: string;
  losses?: number[];
  bytes?: number | null;
  missing?: "torch" | "cuda";
  failed?: string;
}

export interface PyTorch extends Engine {
  /** Ends the process. */
  end(): void;
}

/**
 * Starts it.
 * @param options `signal` ends the process; `environment` says where Python is searched.
 * @throws TaskError where there is no Python, no PyTorch in it or no CUDA, with the cure.
 */
export async function pyTorch(
  backend: PyTorchBackend,
  { signal, environment = process.env }: { signal?: AbortSignal; environment?: NodeJS.ProcessEnv } = {},
): Promise<PyTorch> {
  const programs = pythons(environment);
  let missing: Answer["missing"];
  for (const program of programs) {
    const child = new Child(spawn(program, [script, backend], { env: environment, signal }));
    const { version, ...lacks } = await child.answer();
    if (version) return engineOf(child, backend, version);
    child.end();
    missing = lacks.missing;
    if (missing === "cuda") break;
  }
  throw new TaskError(missing ? cures[missing] : cures.python);
}

const cures = {
  python: "no Python here: install Python 3 with PyTorch, or set TEMPOGRAD_PYTHON to one that has it",
  torch: "Python has no PyTorch here: install it (Debian: python3-torch), or set TEMPOGRAD_PYTHON to one that has it",
  cuda: "PyTorch finds no CUDA here: install a build of it with CUDA, and NVIDIA’s driver",
};

/** The one that the environment names, or all that its PATH has. */
function pythons({ TEMPOGRAD_PYTHON, PATH = "" }: NodeJS.ProcessEnv): string[] {
  if (TEMPOGRAD_PYTHON) {
    if (existsSync(TEMPOGRAD_PYTHON)) return [TEMPOGRAD_PYTHON];
    throw new TaskError(`TEMPOGRAD_PYTHON is "${TEMPOGRAD_PYTHON}", expected a file that exists; correct or unset it`);
  }
  const names = process.platform === "win32" ? ["python.exe"] : ["python3"];
  const paths = PATH.split(delimiter).flatMap((folder) => (folder ? names.map((name) => join(folder, name)) : []));
  return paths.filter((path) => existsSync(path));
}

function engineOf(child: Child, backend: PyTorchBackend, version: string): PyTorch {
  return {
    engine: "PyTorch",
    backend,
    version,
    async open(problem) {
      const folder = await mkdtemp(join(tmpdir(), "tempograd-pytorch-"));
      try {
        const path = join(folder, "problem.safetensors");
        await writeFile(path, fileOf(problem));
        await child.ask({ open: path });
      } finally {
        await rm(folder, { recursive: true });
      }
      let bytes: number | undefined;
      return {
        async run(count) {
          const answer = await child.ask({ run: count });
          bytes = answer.bytes ?? undefined;
          return answer.losses ?? [];
        },
        bytes: () => bytes,
        close() {},
      };
    },
    end: () => child.end(),
  };
}

/** A problem by PyTorch's names, for the script. */
function fileOf({ cell, shape, parameters, inputs, targets, learningRate }: Problem): Uint8Array {
  const { steps, batch, hidden, symbols } = shape;
  const time = [steps, batch];
  const tensors = new Map([...toPyTorch(parameters, { cell })]);
  return writeSafetensors(
    [...tensors, ["inputs", { shape: time, data: inputs }], ["targets", { shape: time, data: targets }]],
    { problem: JSON.stringify({ cell, hidden, symbols, learningRate }) },
  );
}

/** A process that answers each line with a line. */
class Child {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #said = "";

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#process = child;
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.on("error", () => {}); // its output ends, which says enough
    child.stdin.on("error", () => {});
    child.stderr.on("data", (data) => {
      this.#said = `${this.#said}${data}`.slice(-2000);
    });
  }

  /** @throws where it ended, with the last that it said. */
  async answer(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    const last = this.#said.trim().split("\n").at(-1);
    if (done) throw new Error(`PyTorch’s process ended${last ? `: ${last}` : ""}`);
    const answer = JSON.parse(value) as Answer;
    if (answer.failed) throw new Error(answer.failed);
    return answer;
  }

  async ask(question: object): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    return this.answer();
  }

  end(): void {
    this.#process.kill();
  }
}
