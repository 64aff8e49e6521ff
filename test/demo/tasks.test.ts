// Tasks and settings, described once: the page's address and the command line say the same of them, today and as they did.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { trainedOn } from "../../demo/data/said-trained-on";
import { checkedSettings, fromAddress, toAddress } from "../../demo/tasks/address";
import { cellOf, cellWords, definedCells } from "../../demo/tasks/cells";
import { confusionOf } from "../../demo/tasks/confusion";
import { exceptionsOf } from "../../demo/tasks/field";
import { fields, type SettingName, type Settings, settingNames } from "../../demo/tasks/fields";
import { networkOptionsOf } from "../../demo/tasks/library-options";
import { readers } from "../../demo/tasks/readers";
import {
  effective,
  forTask,
  hiddenBy,
  initialOf,
  initialSettings,
  isShown,
  liveOf,
  parse,
  wrongWith,
} from "../../demo/tasks/settings";
import { type TaskName, taskNames, tasks } from "../../demo/tasks/tasks";
import { help } from "../../demo/terminal/help";
import { optionNames, optionOf, terminalOf } from "../../demo/terminal/option-table";
import { argumentsOf, readOptions } from "../../demo/terminal/options";
import { initialParameters, networkConfig, readCheckpoint, saveNetwork, type UniformOptions } from "../../src/index";

/** Values that a setting may have in the page and in the terminal. */
function valuesOf(name: SettingName): fc.Arbitrary<unknown> {
  const field = fields[name];
  if (field.kind === "choice") return fc.constantFrom(...Object.keys(field.choices));
  if (field.kind === "switch") return fc.boolean();
  if (field.kind === "text") return fc.string({ unit: "grapheme", maxLength: 20 });
  const { least = field.least, needed } = terminalOf(name);
  const most = Math.min(field.most, 64); // as much as any device has room for
  const numbers =
    field.kind === "integer"
      ? fc.integer({ min: least, max: most })
      : fc.double({ min: Math.max(least, -10), max: most, noNaN: true }).map((value) => (value === 0 ? 0 : value));
  return field.without === undefined || needed ? numbers : fc.option(numbers, { nil: undefined });
}

const anySettings = fc
  .record(Object.fromEntries(settingNames.map((name) => [name, valuesOf(name)])))
  .map((values) => effective(values as unknown as Settings))
  .filter((settings) => settingNames.every((name) => wrongWith(name, settings) === undefined));

