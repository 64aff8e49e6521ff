// The module that a model card prints, run by PyTorch: from_pretrained of the folder, and the logits that the reference computes.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { toHuggingFace } from "../../src/hugging-face/index";
import { initialParameters, networkConfig, referenceForward } from "../../src/index";
import { architectureOf } from "../../src/parts/architecture";
import { integers, numbers, worstError } from "../numbers";
import { networks } from "./networks";

const folder = mkdtempSync(join(tmpdir(), "hugging-face-"));
afterAll(() => rmSync(folder, { recursive: true }));

const python = process.env.TEMPOGRAD_PYTHON ?? (existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3");

test("PyTorch is here", () => {
  const { status } = spawnSync(python, ["-c", "import torch"]);
  const cure = "install Python 3 with PyTorch (Debian: python3-torch), or set TEMPOGRAD_PYTHON to one that has it";
  expect(status, `${python} has no PyTorch, expected it for this test; ${cure}`).toBe(0);
}, 120_000);

test("each card's module computes there what the reference computes", () => {
  const [steps, batch] = [5, 3];
  const asked = networks.map(([, options], index) => {
    const config = networkConfig(options);
    const parameters = initialParameters(config);
    const own = join(folder, `${index}`);
    mkdirSync(own);
    for (const [name, bytes] of toHuggingFace(parameters, config)) writeFileSync(join(own, name), bytes);
    const card = readFileSync(join(own, "README.md"), "utf8");
    writeFileSync(join(own, "module.py"), /```python\n([\s\S]*?)```/.exec(card)![1]!);
    const { input, readout, loss } = architectureOf(config);
    const count = steps * batch;
    const x = input.tokens === undefined ? numbers(count * input.width, 2) : integers(count, 2, 0, input.tokens - 1);
    const rows = readout.kind === "every-step" ? count : batch;
    const { logits } = referenceForward(
      config,
      Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)])),
      {
        ...{ steps, batch, inputs: x },
        targets: loss.targets === "classes" ? new Int32Array(rows) : new Float32Array(rows * readout.outputs),
      } as never,
    );
    return { own, x: [...x], width: input.tokens === undefined ? input.width : 0, logits, rows };
  });
  writeFileSync(join(folder, "asked.json"), JSON.stringify(asked.map(({ own, x, width }) => ({ own, x, width }))));
  const script = `
import importlib.util, json, torch
answers = []
for asked in json.load(open(${JSON.stringify(join(folder, "asked.json"))})):
    spec = importlib.util.spec_from_file_location("module", asked["own"] + "/module.py")
    module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
    x = torch.tensor(asked["x"]).reshape(${steps}, ${batch}, *([asked["width"]] if asked["width"] else [])).transpose(0, 1)
    with torch.no_grad(): o = module.Network.from_pretrained(asked["own"])(x)
    answers.append((o.transpose(0, 1) if o.dim() == 3 else o).flatten().tolist())
print(json.dumps(answers))
`;
  const { status, stdout, stderr } = spawnSync(python, ["-c", script], { encoding: "utf8" });
  expect(stderr.replace(/.*Warning.*\n.*\n/g, "")).toBe("");
  expect(status).toBe(0);
  const answers = JSON.parse(stdout) as number[][];
  expect(answers).toHaveLength(networks.length);
  for (const [i, { logits }] of asked.entries()) {
    expect(worstError(answers[i]!, logits), networks[i]![0]).toBeLessThan(1e-5);
  }
}, 120_000);
