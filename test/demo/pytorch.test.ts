// PyTorch beside the benchmark's engines: as a process, where there is one, and what is said where there is none.
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pyTorch } from "../../demo/benchmark/engines/pytorch";
import { expectedLosses } from "../../demo/benchmark/expected-losses";
import { TaskError } from "../../demo/benchmark/perform";
import { problemOf } from "../../demo/benchmark/problem";
import { cellNames, fromPyTorch, readSafetensors } from "../../src/index";

const shape = { batch: 2, steps: 5, hidden: 12, symbols: 7 };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tempograd-python-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A program in the place of Python, of the text of a module of Node: `say` answers, `asked` is told each question. */
async function standIn(body: string): Promise<NodeJS.ProcessEnv> {
  const path = join(folder, `python-${Math.random()}`);
  const head = `#!${process.execPath}
    const fs = require("node:fs");
    const say = (answer) => fs.writeSync(1, JSON.stringify(answer) + "\\n");
    const listen = (asked) => require("node:readline").createInterface(process.stdin).on("line", (line) => asked(JSON.parse(line)));`;
  await writeFile(path, `${head}\n${body}`);
  await chmod(path, 0o755);
  return { ...process.env, TEMPOGRAD_PYTHON: path };
}

test("three steps of each cell have the reference's losses, or PyTorch is missing and the cure is named", async () => {
  const engine = await pyTorch("cpu").catch((error: Error) => error);
  if (engine instanceof Error) {
    expect(engine).toBeInstanceOf(TaskError);
    expect(engine.message).toMatch(/^(no Python here|Python has no PyTorch here): install/);
    return;
  }
  try {
    for (const cell of cellNames) {
      const problem = problemOf(cell, shape);
      const session = await engine.open(problem);
      const losses = [...(await session.run(1)), ...(await session.run(2))];
      const expected = expectedLosses(problem);
      expect(losses).toHaveLength(expected.length);
      for (const [i, loss] of losses.entries()) expect(Math.abs(loss / expected[i]! - 1)).toBeLessThan(5e-6);
    }
  } finally {
    engine.end();
  }
});

test("names the cure of what is missing", async () => {
  await expect(pyTorch("cpu", { environment: { PATH: folder } })).rejects.toThrow(
    "no Python here: install Python 3 with PyTorch, or set TEMPOGRAD_PYTHON",
  );
  await expect(pyTorch("cpu", { environment: { TEMPOGRAD_PYTHON: "/none" } })).rejects.toThrow(
    'TEMPOGRAD_PYTHON is "/none", expected a file that exists',
  );
  const without = (what: string) => standIn(`say({ missing: "${what}" });`);
  await expect(pyTorch("cpu", { environment: await without("torch") })).rejects.toThrow("Python has no PyTorch here");
  await expect(pyTorch("cuda", { environment: await without("cuda") })).rejects.toThrow("PyTorch finds no CUDA here");
  const broken = await standIn(`console.error("Traceback\\nImportError: libtorch"); process.exit(1);`);
  await expect(pyTorch("cpu", { environment: broken })).rejects.toThrow("process ended: ImportError: libtorch");
});

test("hands over the weights, the batch and the rate, and takes what is answered", async () => {
  const problem = problemOf("lstm", shape);
  const copy = join(folder, "copy.safetensors");
  const environment = await standIn(`
    say({ version: "9.9.9" });
    listen(({ open, run }) => {
      if (open) { fs.copyFileSync(open, ${JSON.stringify(copy)}); say({ opened: true }); }
      else if (run < 9) say({ losses: Array(run).fill(1.5), bytes: 64 });
      else say({ failed: "out of memory" });
    });`);
  const engine = await pyTorch("cuda", { environment });
  expect(engine).toMatchObject({ engine: "PyTorch", backend: "cuda", version: "9.9.9" });
  const session = await engine.open(problem);
  expect(await session.run(2)).toEqual([1.5, 1.5]);
  expect(session.bytes!()).toBe(64);
  await expect(session.run(9)).rejects.toThrow("out of memory");
  engine.end();
  const { tensors, metadata } = readSafetensors(await readFile(copy));
  expect(fromPyTorch(tensors, { cell: "lstm" })).toEqual(problem.parameters);
  expect(tensors.get("inputs")).toEqual({ shape: [5, 2], data: problem.inputs });
  expect(tensors.get("targets")).toEqual({ shape: [5, 2], data: problem.targets });
  expect(JSON.parse(metadata.problem!)).toEqual({ cell: "lstm", hidden: 12, symbols: 7, learningRate: 4 });
});

test("is ended by a signal, and then answers nothing more", async () => {
  const stopping = new AbortController();
  const environment = await standIn(`say({ version: "1" }); listen(({ open }) => open && say({ opened: true }));`);
  const engine = await pyTorch("cpu", { environment, signal: stopping.signal });
  const session = await engine.open(problemOf("gru", shape));
  const hanging = session.run(1);
  stopping.abort();
  await expect(hanging).rejects.toThrow("process ended");
});