describe("the table of settings", () => {
  test.each(settingNames)("names other settings, and values that they may have: %s", (name) => {
    const { only, except: _, ...field } = fields[name];
    for (const [other, ...values] of [...(only ? [only] : []), ...exceptionsOf(fields[name])]) {
      expect(settingNames).toContain(other);
      for (const value of values) expect(parse(other as SettingName, String(value))).toEqual({ value });
    }
    if ("divides" in field && field.divides) expect(settingNames).toContain(field.divides);
    if (field.kind === "choice") {
      for (const word of [field.initial, ...Object.values(field.aliases ?? {})]) {
        expect(Object.keys(field.choices)).toContain(word);
      }
    }
    expect(wrongWith(name, initialSettings)).toBeUndefined();
  });

  test("has a name of its own for each on the command line, which its help explains", () => {
    const options = optionNames.map(optionOf);
    expect(new Set(options).size).toBe(options.length);
    for (const option of [...options, "data", "save", "load", "resume", "json"]) {
      expect(help()).toMatch(new RegExp(`^ {2}--${option}( |$)`, "m"));
    }
    expect(
      Math.max(
        ...help()
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(120);
  });

  test("says which take effect at once", () => {
    expect(Object.keys(liveOf(initialSettings)).sort()).toEqual(
      ["hiddenTab", "learningRate", "pauseAt", "prompt", "temperature"].sort(),
    );
  });
});

describe("settings", () => {
  test("are the same again from the address", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(fromAddress(`#${toAddress(settings)}`)).toEqual({ settings, ignored: [] });
      }),
    );
  });

  test("are the same again from the command line", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { pauseAt = 1 } = settings;
        const data = tasks[settings.task].own ? "file" : undefined;
        const encoding = data && settings.seed % 2 ? ("shift_jis" as const) : undefined;
        const given = { settings: { ...settings, pauseAt }, example: false, data, encoding, device: undefined };
        const args = argumentsOf({ ...given, save: undefined, load: undefined, resume: undefined, json: false });
        const options = readOptions(args)!;
        const said = (all: Settings) => Object.fromEntries(optionNames.map((name) => [name, all[name]]));
        expect([said(options.settings), options.data, options.encoding]).toEqual([
          said(given.settings),
          data,
          encoding,
        ]);
      }),
    );
  });

  test.each([
    ["data=own-text&steps=64", { task: "text", steps: 64 }],
    ["data=names&carryState=true", { task: "generate-names", carryState: true }],
    ["data=name-lists&clipNorm=none", { task: "classify-names", clipNorm: undefined }],
    ["data=sequences&rateSchedule=warm-up", { task: "classify", rateSchedule: "warm-up" }],
    ["data=adding", { task: "adding" }],
    ["data=moby-dick&cell=lstm", { cell: "lstm" }],
  ])("of addresses and files from before tasks had one name are read: %s", (address, changes) => {
    expect(fromAddress(address)).toEqual({ settings: { ...initialSettings, ...changes }, ignored: [] });
    expect(checkedSettings(address)).toEqual({ ...initialSettings, ...changes });
  });

  test.each([
    ["--task=names --hidden=64 --batch=64 --length=16 --steps=30", { task: "classify-names", pauseAt: 30, steps: 16 }],
    ["--task=generate-names --window=9 --schedule-lr=warmup", { carryState: true, steps: 9, rateSchedule: "warm-up" }],
    ["--clip-norm=0 --dropout=0 --optimizer=sgd", { clipNorm: undefined, learningRate: 0.5, weightDecay: 0 }],
    ["--clip-norm=0.0 --optimizer=adamw --cell=lstm", { clipNorm: undefined, learningRate: 0.02, weightDecay: 0.01 }],
    ["--task=adding --cell=gru", { learningRate: 0.01, hidden: 32, steps: 100, pauseAt: 2000 }],
    ["--data a.txt", { task: "text" }],
    ["--data a.csv --column y --season 7", { task: "forecast", columns: "y", season: 7, future: 12 }],
    ["", { task: "moby-dick", cell: "elman", hidden: 128, pauseAt: 1500, schedule: "automatic", clipNorm: 1 }],
  ])("of earlier command lines are read: %s", (args, expected) => {
    expect(readOptions(args.split(" ").filter(Boolean))!.settings).toMatchObject(expected);
  });

  test.each(taskNames)("are the defaults of a task where an address says it alone: %s", (task) => {
    const { settings, ignored } = fromAddress(`task=${task}`);
    expect([settings, ignored]).toEqual([{ ...initialSettings, task, ...tasks[task].usual }, []]);
    expect(toAddress(settings)).toBe(task === "moby-dick" ? "" : `task=${task}`);
  });

  test("go from the defaults of one task to those of another, but for what was chosen", () => {
    const chosen = { ...initialOf("adding"), hidden: 77, cell: "lstm" } as const;
    expect(forTask("parity", chosen)).toEqual({ ...initialOf("parity"), hidden: 77, cell: "lstm" });
    for (const task of taskNames) expect(forTask(task, initialSettings)).toEqual(initialOf(task));
  });

  test("mean the same task by the same word in an address and on the command line", () => {
    for (const word of [...taskNames, "names"]) {
      const args = [`--task=${word}`, "--data=file"].slice(0, /^(text|classify|forecast)$/.test(word) ? 2 : 1);
      expect(readOptions(args)!.settings.task).toBe(fromAddress(`task=${word}`).settings.task);
    }
  });

  test.each([
    ["__proto__=1&constructor=2&task=toString", ["__proto__=1", "constructor=2", "task=toString"]],
    ["data=__proto__&cell=constructor", ["data=__proto__", "cell=constructor"]],
    ["data=none&hidden=none&carryState=1", ["data=none", "hidden=none", "carryState=1"]],
  ])("that an address does not say are left at their defaults, and told: %s", (address, ignored) => {
    expect(fromAddress(address)).toEqual({ settings: initialSettings, ignored });
  });

  test("that would do nothing beside others are refused on the command line, by name", () => {
    const message = (args: string) => {
      try {
        return JSON.stringify(readOptions(args.split(" ")));
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const [args, expected] of [
      ["--reset before", "--reset does not go with --cell elman: it would do nothing; leave it out"],
      ["--dropout 0.5", "--dropout does not go with --layers 1: it acts between layers; add --layers 2"],
      ["--task adding --prompt a", "--prompt does not go with --task adding: it would do nothing; leave it out"],
      ["--task names --window 5", "--window does not go with --task classify-names: its sequences are whole"],
      ["--task names --bidirectional --checkpoint-every 4", "--checkpoint-every does not go with --bidirectional: "],
      ["--checkpoint-every 5", '--checkpoint-every is "5", expected a divisor of the 32 time steps'],
      ["--load x --balanced --task names", "--balanced does not go with --load: the file says what the network is"],
      ["--task text", "--data is missing, expected the file that --task text reads"],
      [
        "--data a.csv",
        '--data is "a.csv", a table; add --task classify where each row has a class, or --task forecast',
      ],
      ["--column y", "--column does not go with --task moby-dick: it would do nothing; leave it out"],
      ["--steps none", '--steps is "none", expected an integer from 1 to 4294967295'],
      ["--steps 0", '--steps is "0", expected an integer from 1 to 4294967295'],
      [`--prompt ${"a".repeat(401)}`, "--prompt has 401 characters, expected 400 at most"],
    ] as const) {
      expect(message(args)).toContain(expected);
    }
  });

  test("are hidden where and only where their default holds", () => {
    fc.assert(
      fc.property(anySettings, fc.constantFrom(...settingNames), (settings, name) => {
        if (isShown(name, settings)) expect(effective(settings)[name]).toBe(settings[name]);
        else expect(effective({ ...settings })[name]).toBe(initialOf(settings.task)[name]);
        expect(hiddenBy(name, settings)).not.toBe(name);
      }),
    );
  });
});

