// The programs of the terminal, run as a user runs them.

import { type ChildProcess, spawn } from "node:child_process";
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { argumentsOf, readOptions } from "../../demo/terminal/options";
import { initialParameters, networkConfig, readSafetensors, saveNetwork, writeSafetensors } from "../../src/index";

const root = resolve(import.meta.dirname, "../..");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tempograd-terminal-"));
});
afterAll(() => rm(folder, { recursive: true }));

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

function run([program, ...args]: string[], watch?: (child: ChildProcess, out: string) => void): Promise<Outcome> {
  return new Promise((finish) => {
    const child = spawn(process.execPath, ["demo/terminal/run.mjs", `demo/terminal/${program}.ts`, ...args], {
      cwd: root,
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => {
      out += data;
      watch?.(child, out);
    });
    child.stderr.on("data", (data) => {
      err += data;
    });
    child.on("close", (code) => finish({ code, out, err }));
  });
}

const small = ["--hidden", "16", "--batch", "8", "--length", "16"];
const linesOf = (out: string) =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const ofNetwork = (tensors: ReadonlyMap<string, unknown>) =>
  [...tensors.keys()].filter((name) => !name.startsWith("trainer."));

describe("npm run train", () => {
  test("--json prints an object a step and one at the end, the same again with the same seed", async () => {
    const args = ["train", ...small, "--steps", "30", "--json", "--seed", "3"];
    const { code, out, err } = await run(args);
    expect(code, err).toBe(0);
    const lines = linesOf(out);
    const last = lines.pop();
    expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    for (const { loss, tokensPerSecond } of lines) {
      expect(loss).toBeGreaterThan(1);
      expect(tokensPerSecond).toBeGreaterThanOrEqual(0);
    }
    expect(last).toMatchObject({ done: true, baseline: null });
    expect(Object.keys(last).sort()).toEqual(
      "accuracy adapter baseline dispatchesPerStep done heldOutLoss seconds stepsPerSecond unigramEntropy".split(" "),
    );
    expect(last.unigramEntropy).toBeCloseTo(3.0555, 3);
    expect(last.dispatchesPerStep).toBeLessThanOrEqual(16);
    const again = linesOf((await run(args)).out);
    expect(again.map(({ loss }) => loss).slice(0, 30)).toEqual(lines.map(({ loss }) => loss));
  });

  test.each([
    [["--task", "names", "--bidirectional"]],
    [
      [
        "--task",
        "generate-names",
        "--cell",
        "lstm",
        "--window",
        "9",
        "--schedule-lr",
        "warmup",
        "--optimizer",
        "rmsprop",
      ],
    ],
    [
      [
        "--task",
        "adding",
        "--cell",
        "gru",
        "--length",
        "6",
        "--layers",
        "2",
        "--dropout",
        "0.2",
        "--schedule-lr",
        "step",
      ],
    ],
  ])("the reference trains to the same losses: %s", async (options) => {
    const args = ["train", ...options, "--hidden", "8", "--batch", "8", "--steps", "5", "--json"];
    const [onGpu, onReference] = await Promise.all([run(args), run([...args, "--device", "reference"])]);
    const losses = ({ out, err }: Outcome) => {
      expect(linesOf(out), err).toHaveLength(6);
      return linesOf(out).map(({ loss, heldOutLoss }) => loss ?? heldOutLoss);
    };
    const expected = losses(onReference);
    for (const [i, loss] of losses(onGpu).entries()) expect(loss).toBeCloseTo(expected[i], 4);
    const [gpu, reference] = [onGpu, onReference].map(({ out }) => linesOf(out).at(-1));
    expect(reference.adapter).toBe("reference");
    expect(reference.baseline).toBe(gpu.baseline);
    expect(reference.accuracy ?? 0).toBeCloseTo(gpu.accuracy ?? 0, 2);
  });

  test("--save writes a file that --load goes on from, and that PyTorch's names fit", async () => {
    const file = join(folder, "model.safetensors");
    const saved = await run(["train", ...small, "--steps", "60", "--json", "--save", file]);
    expect(saved.code, saved.err).toBe(0);
    const { tensors, metadata } = readSafetensors(await readFile(file));
    expect(tensors.get("weight_hh_l0")!.shape).toEqual([16, 16]);
    expect(tensors.get("head.weight")!.shape).toEqual([64, 16]);
    expect(JSON.parse(metadata.about!).trainedOn).toMatchObject({ answer: "character", symbols: { length: 64 } });
    const loaded = await run(["train", ...small.slice(2), "--steps", "1", "--json", "--load", file, "--seed", "9"]);
    const [first] = linesOf(loaded.out);
    expect(first.loss).toBeLessThan(linesOf(saved.out)[0].loss - 0.5);
  });

  test("--resume goes on where --save stopped, with the same losses to the bit, and again from there", async () => {
    const files = ["whole", "half", "more", "rest"].map((name) => join(folder, `${name}.safetensors`));
    const [whole, half, more, rest] = files as [string, string, string, string];
    const network = ["--cell", "lstm", "--layers", "2", "--dropout", "0.2", "--hidden", "16"];
    const training = ["--optimizer", "rmsprop", "--clip-norm", "0", "--window", "16", "--batch", "8", "--seed", "5"];
    const args = ["train", ...network, ...training, "--schedule", "unrolled", "--schedule-lr", "warmup", "--json"];
    const lossesOf = ({ code, out, err }: Outcome, expected = 0) => {
      expect(code, err).toBe(expected);
      return linesOf(out)
        .slice(0, -1)
        .map(({ step, loss }) => [step, loss]);
    };
    const all = lossesOf(await run([...args, "--steps", "60", "--save", whole]));
    let asked = false;
    const stopped = await run([...args, "--steps", "60", "--save", half], (child, sofar) => {
      if (!asked && sofar.includes('"step":3,')) asked = child.kill("SIGINT");
    });
    const first = lossesOf(stopped, 130);
    expect(first.length).toBeLessThan(60);
    const refused = await run(["train", "--resume", half, "--cell", "gru"]);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("--cell does not go with --resume")]);
    asked = false;
    const again = await run(["train", "--resume", half, "--save", more, "--json"], (child) => {
      if (!asked) asked = child.kill("SIGINT");
    });
    const second = lossesOf(again, 130);
    const third = lossesOf(await run(["train", "--resume", more, "--save", rest, "--json"]));
    expect([...first, ...second, ...third]).toEqual(all);
    expect((await readFile(rest)).equals(await readFile(whole))).toBe(true);
    const written = await run(["generate", "--load", whole, "--prompt", "Call me ", "--length", "50", "--top-k", "5"]);
    expect(written.code, written.err).toBe(0);
    expect(written.out).toMatch(/^Call me [\s\S]{50}\n$/u);
  });

  test.each([
    ["--clip-norm=0", "--schedule=unrolled", "--cell=gru", "--layers=2", "--dropout=0.25", "--window=7"],
    ["--task=names", "--bidirectional", "--optimizer=momentum", "--seed=9", "--schedule-lr=step"],
    ["--task=classify", "--data=a folder/data.csv"],
    ["--task=adding", "--hidden=5", "--batch=3", "--length=7", "--steps=11", "--learning-rate=0.125"],
  ])("a checkpoint says all options of its training: %s", (...args) => {
    const options = readOptions(args)!;
    expect(readOptions(argumentsOf(options))).toEqual(options);
  });

  test.each([
    [["--seed", "4294967296"], '--seed is "4294967296", expected an integer from 0 to 4294967295'],
    [["--hidden", "1000000000"], '--hidden is "1000000000", expected an integer from 1 to 32768'],
    [["--batch", "1e9"], '--batch is "1e9", expected an integer from 1 to 1048576'],
    [["--task", "adding", "--length", "1000000000"], '--length is "1000000000", expected an integer from 1 to 1048576'],
    [["--window", "1e300"], '--window is "1e300", expected an integer from 1 to 1048576'],
    [["--task", "adding", "--length", "1000000"], "--hidden 32, --batch 32 and 1000000 time steps make 2,048,000,000"],
    [
      ["--device", "reference", "--hidden", "10000"],
      "make 100,000,000 numbers of a layer, expected 67,108,864 at most",
    ],
    [["--task", "i-like-nlp", "--hidden", "257"], '--hidden is "257", expected an integer from 1 to 256'],
    [["--learning-rate", "1e39"], '--learning-rate is "1e39", expected a number from 1e-45 to 3.4e+38'],
    [
      ["--cell", "x".repeat(5000)],
      `--cell is "${"x".repeat(60)}…", expected elman, gru, lstm, peephole-lstm, coupled-lstm, slstm, indrnn, mingru, minlstm`,
    ],
  ] as const)("what is out of range is refused before there is data: %o", (args, message) => {
    expect(() => readOptions([...args])).toThrow(message);
  });

  test("--save and --resume refuse at once what could only fail later", async () => {
    const file = join(folder, "short.safetensors");
    await writeFile(file, "");
    const link = join(folder, "link.safetensors");
    await symlink(file, link);
    const saved = await run(["train", ...small, "--steps", "3", "--json", "--save", link]);
    expect(saved.code, saved.err).toBe(0);
    expect(readSafetensors(await readFile(file)).tensors.size).toBeGreaterThan(6); // where the link leads
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    for (const [args, message] of [
      [["train", "--save", folder], "which cannot be written (it is not a file)"],
      [["train", "--save="], 'train: --save is "", which cannot be written'],
      [["train", "--resume", file, "--steps", "2"], "--steps is 2, expected 3 or more: that many are done"],
      [["train", "--hidden", "-5"], "Option '--hidden' argument is ambiguous"],
      [["generate", "--load", folder], `--load is "${folder}", which cannot be read`],
      [["generate", "--load", file, "--length=0"], '--length is "0", expected an integer from 1 to 1000000'],
      [["generate", "--load", file, "--top-k", "0"], '--top-k is "0"'],
    ] as const) {
      const { code, out, err } = await run([...args]);
      expect([code, out, err.trim().split("\n").length], err).toEqual([2, "", 1]);
      expect(err).toContain(message);
    }
  });

  test("--task adding learns to add, and shows how far back its gradient reaches", async () => {
    const args = ["train", "--task", "adding", "--cell", "lstm", "--hidden", "16", "--length", "8", "--steps", "300"];
    const { code, out, err } = await run(args);
    expect(code, err).toBe(0);
    expect(Number(/mean squared error ([\d.]+)/.exec(out)![1])).toBeLessThan(0.05);
    expect(out).toMatch(/‖dL\/dh_t‖ of layer 0.*\n[▁▂▃▄▅▆▇█]{9}\n/u);
  });

  test("--task parity counts over five times as many steps, with a cell of its equations that files hold", async () => {
    const file = join(folder, "parity.safetensors");
    const args = ["--task", "parity", "--cell", "coupled-lstm", "--hidden", "16", "--length", "6", "--steps", "400"];
    const { code, out, err } = await run(["train", ...args, "--save", file]);
    expect(code, err).toBe(0);
    expect(out).toContain("coupled-lstm, hidden 16");
    const [, right, steps] = /held-out accuracy ([\d.]+)% over (\d+) steps, guessing 50\.0%/.exec(out)!;
    expect(Number(right)).toBeGreaterThan(99);
    expect(steps).toBe("30");
    const resumed = await run(["train", "--resume", file, "--steps", "402", "--json"]);
    expect(linesOf(resumed.out).map(({ step }) => step)).toEqual([401, 402, undefined]);
    const loaded = await run(["train", "--task", "parity", "--length", "6", "--load", file, "--steps", "1", "--json"]);
    expect(linesOf(loaded.out).at(-1).accuracy, loaded.err).toBeGreaterThan(0.9);
    const refused = await run(["train", "--load", file]);
    expect(refused.err).toContain(
      "whose network tells the product so far of a stream of ±1, expected one that predicts",
    );
  });

  test("trains stacked and bidirectional cells with any optimizer, and loads them again", async () => {
    const file = join(folder, "lstm.safetensors");
    const network = ["--cell", "lstm", "--layers", "2", "--bidirectional", "--optimizer", "adam", "--clip-norm", "1"];
    const args = ["train", "--task", "names", "--hidden", "8", "--batch", "16", "--steps", "30", "--json"];
    const saved = await run([...args, ...network, "--save", file]);
    expect(saved.code, saved.err).toBe(0);
    const { tensors } = readSafetensors(await readFile(file));
    expect(tensors.get("weight_hh_l1_reverse")!.shape).toEqual([32, 8]);
    const loaded = await run(["train", "--task", "names", "--batch", "16", "--steps", "1", "--json", "--load", file]);
    expect(loaded.code, loaded.err).toBe(0);
    const heldOut = ({ out }: Outcome) => linesOf(out).at(-1).heldOutLoss;
    expect(heldOut(loaded)).toBeCloseTo(heldOut(saved), 1);
  });

  test("--task classify trains on a file, cuts what is too long, goes on, and refuses other files by row", async () => {
    const [series, texts, model] = ["waves.csv", "words.csv", "waves.safetensors"].map((name) => join(folder, name));
    const wave = (i: number) => Array.from({ length: 6 + (i % 4) }, (_, t) => Math.sin(i + t) + (i % 2 ? t : -t));
    const rows = Array.from({ length: 60 }, (_, i) => [i % 2 ? "rising" : "falling", ...wave(i)].join(","));
    await writeFile(series!, rows.join("\n"));
    const args = ["train", "--task", "classify", "--data", series!, "--hidden", "8", "--steps", "60", "--length", "8"];
    const saved = await run([...args, "--save", model!]);
    expect(saved.code, saved.err).toBe(0);
    expect(saved.out).toMatch(
      /^waves\.csv: 60 in 2 classes \(falling, rising\), 6 held out, 15 cut to 8 steps, standardised by mean -?\d/,
    );
    expect(saved.out).toContain("held-out accuracy 100.0%");
    const resumed = await run(["train", "--resume", model!, "--steps", "62", "--json"]);
    expect(linesOf(resumed.out).map(({ step }) => step)).toEqual([61, 62, undefined]);

    await writeFile(texts!, rows.map((_, i) => (i % 2 ? "rising,up" : "falling,down")).join("\n"));
    await writeFile(series!, rows.slice(1).join("\n"));
    const changed = await run(["train", "--resume", model!, "--steps", "63"]);
    expect([changed.code, changed.err]).toEqual([
      2,
      expect.stringContaining('waves.csv", which is not as it was trained on'),
    ]);
    const other = await run(["train", "--task", "classify", "--data", texts!, "--load", model!]);
    expect([other.code, other.err]).toEqual([
      2,
      "train: --load does not go with the data: words.csv: has texts, expected series of 1 values a step, as the network " +
        "was trained on; give data such as it was trained on, or train a new network; see npm run train -- --help.\n",
    ]);
    await writeFile(series!, [...rows, "rising,1,n/a,3"].join("\r\n"));
    const spoiled = await run(args);
    expect(spoiled.code).toBe(1);
    expect(spoiled.err).toMatch(/^waves\.csv, row 61: value 2 is "n\/a", expected a number.*\n$/);
  });

  test("--load reads a file as its network was trained: by its classes and its scale, and refuses what it does not know", async () => {
    const [all, some, unknown, model] = ["all.csv", "some.csv", "unknown.csv", "levels.safetensors"].map((name) =>
      join(folder, name),
    );
    const rows = (names: readonly string[], level: (i: number) => number) =>
      Array.from({ length: 90 }, (_, i) => {
        const values = Array.from({ length: 5 }, (_, t) => level(i % names.length) + Math.sin(37 * i + 11 * t));
        return [names[i % names.length], ...values].join(",");
      }).join("\n");
    await writeFile(
      all!,
      rows(["a low", "mid", "top"], (i) => 10 * i),
    );
    await writeFile(
      some!,
      rows(["mid", "top"], (i) => 10 * i + 10),
    );
    await writeFile(
      unknown!,
      rows(["mid", "upper"], (i) => 10 * i + 10),
    );
    const task = ["train", "--task", "classify", "--hidden", "8"];
    const saved = await run([...task, "--data", all!, "--steps", "150", "--save", model!, "--json"]);
    expect(linesOf(saved.out).at(-1), saved.err).toMatchObject({ accuracy: 1 });
    const again = ["train", "--task", "classify", "--load", model!, "--steps", "1", "--learning-rate", "1e-9"];
    const loaded = await run([...again, "--data", some!]);
    expect(loaded.out, loaded.err).toMatch(
      /in 3 classes \(a low, mid, top\), 9 held out, standardised as in training, by/,
    );
    expect(loaded.out).toContain("held-out accuracy 100.0%");
    const refused = await run([...again, "--data", unknown!]);
    expect([refused.code, refused.out]).toEqual([2, ""]);
    expect(refused.err).toContain('unknown.csv: has the class "upper", expected the classes "a low", "mid", "top", as');
    for (const [args, message] of [
      [["--task", "names"], "has texts, expected series of 1 values a step"],
      [[], "whose network tells the class of a sequence, expected one that predicts the next character of a text"],
      [["--task", "adding"], "expected one that adds two numbers, as --task adding does"],
    ] as const) {
      const { code, err } = await run(["train", ...args, "--load", model!]);
      expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    }
  });

  test("--task classify learns nothing from noise beside a column that numbers the rows", async () => {
    const file = join(folder, "pandas.csv");
    const noise = (i: number) => Array.from({ length: 5 }, (_, t) => Math.sin(i * i * 3.7 + 11.3 * t * i).toFixed(4));
    const rows = Array.from({ length: 400 }, (_, i) => [i, i < 200 ? "early" : "late", ...noise(i)].join(","));
    await writeFile(file, [",label,t1,t2,t3,t4,t5", ...rows].join("\n"));
    const args = ["train", "--task", "classify", "--data", file, "--hidden", "16", "--batch", "32", "--steps", "200"];
    const { code, out, err } = await run(args);
    expect(code, err).toBe(0);
    expect(out).toContain("the column without a name left out, which numbers the rows");
    const [, right, largest] = /accuracy ([\d.]+)%, always guessing the largest class ([\d.]+)%/.exec(out)!;
    expect(Number(right)).toBeLessThan(Number(largest) + 15); // of 40 that are held out
  });

  test("--task classify reads UTF-16, and refuses in a line what is no text or no JSON", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => (i % 2 ? "fr,été" : "en,summer")).join("\n");
    const json = `[\n${rows.replace(/(..),(.*)/g, '{"label": "$1", "text": "$2"}')}\n]`; // without commas
    for (const [name, content, message] of [
      ["utf16.csv", Buffer.from(`\uFEFFlabel,text\n${rows}`, "utf16le"), ""],
      ["latin1.csv", Buffer.from(rows, "latin1"), "latin1.csv: has bytes that are no UTF-8, expected text in UTF-8"],
      ["table.csv", Buffer.from("PK\x03\x04\x14\0table"), "table.csv: is a ZIP archive, as .xlsx"],
      ["comma.json", Buffer.from(json), "comma.json: is not JSON ("],
    ] as const) {
      const file = join(folder, name);
      await writeFile(file, content);
      const { code, err } = await run(["train", "--task", "classify", "--data", file, "--hidden", "4", "--steps", "1"]);
      expect([code, err.split("\n").length - 1], err).toEqual(message === "" ? [0, expect.any(Number)] : [1, 1]);
      expect(err).toContain(message);
    }
  });

  test.each(["reference", "gpu"])(
    "what diverges on the %s ends in a line, and takes no file's place",
    async (device) => {
      const file = join(folder, "good.safetensors");
      await writeFile(file, "good");
      const sizes = [
        "--task",
        "adding",
        "--length",
        "5",
        "--hidden",
        "8",
        "--json",
        ...(device === "gpu" ? [] : ["--device", device]),
      ];
      const rate = ["--optimizer", "sgd", "--learning-rate", "1e30", "--clip-norm", "0"];
      const { code, err } = await run(["train", ...sizes, ...rate, "--save", file]);
      expect(code).toBe(1);
      expect(err).toMatch(
        /\ntrain: the (loss|gradients)[^\n]* step \d+ (is|are) [^\n]*; lower --learning-rate, or let --clip-norm clip gradients; nothing was saved\.\n$/,
      );
      expect(await readFile(file, "utf8")).toBe("good");
      expect((await readdir(folder)).filter((name) => name.startsWith("good"))).toEqual(["good.safetensors"]);
    },
  );

  test("Ctrl-C stops it cleanly and saves", async () => {
    const file = join(folder, "stopped.safetensors");
    let asked = false;
    const { code, out, err } = await run(
      ["train", ...small, "--json", "--steps", "1000000", "--save", file],
      (child, sofar) => {
        if (!asked && sofar.includes('"step":20,')) {
          asked = true;
          child.kill("SIGINT");
        }
      },
    );
    expect(code, err).toBe(130);
    expect(linesOf(out).at(-1)).toMatchObject({ done: false, heldOutLoss: null });
    const { tensors, metadata } = readSafetensors(await readFile(file));
    expect(ofNetwork(tensors)).toHaveLength(6);
    expect(JSON.parse(metadata.trainer!).step).toBeGreaterThanOrEqual(20);
  });

  test("Ctrl-C before the first step stops it as well", async () => {
    let asked = false;
    const args = ["train", ...small, "--steps", "300", "--save", join(folder, "early.safetensors")];
    const { code, out, err } = await run(args, (child) => {
      if (!asked) child.kill("SIGINT"); // at the first line, which tells what it will do
      asked = true;
    });
    expect(code, err).toBe(130);
    expect(Number(out.match(/(\d+) steps in/)![1])).toBeLessThan(100);
  });

  test("saves even where the reader of its output goes away", async () => {
    const file = join(folder, "piped.safetensors");
    await run(["train", ...small, "--json", "--steps", "100000", "--save", file], (child) => child.stdout!.destroy());
    expect(ofNetwork(readSafetensors(await readFile(file)).tensors)).toHaveLength(6);
  });

  test("--task i-like-nlp prints every number from the GPU and the reference, and they agree", async () => {
    const { code, out, err } = await run(["train", "--task", "i-like-nlp", "--steps", "2"]);
    expect(code, err).toBe(0);
    for (const name of [
      "h_1",
      "h_2",
      "h_3",
      "ŷ",
      "∂L/∂h_1",
      "∂L/∂W",
      "∂L/∂Wʰ",
      "∂L/∂b",
      "∂L/∂V",
      "∂L/∂b_output",
      "W ← W",
    ]) {
      expect(out).toContain(name);
    }
    expect(out).toMatch(/they agree to 1e-5\n$/);
  });

  test("names its options, and refuses wrong ones in a line with exit code 2", async () => {
    const help = await run(["train", "--help"]);
    expect(help.code).toBe(0);
    for (const option of "task hidden batch length steps learning-rate seed schedule device save load json".split(
      " ",
    )) {
      expect(help.out).toContain(`--${option}`);
    }
    for (const [args, message] of [
      [["--hidden", "none"], '--hidden is "none", expected an integer from 1 to 32768'],
      [
        ["--task", "adding", "--length", "1000000000"],
        '--length is "1000000000", expected an integer from 1 to 1048576',
      ],
      [
        ["--task", "poems"],
        '--task is "poems", expected moby-dick, generate-names, text, classify-names, classify, adding, parity, i-like-nlp',
      ],
      [["--learning-rate=-1"], '--learning-rate is "-1", expected a number above 0'],
      [["--schedule", "fast"], '--schedule is "fast", expected automatic, fused, unrolled, wavefront'],
      [["--cell", "rnn"], '--cell is "rnn", expected elman, gru, lstm'],
      [["--bidirectional"], "--bidirectional does not go with --task moby-dick"],
      [["--wrong"], "Unknown option '--wrong'"],
      [["--task", "i-like-nlp", "--json"], "--json does not go with --task i-like-nlp"],
      [["--save", "/no/such/folder/file"], '--save is "/no/such/folder/file", which cannot be written'],
      [["--task", "classify"], "--data is missing, expected the file that --task classify reads"],
      [
        ["--task", "names", "--data", "x.csv"],
        "--data does not go with --task classify-names; add --task text or --task classify",
      ],
      [["--task", "classify", "--data", "/no/such/file"], '--data is "/no/such/file", which cannot be read'],
      [["--load", "x", "--hidden", "3"], "--hidden does not go with --load"],
    ] as const) {
      const { code, err } = await run(["train", ...args]);
      expect(code).toBe(2);
      expect(err).toContain(message);
      expect(err.trim().split("\n")).toHaveLength(1);
    }
  });

  test("a file that is no checkpoint is refused in a line with exit code 1", async () => {
    const file = join(folder, "text.safetensors");
    await writeFile(file, "this is not a safetensors file");
    const { code, err } = await run(["train", "--load", file]);
    expect(code).toBe(1);
    expect(err).toContain("readSafetensors");
    const recording = await run(["train", "--load", "test/recordings/elman-wide.safetensors"]);
    expect(recording.code).toBe(1);
    expect(recording.err).toContain('metadata "format" is "recurrent-recording", expected "tempograd"');
  });
});

