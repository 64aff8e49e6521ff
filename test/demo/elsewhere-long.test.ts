// The lines of PyTorch that the training page gives, run by python3 or by TEMPOGRAD_PYTHON, which must have it: they predict what the
// network does.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

/** What reads such files in place of the package of this name, which Debian does not have. */
const reader = `import json, torch
def load_file(path):
    data = open(path, "rb").read()
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(bytearray(data[begin + of["data_offsets"][0] : begin + of["data_offsets"][1]]), dtype=torch.float32)
        .reshape(of["shape"])
        for name, of in header.items()
    }
`;

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
  const nothing = { quantiles: undefined, translation: undefined };
  const outline: Outline = { ...kept, ...sizes, step: 1, cell, bidirectional, readout, ...nothing, example };
  const lines = pyTorch(outline)!;
  expect(lines.split("\n")).toHaveLength(5);
  const folder = mkdtempSync(join(tmpdir(), "tempograd-elsewhere-"));
  try {
    writeFileSync(join(folder, `${fileName(outline)}.safetensors`), await saveNetwork(network));
    if (runPython("import importlib.util; print(importlib.util.find_spec('safetensors'))", folder).startsWith("None")) {
      mkdirSync(join(folder, "safetensors"));
      writeFileSync(join(folder, "safetensors", "torch.py"), reader);
    }
    const answer: number[] = JSON.parse(runPython(lines, folder)).flat();
    const { probabilities } = await network.predict(every ? Int32Array.from(tokens) : Float32Array.from(features));
    expect(worstError(answer, probabilities)).toBeLessThan(1e-4);
  } finally {
    rmSync(folder, { recursive: true });
    network.destroy();
  }
});