describe("every cell", () => {
  test.each(cellWords)("%s is one of the library, or is defined under its name, and so in files", async (word) => {
    const cell = await cellOf(word);
    expect(typeof cell === "string" ? cell : cell.name).toBe(word);
    const settings = { ...initialSettings, cell: word, hidden: 4 };
    const network = { inputs: 3, outputs: 2, input: "features", readout: "last-step" } as const;
    const config = networkConfig(await networkOptionsOf(settings, network));
    const file = await saveNetwork({ config, read: async () => initialParameters(config) });
    const read = await readCheckpoint(file, { cells: await definedCells() });
    expect(JSON.stringify(read.network)).toBe(JSON.stringify(config));
  });
});

describe("every task", () => {
  const rows = Array.from({ length: 60 }, (_, i) => [i % 2 ? "up" : "down", i, (i * 7) % 5, 3].join(","));
  const own = {
    text: { name: "a.txt", text: "The sea was calm. ".repeat(60) },
    classify: { name: "a.csv", text: rows.join("\n") },
  };
  const cases = taskNames.flatMap((task) => {
    const carries = isShown("carryState", { ...initialSettings, task });
    return (carries ? [false, true] : [false]).map((carryState) => [task, carryState] as const);
  });

  const made = async (task: TaskName, changes: Partial<Settings>) => {
    const settings = effective({ ...initialSettings, task, hidden: 4, batch: 6, steps: 8, ...changes });
    const make = await readers[task](own[task as keyof typeof own], settings);
    return { settings, make, problem: make(settings) };
  };

  test.each(cases)(
    "%s gives batches that its network reads, and again from any position, carried: %s",
    async (task, carryState) => {
      const { settings, problem } = await made(task, { carryState });
      const { steps } = problem;
      const { input, inputs: width, outputs, readout, loss, encoder = 0 } = problem.network;
      expect(networkConfig(await networkOptionsOf(settings, problem.network)).seed).toBe(settings.seed);
      const perStep = input === "tokens" ? 1 : width;
      const sourceSteps = problem.translation?.sourceSteps ?? 0;
      const stream = problem.training();
      const first = Array.from({ length: 3 }, () => stream.next().value);
      const { position } = stream;
      const then = stream.next().value;
      expect(problem.training(JSON.parse(JSON.stringify(position))).next().value).toEqual(then);
      for (const { inputs, targets, source = [] } of [...first, then]) {
        expect(inputs).toHaveLength(steps * settings.batch * perStep);
        expect(source).toHaveLength(sourceSteps * settings.batch);
        const values = loss === "cross-entropy" || loss === "mean-squared-error" ? 1 : outputs;
        expect(targets).toHaveLength((readout === "every-step" ? steps : 1) * settings.batch * values);
        if (input === "tokens") expect(Math.max(...inputs)).toBeLessThan(width);
        if (encoder > 0) expect(Math.max(...source)).toBeLessThan(encoder);
        if (loss === "cross-entropy") expect(Math.max(...targets)).toBeLessThan(outputs);
      }
      const lengths = new Set([...problem.heldOut()].map(({ inputs }) => inputs.length));
      expect([...lengths]).toEqual([problem.evaluation.steps * problem.evaluation.batch * perStep]);
      expect(problem.tokensPerStep).toBeGreaterThan(0);
      expect(problem.tokensPerStep).toBeLessThanOrEqual((steps + sourceSteps) * settings.batch);
      expect(problem.trainedOn.answer).toBe(tasks[task].answer);
      expect(problem.prompt !== undefined).toBe(tasks[task].answer === "character");
      expect(problem.example === undefined).toBe(encoder > 0);
      const { batch, labels } = problem.example ?? {};
      if (batch) expect(batch.inputs).toHaveLength(labels!.length * perStep);
      expect(problem.baseline.loss ?? problem.baseline.accuracy).toBeGreaterThan(0);
    },
  );

  describe("forecast", () => {
    const lines = Array.from(
      { length: 60 },
      (_, i) => `${i % 7 === 0 ? "sun" : "day"},${i},${(i * 7) % 10},${i < 54 ? 2 * i : ""}`,
    );
    const csv = { name: "shop.csv", text: ["kind,n,price,sold", ...lines].join("\n") };
    const problemOf = async (changes: Partial<Settings>) => {
      const settings = effective({ ...initialOf("forecast"), steps: 5, future: 3, batch: 4, ...changes });
      return (await readers.forecast(csv, settings))(settings);
    };

    test("of the made series refuses a column by the name of what every object has", async () => {
      const settings = effective({ ...initialOf("forecast"), columns: "constructor" });
      const make = await readers.forecast(undefined, settings);
      expect(() => make(settings)).toThrow('The made series: has no column "constructor", expected load or warmth');
    });

    test("reads the columns that are named, holds the last fifth out, and says what its file needs", async () => {
      const problem = await problemOf({ columns: "sold", known: "Price", season: 10 });
      const { windows } = problem.trainedOn;
      expect(windows).toMatchObject({ past: 5, future: 3, targets: ["sold"], known: ["price"], relative: true });
      expect(problem.network).toMatchObject({ inputs: 1 + 4, outputs: 3 * 3 });
      expect(problem.description).toContain(
        "54 steps of sold, price known ahead, the next 3 forecast from 5, the last 11 held",
      );
      expect(problem.description).toContain("6 rows without a value of sold are the future");
      expect(problem.baseline.meaning).toBe("repeating the last 10 steps");
      const plain = JSON.parse(JSON.stringify({ trainedOn: problem.trainedOn }));
      const network = { ...problem.network, cell: "gru", hidden: 4 } as UniformOptions;
      expect(trainedOn(plain, network)).toEqual(problem.trainedOn);
      for (const spoilt of [
        { past: 0 },
        { future: 4 },
        { targets: "sold" },
        { scaler: null },
        { scaler: { columns: {} } },
      ]) {
        const about = { trainedOn: { ...problem.trainedOn, windows: { ...windows, ...spoilt } } };
        expect(() => trainedOn(about, network)).toThrow('for "windows", expected what its network was trained on');
      }
      const settings = initialOf("forecast");
      const again = (await readers.forecast(csv, settings))(settings, { trained: problem.trainedOn });
      expect(again.trainedOn).toEqual(problem.trainedOn);
      expect(again.steps).toBe(5);
    });

    test("judges answers in the unit of the series, beside what knows nothing", async () => {
      const problem = await problemOf({ columns: "sold", season: 10 });
      const perfect = [...problem.heldOut()].map(({ targets, weights }) => {
        const rows = [...weights!.keys()].filter((row) => weights![row]! > 0);
        return (targets as Float32Array).subarray(0, rows.length * 9);
      });
      const { numbers, lines } = problem.judge!(perfect);
      const { sold } = numbers.forecast as { sold: Record<string, number> };
      expect(sold!.meanAbsoluteError).toBeLessThan(1e-4);
      expect(sold!.lastValue).toBeCloseTo((2 + 4 + 6) / 3, 6);
      expect(sold!.lastSeason).toBeCloseTo(20, 6);
      expect(lines[0]).toMatch(
        /^sold: held-out mean absolute error .*; repeating the last 10 steps 20.00, the last value 4.000;/,
      );
    });

    test.each([
      [{ columns: "profit" }, 'shop.csv: has no column of numbers "profit", expected one of "price", "sold"'],
      [{ steps: 60 }, "shop.csv: has 54 steps, expected 79 or more to read 60 and forecast 3; give more of them"],
      [{ columns: "price", known: "price" }, '"price" is in known and in targets'],
    ])("refuses %o", async (changes, message) => {
      await expect(problemOf({ columns: "sold", ...changes })).rejects.toThrow(message);
    });
  });

  test("of classes says how they were confused", () => {
    const labels = [0, 0, 1, 1, 1];
    const told = [0, 1, 1, 1, 0].map((label) => (label === 0 ? [2, 1] : [-1, 3]));
    const answers = [Float32Array.from(told.slice(0, 3).flat()), Float32Array.from([...told.slice(3), [9, 0]].flat())];
    const { numbers, lines } = confusionOf(["a", "b"], labels, answers);
    expect(numbers).toEqual({
      classes: ["a", "b"],
      confusion: [
        [1, 1],
        [1, 2],
      ],
    });
    expect(lines.slice(1).map((line) => line.trim().split(/\s+/))).toEqual([
      ["a", "b"],
      ["a", "1", "1"],
      ["b", "1", "2"],
    ]);
    const many = Array.from({ length: 20 }, (_, i) => `class ${i}`);
    const o = new Float32Array(60);
    for (const [row, label] of [3, 3, 5].entries()) o[20 * row + label] = 1;
    const worst = confusionOf(many, [7, 7, 5], [o]);
    expect(worst.lines).toEqual(["held out, told most often as another class:", "  2 of class 7 as class 3"]);
  });

  test.each(taskNames)("%s refuses a question in few words, however long it is", async (task) => {
    const { problem } = await made(task, {});
    for (const question of ["x", "9", "é", "+ ", "0.1 "].map((part) => part.repeat(5000))) {
      let said = "";
      try {
        problem.asking.read(question);
      } catch (error) {
        said = (error as Error).message;
      }
      expect(said.length).toBeLessThan(400);
    }
  });

  test.each(taskNames)("%s holds the same out, however many rows an evaluation has", async (task) => {
    const { settings, make, problem } = await made(task, {});
    if (/^(sum|parity)$/.test(tasks[task].answer)) return expect(problem.description).toContain("no end"); // there is no end of them
    const targets = (one: typeof problem) => {
      const all = [...one.heldOut()].flatMap(({ targets, weights }) => {
        const width = targets.length / (weights?.length ?? targets.length);
        return [...targets].filter((target, i) => (weights ? weights[Math.floor(i / width)]! > 0 : target >= 0));
      });
      return Buffer.from(Float64Array.from(all).sort().buffer);
    };
    expect(targets(make(settings, { heldOutRows: () => 3 })).equals(targets(problem))).toBe(true);
  });

  test("of parity is the product of all signs so far", async () => {
    const { problem } = await made("parity", {});
    const { inputs, targets } = problem.training().next().value;
    const signs = (row: number, steps: number) => Array.from({ length: steps }, (_, step) => inputs[step * 6 + row]!);
    const product = (row: number, steps: number) => signs(row, steps).reduce((all, sign) => all * sign, 1);
    expect(new Set(inputs)).toEqual(new Set([-1, 1]));
    for (const [at, odd] of targets.entries()) expect(odd).toBe(product(at % 6, Math.floor(at / 6) + 1) < 0 ? 1 : 0);
    expect(problem.evaluation.steps).toBe(5 * problem.steps);
  });

  test("is laid out as the network was trained that goes on with it", async () => {
    const { settings, problem, make } = await made("text", {});
    const { trainedOn } = problem;
    const symbols = [...trainedOn.symbols].reverse();
    expect(make(settings, { trained: { ...trainedOn, symbols } }).vocabulary!.symbols).toEqual(symbols);
    expect(() => make(settings, { trained: { ...trainedOn, symbols: ["a"] } })).toThrow(
      "as the network was trained on",
    );
  });
});