describe("npm run generate", () => {
  const config = { cell: "elman", hidden: 4, readout: "every-step" } as const;
  const saved = async (name: string, symbols: readonly string[], about: object) => {
    const network = networkConfig({ ...config, inputs: symbols.length, outputs: symbols.length, input: "tokens" });
    const read = async () => initialParameters(network);
    const file = join(folder, name);
    await writeFile(file, await saveNetwork({ config: network, read }, { about }));
    return file;
  };
  const described = (symbols: readonly string[]) => ({
    trainedOn: { answer: "character", symbols, classes: [], columns: [], scale: null },
  });

  test("begins with what the network knows where there is no newline, and names what it does not know", async () => {
    const [letters, words] = [
      ["a", "b", "c"],
      [" ", "a", "b"],
    ];
    for (const [file, expected] of [
      [await saved("letters.safetensors", letters!, described(letters!)), /^a[abc]{9}\n$/],
      [await saved("words.safetensors", words!, described(words!)), /^ [ ab]{9}\n$/],
      // As the training page wrote it before files said what they were trained on.
      [
        await saved("earlier.safetensors", letters!, { task: "moby-dick", symbols: letters, args: [] }),
        /^a[abc]{9}\n$/,
      ],
    ] as const) {
      const { code, out, err } = await run(["generate", "--load", file, "--length", "9"]);
      expect([code, out], err).toEqual([0, expect.stringMatching(expected)]);
    }
    const file = join(folder, "letters.safetensors");
    const refused = await run(["generate", "--load", file, "--prompt", "añb船"]);
    expect([refused.code, refused.out, refused.err]).toEqual([
      2,
      "",
      'generate: --prompt has "ñ", "船", expected only the 3 characters that the network was trained on; leave the others ' +
        "out; see npm run generate -- --help.\n",
    ]);
    const rare = ["a", "b", "\uFFFD"];
    const reads = await run([
      ...["generate", "--length", "9", "--prompt", "a船", "--load"],
      await saved("rare.safetensors", rare, described(rare)),
    ]);
    expect([reads.code, reads.err]).toEqual([
      0,
      expect.stringContaining('--prompt has "船", which the network does not know; it reads \uFFFD instead'),
    ]);
  });

  test("refuses a network that does not write, or does not say what it was trained on", async () => {
    const symbols = ["a", "b", "c"];
    for (const [about, message] of [
      [{}, "The file does not say what it was trained on, expected the symbols, classes and scale; train and save it"],
      [
        described(["a", "b"]),
        'The file has ["a","b"] for "symbols", expected what its network was trained on; open another',
      ],
    ] as const) {
      const { code, out, err } = await run(["generate", "--load", await saved("other.safetensors", symbols, about)]);
      expect([code, out, err.split("\n").length], err).toEqual([2, "", 2]);
      expect(err).toContain(message);
    }
    const page = await saved("page.safetensors", symbols, { ...described(symbols), settings: "" });
    const { code, err } = await run(["train", "--resume", page]);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining("which does not say its options, expected a file that --save"),
    ]);
  });
});

