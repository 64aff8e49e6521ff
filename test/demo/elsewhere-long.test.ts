// The lines of PyTorch that the training page gives, run by the first Python that has it: they predict what the network does.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileName, pyTorch } from "../../demo/train/elsewhere";
import type { Outline } from "../../demo/workshop/outline";
import { type CellName, cellNames, Network, saveNetwork } from "../../src/index";
import { worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();
const python = process.env.TEMPOGRAD_PYTHON ?? "python3";

function runPython(code: string, folder: string) {
  const { status, stdout, stderr } = spawnSync(python, ["-c", code], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const kinds = cellNames.flatMap((cell) => [
  [cell, { bidirectional: false, readout: "every-step" }] as const,
  [cell, { bidirectional: true, readout: "last-step" }] as const,
]);

test.each(kinds)("of %s, %o", async (cell: CellName, { bidirectional, readout }) => {
  const sizes = { inputs: 5, hidden: 8, outputs: 3, layers: 2 };
  const every = readout === "every-step";
  const config = { ...sizes, cell, bidirectional, readout, input: every ? "tokens" : "features", seed: 3 } as const;
  const network = await Network.create(gpu(), config);
  const tokens = [3, 1, 4, 0];
  const features = Array.from({ length: 4 * sizes.inputs }, (_, i) => Math.round(100 * Math.sin(i)) / 100);
  const example: Outline["example"] = every ? { text: "dbea", kind: "characters", tokens } : { features };
  const kept: Pick<Outline, "reset" | "activation" | "answers"> = {
    reset: "after",
    activation: "tanh",
    answers: "classes",
  };
  const outline: Outline = { ...kept, ...sizes, step: 1, cell, bidirectional, readout, quantiles: undefined, example };
  const lines = pyTorch(outline)!;
  expect(lines.split("\n")).toHaveLength(5);
  const folder = mkdtempSync(join(tmpdir(), "tempograd-elsewhere-"));
  try {
    writeFileSync(join(folder, `${fileName(outline)}.safetensors`), await saveNetwork(network));
    const compiled = runPython(`import ast, sys; print(len(ast.parse(${JSON.stringify(lines)}).body))`, folder);
    expect(Number(compiled)).toBe(7); // statements: two lines have two
    const [missing] =
      runPython(
        "import importlib.util as u; print([n for n in ('torch', 'safetensors') if not u.find_spec(n)])",
        folder,
      ).match(/torch|safetensors/) ?? [];
    if (missing) return expect(() => runPython(lines, folder)).toThrow(`No module named '${missing}'`);
    const answer: number[] = JSON.parse(runPython(lines, folder)).flat();
    const { probabilities } = await network.predict(every ? Int32Array.from(tokens) : Float32Array.from(features));
    expect(worstError(answer, probabilities)).toBeLessThan(1e-4);
  } finally {
    rmSync(folder, { recursive: true });
    network.destroy();
  }
});