describe("npm run verify", () => {
  test("prints a line a file and the exit code 1 where one fails or is not supported", async () => {
    const good = await run(["verify", "--on", "reference", "test/recordings/i-like-nlp.safetensors"]);
    expect(good.code).toBe(0);
    expect(good.out).toMatch(/i-like-nlp .* ok\n/);
    const spoiled = join(folder, "spoiled.safetensors");
    const { tensors, metadata } = readSafetensors(await readFile(join(root, "test/recordings/lstm.safetensors")));
    const network = JSON.stringify({ ...JSON.parse(metadata.network!), cell: "mgu" });
    await writeFile(spoiled, writeSafetensors(tensors, { ...metadata, network }));
    const mixed = await run(["verify", "test/recordings/i-like-nlp.safetensors", spoiled, "package.json"]);
    expect(mixed.code).toBe(1);
    expect(mixed.out).toMatch(/spoiled +unsupported: cell mgu\n/);
    expect(mixed.out).toMatch(/package.json +FAIL readSafetensors/);
    expect(mixed.out).toContain("1 of 3 ok");
  });

  test("refuses wrong options with exit code 2", async () => {
    expect((await run(["verify"])).code).toBe(2);
    expect((await run(["verify", "--on", "mars", "x"])).err).toContain(
      '--on is "mars", expected node, chromium, reference',
    );
  });
});
