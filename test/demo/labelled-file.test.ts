import fc from "fast-check";
import Papa from "papaparse";
import { describe, expect, test } from "vitest";
import { classification, standardised } from "../../demo/data/classification";
import type { TableView } from "../../demo/data/columns";
import { type LabelledFile, readLabelledFile, readToTell } from "../../demo/data/labelled-file";
import { callInPage, withPage } from "../../demo/terminal/in-browser";
import { anyText } from "../any-text";

const repeated = (lines: readonly string[], times = 5) => Array.from({ length: times }, () => lines).flat();
const languages = repeated(["en,the cat", "de,die Katze"]);
const series = repeated(["up,1,2,3", "down,3,2.5"]);
const textsOf = (file: LabelledFile) =>
  file.items.map((item) => [file.classes[item.label], "text" in item ? item.text : [...item.features]]);
const readLines = (lines: readonly string[], name = "data.csv") => readLabelledFile(name, lines.join("\n"));

describe("readLabelledFile reads CSV", () => {
  test("of texts without a header", async () => {
    const file = await readLines(languages);
    expect(file).toMatchObject({ kind: "tokens", classes: ["de", "en"], longest: 9 });
    expect(file.items).toHaveLength(10);
    expect(file.items.slice(0, 2)).toEqual([
      { label: 1, text: "the cat" },
      { label: 0, text: "die Katze" },
    ]);
  });

  test("of series of different lengths, with empty cells at the end, numeric classes and no header", async () => {
    const file = await readLines(repeated(["1\t0.5\t-1e2\t\t", "2\t.5\t1\t2\t3"]), "data.tsv");
    expect(file).toMatchObject({ kind: "features", classes: ["1", "2"], inputs: 1, longest: 4 });
    expect(file.items.slice(0, 2)).toEqual([
      { label: 0, features: Float64Array.of(0.5, -100) },
      { label: 1, features: Float64Array.of(0.5, 1, 2, 3) },
    ]);
  });

  test("with a header, whatever the class is called and wherever it stands, and with one that names no class", async () => {
    const expected = textsOf(await readLines(languages));
    const turned = languages.map((line) => line.split(",").reverse().join(";"));
    expect(textsOf(await readLines(["Class,text", ...languages]))).toEqual(expected);
    expect(textsOf(await readLines(["text; TARGET ", ...turned]))).toEqual(expected);
    expect(textsOf(await readLines(["species,t1,t2,t3", ...series]))).toEqual(textsOf(await readLines(series)));
    expect(textsOf(await readLines(["label,1990,1991", ...series]))).toEqual(textsOf(await readLines(series)));
  });

  test("with CRLF, blank lines, blanks around classes, and quotes", async () => {
    const ugly = `label,text\r\n\r\n${repeated([' en ,"say ""hi"", now\r\nor never"', '"a,b", 🙂é'])
      .map((line) => `${line}\r\n,\r\n`)
      .join("\r\n")}`;
    const file = await readLabelledFile("ugly.csv", ugly);
    expect(file).toMatchObject({ classes: ["a,b", "en"], longest: 23 });
    expect(textsOf(file).slice(0, 2)).toEqual([
      ["en", 'say "hi", now\r\nor never'],
      ["a,b", " 🙂é"],
    ]);
  });

  test("that papaparse wrote: all rows come back, in any separator", async () => {
    const label = anyText({ minLength: 1 }).map((text) => `${text.replace(/[\0\uFFFD]/gu, "")}x`);
    const text = label.map((text) => `"${text}`);
    const numbers = fc.array(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      { minLength: 2, maxLength: 6 },
    );
    const rowsOf = <Value>(value: fc.Arbitrary<Value>) =>
      fc
        .uniqueArray(
          label.map((text) => text.trim()),
          { minLength: 2, maxLength: 4 },
        )
        .chain((classes) => fc.array(fc.tuple(fc.constantFrom(...classes), value), { minLength: 10, maxLength: 30 }))
        .filter((rows) => new Set(rows.map(([label]) => label)).size > 1);
    const separator = fc.constantFrom(",", ";", "\t", "|");
    const newline = fc.constantFrom("\n", "\r\n");
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(rowsOf(text), rowsOf(numbers)),
        separator,
        newline,
        async (rows, delimiter, newline) => {
          const table = [["label", "value"], ...rows.map(([label, value]) => [label, value].flat())];
          const file = await readLabelledFile("data.csv", Papa.unparse(table, { delimiter, newline }));
          expect(textsOf(file)).toEqual(rows);
        },
      ),
    );
  });
});

describe("readLabelledFile leaves out a column that numbers the rows, and says so", () => {
  const bare = repeated(["up,0.5,2,3", "down,3,2.5,7"], 6);
  const numbered = (first: number, rows = bare) => rows.map((row, i) => `${i + first},${row}`);
  const shuffled = bare.map((row, i) => `${(i * 7) % 12},${row}`);
  test.each([
    ["pandas' index", [",label,t1,t2,t3", ...numbered(0)], [""]],
    ["pandas' index of rows that were shuffled", [",label,t1,t2,t3", ...shuffled], [""]],
    [
      "pandas' index, and one that it read again",
      ["Unnamed: 0.1,Unnamed: 0,label,a,b,c", ...numbered(0, numbered(0))],
      ["Unnamed: 0.1", "Unnamed: 0"],
    ],
    ["R's row names", ['"","label","t1","t2","t3"', ...numbered(1).map((row) => row.replace(/^\d+/, '"$&"'))], [""]],
    ["an id", ["ID,label,t1,t2,t3", ...shuffled], ["ID"]],
    ["an id behind the class", ["label,t1,t2,t3,row_id", ...bare.map((row, i) => `${row},${90 - i}`)], ["row_id"]],
    ["a count without a header", numbered(1), [""]],
    ["a count beside a class that no header names", [",species,t1,t2,t3", ...numbered(0)], [""]],
    ["a count of any name", ["label,a,b,c,d", ...bare.map((row, i) => `${row},${i + 1}`)], ["d"]],
  ] as [string, string[], string[]][])("%s", async (_, lines, leftOut) => {
    const file = await readLines(lines);
    expect(textsOf(file)).toEqual(textsOf(await readLines(bare)));
    expect(file.leftOut).toEqual(leftOut);
    const name = leftOut[0] === "" ? "without a name" : `"${leftOut[0]}"`;
    expect(classification(file).description).toContain(`, the column ${name} left out, which numbers the rows`);
  });

  test("beside texts too", async () => {
    const rows = languages.map((row, i) => `${i},${row}`);
    expect(textsOf(await readLines(["id,label,text", ...rows]))).toEqual(textsOf(await readLines(languages)));
    await expect(readLines(["id,label", ...languages.map((_, i) => `${i},${i % 2}`)])).rejects.toThrow(
      "data.csv: has one column beside one that numbers the rows, expected the class in one column",
    );
  });

  test("and none that says more than that", async () => {
    const kept = async (header: string, cell: (i: number) => unknown) =>
      (await readLines([header, ...bare.map((row, i) => `${row},${cell(i)}`)])).items[1];
    expect(await kept("label,a,b,c,id", (i) => i % 3)).toEqual({ label: 0, features: Float64Array.of(3, 2.5, 7, 1) });
    expect(await kept("label,a,b,c,id", (i) => i + 0.5)).toMatchObject({ features: { 3: 1.5 } });
    expect(await kept("label,a,b,c,rank", (i) => (i * 7) % 12)).toMatchObject({ features: { 3: 7 } });
  });
});

describe("readLabelledFile takes the column of classes that is chosen", () => {
  const lines = ["t1,Kind,class,t3", ...repeated(["1,up,2,3", "3,down,2.5,0"])];
  const choosing = (label: string, all = lines) => readLabelledFile("data.csv", all.join("\n"), { label });

  test("by its name or its place, with a header or without, whatever others are called", async () => {
    for (const label of ["Kind", "kind ", "2"]) {
      const file = await choosing(label);
      expect(file).toMatchObject({ kind: "features", classes: ["down", "up"], columns: ["t1", "class", "t3"] });
      expect(textsOf(file)[0]).toEqual(["up", [1, 2, 3]]);
    }
    const bare = await choosing("2", lines.slice(1));
    expect(textsOf(bare).slice(0, 2)).toEqual([
      ["up", [1, 2, 3]],
      ["down", [3, 2.5, 0]],
    ]);
    const numbered = lines.map((line, i) => `${i === 0 ? "" : i - 1},${line}`);
    expect(textsOf(await choosing("kind", numbered))).toEqual(textsOf(await choosing("kind")));
    await expect(choosing("species")).rejects.toThrow(
      'data.csv: has no column "species", expected one of "t1", "Kind", "class", "t3", or a place from 1 to 4; name the',
    );
  });
});

describe("readLabelledFile reads decimal commas", () => {
  test("and refuses long numbers that are written in two ways in few words", async () => {
    const lines = ["label;a", `up;${"1".repeat(5000)},5`, "down;0.25"];
    await expect(readLines(lines)).rejects.toThrow(/^data\.csv: has "1{60}…" in row 2 and "0\.25" in row 3, expected/);
  });

  test("where semicolons or tabs stand between the cells", async () => {
    const expected = textsOf(await readLines(["label,a,b", ...repeated(["up,1.5,-2", "down,0.25,1e3"])]));
    for (const separator of [";", "\t"]) {
      const lines = ["label;a;b", ...repeated(["up;1,5;-2", "down;,25;1e3"])].map((line) =>
        line.replaceAll(";", separator),
      );
      expect(textsOf(await readLines(lines))).toEqual(expected);
    }
    await expect(readLines(["label;a;b", ...repeated(["up;1,5;2", "down;0.25;3"])])).rejects.toThrow(
      'data.csv: has "1,5" in row 2 and "0.25" in row 3, expected decimal commas or decimal points alone; write all',
    );
    const texts = repeated(["a;one, two", "b;3,5 or so"]);
    expect(textsOf(await readLines(texts))[1]).toEqual(["b", "3,5 or so"]);
  });
});

describe("readToTell", () => {
  const told = async (lines: readonly string[], name = "data.csv", classes = ["down", "up"]) =>
    (await readToTell(name, lines.join("\n"), { classes })).map(({ label, sequence }) => [
      label,
      "text" in sequence ? sequence.text : [...sequence.features],
    ]);

  test("reads few rows, with the classes of a network or without any, with a header or not", async () => {
    const labelled = [
      ["up", [1, 2]],
      ["down", [2, 1]],
    ];
    expect(await told(["up,1,2", "down,2,1"])).toEqual(labelled);
    expect(await told(["kind,t1,t2", "up,1,2", "down,2,1"])).toEqual(labelled);
    expect(await told(["t1,t2,label", "1,2,up", "2,1,down"])).toEqual(labelled);
    const bare = labelled.map(([, values]) => [undefined, values]);
    expect(await told(["1,2", "2,1"])).toEqual(bare);
    expect(await told(["t1,t2", "1,2", "2,1"])).toEqual(bare);
    expect(await told(["t1;t2", "1,5;2", "2;1"])).toEqual([
      [undefined, [1.5, 2]],
      [undefined, [2, 1]],
    ]);
    expect(await told(["up,one"])).toEqual([["up", "one"]]);
  });

  test("reads texts a row, a line or an item each", async () => {
    const bare = [
      [undefined, "one"],
      [undefined, "and two"],
    ];
    expect(await told(["one", "and two"])).toEqual(bare);
    expect(await told(["text", "one", "and two"])).toEqual(bare);
    expect(await told(["one", "", "and two"], "a.txt")).toEqual(bare);
    expect(await told(['[{"text": "one"}, {"text": "and two"}]'], "a.json")).toEqual(bare);
    await expect(told(["one, two", "three, four"])).rejects.toThrow("put quotes around a text with separators");
    await expect(told([""])).rejects.toThrow("data.csv: has 0 items, expected 1 or more; add some.");
  });
});

describe("readLabelledFile reads what stands before a header", () => {
  test("the separator, as Excel has it", async () => {
    const expected = textsOf(await readLines(languages));
    for (const [first, separator] of [
      ["sep=;", ";"],
      ["SEP=\t", "\t"],
      ['"sep=:"', ":"],
      ["sep=;;", ";"], // of a table with more columns
    ] as const) {
      const rows = ["label,text", ...languages].map((row) => row.replace(",", separator));
      expect(textsOf(await readLabelledFile("a.csv", [first, ...rows].join("\r\n")))).toEqual(expected);
    }
  });

  test("comments, also with separators, before a header or none", async () => {
    const expected = textsOf(await readLines(languages));
    const comments = ["# of two languages, by hand", "", '  #; 2026 | "quoted'];
    expect(textsOf(await readLines([...comments, "label,text", ...languages]))).toEqual(expected);
    expect(textsOf(await readLines([...comments, ...languages]))).toEqual(expected);
    expect(textsOf(await readLines(["sep=;", ...comments, ...languages.map((row) => row.replace(",", ";"))]))).toEqual(
      expected,
    );
    expect((await readLines([...comments, ...series, "up,1,x"])).said).toEqual([
      '1 of 11 rows left out, which cannot be used (row 14: value 2 is "x")',
    ]);
  });

  test("a header that is a comment, as numpy writes it", async () => {
    const even = repeated(["3,2,1,up", "4,3,2.5,down"]);
    const file = await readLines(["# made by savetxt", "# t3,t2,t1,label", ...even]);
    expect(file).toMatchObject({ kind: "features", classes: ["down", "up"], columns: ["t3", "t2", "t1"] });
    expect(file.items[0]).toEqual({ label: 1, features: Float64Array.of(3, 2, 1) });
  });

  test("no comment where a class begins so", async () => {
    const tags = repeated(["#news,today", "#sports,a goal"]);
    expect(await readLines(tags)).toMatchObject({ classes: ["#news", "#sports"], items: { length: 10 } });
    expect(await readLines([...tags, "other,text", "other,more"])).toMatchObject({ items: { length: 12 } });
    expect(await readLines(["# by, hand", "# by, eye", "label,text", ...tags])).toMatchObject({
      items: { length: 10 },
    });
  });
});

describe("readLabelledFile reads JSON", () => {
  const items = repeated(["b", "a"]).map((label, i) => ({ label, text: `text ${i}` }));
  const matrices = items.map(({ label }, i) => ({
    label: label === "a",
    values: [
      [i, 1.5],
      [2, 3],
    ],
  }));

  test("as an array, as data, and as an item a line", async () => {
    const expected = await readLabelledFile("a.json", JSON.stringify(items));
    expect(textsOf(expected)).toEqual(items.map(({ label, text }) => [label, text]));
    const others = [
      JSON.stringify({ data: items }, null, 2),
      items.map((item) => JSON.stringify(item)).join("\n"),
      `${items.map(({ label, text }) => `${JSON.stringify({ text, class: label })}\r\n\r\n`).join("")}`,
    ];
    for (const text of others)
      expect(await readLabelledFile("a.jsonl", text)).toEqual({ ...expected, name: "a.jsonl" });
  });

  test("with one number a step, or several", async () => {
    const several = await readLabelledFile("a.json", JSON.stringify(matrices));
    expect(several).toMatchObject({ kind: "features", classes: ["false", "true"], inputs: 2, longest: 2 });
    expect(several.items[3]).toEqual({ label: 1, features: Float64Array.of(3, 1.5, 2, 3) });
    const one = await readLabelledFile(
      "a.json",
      JSON.stringify(matrices.map(({ label }) => ({ label, values: [1, 2] }))),
    );
    expect(one).toMatchObject({ inputs: 1, longest: 2 });
  });

  test("and says which item or line is wrong", async () => {
    const failing = async (bad: unknown) => {
      const { said, items } = await readLabelledFile(
        "a.json",
        JSON.stringify([...matrices.slice(0, 2), bad].concat(matrices)),
      );
      expect(items).toHaveLength(12);
      throw new Error(said.join());
    };
    for (const [bad, message] of [
      [{ label: "a" }, '1 of 13 items left out, which cannot be used (item 3: is {"label":"a"})'],
      [{ label: "a", text: "", values: [] }, 'item 3: is {"label":"a","text":"","values":[]})'],
      [null, "item 3: is null)"],
      [{ values: [[1, 2]] }, "item 3: its class is missing)"],
      [{ label: {}, values: [[1, 2]] }, "item 3: its class is {})"],
      [{ label: "a", text: "one" }, 'item 3: its values are "one")'],
      [{ label: "a", values: [] }, "item 3: its values are [])"],
      [{ label: "a", values: [[1, 2], [3]] }, "item 3: step 2 is [3])"],
      [{ label: "a", values: [1] }, "item 3: step 1 is 1)"],
      [{ label: "a", values: [[1, null]] }, "item 3: value 2 of step 1 is null)"],
    ] as const) {
      await expect(failing(bad)).rejects.toThrow(message);
    }
    const lines = items.map((item) => JSON.stringify(item));
    const torn = await readLines([...lines, "", '{"label":'], "a.jsonl");
    expect([torn.items.length, torn.said]).toEqual([
      10,
      [expect.stringMatching(/^1 of 11 items left out.*line 12: is not J/)],
    ]);
    await expect(readLines([...lines.slice(1), "", '{"label":', "[]"], "a.jsonl")).rejects.toThrow(
      /^a\.jsonl: 2 of 11 items cannot be used \(line 11: is not JSON \(.*\); line 12: is \[\]\), expected JSON; correct it\.$/,
    );
    await expect(readLines(["[", ...lines, "]"], "a.json")).rejects.toThrow("a.json: is not JSON (");
    const spoiled = readLines(["[", '  {"label": "a",', '   "text": "b" "c"}', "]"], "a.json");
    await expect(spoiled).rejects.toThrow(/^a\.json: is not JSON \(.*\), expected JSON; correct it\.$/); // on one line
    const long = "x".repeat(5000);
    await expect(readLines([JSON.stringify([...items, long, long])], "a.json")).rejects.toThrow(
      /^.{1,300}$/, // and does not repeat all of it
    );
    await expect(readLines(['{"items": []}'], "a.json")).rejects.toThrow(
      'a.json: is {"items":[]}, expected an array of items, {"data": […]}, or one item a line; rewrite it so.',
    );
    await expect(readLines([JSON.stringify([...items, ...matrices])], "a.json")).rejects.toThrow(
      "a.json: 10 of 20 items cannot be used (item 11: its text is [[0,1.5],[2,3]]; item 12: its text is",
    );
  });

  describe("nested ten million deep: refused at once, before a value of it is made", () => {
    const depth = 1e7;
    const good = items.map((item) => JSON.stringify(item));
    test.each<[name: string, where: string, text: () => string]>([
      ["closed", "a.json", () => "[".repeat(depth) + "]".repeat(depth)],
      ["open", "a.json", () => "[".repeat(depth)],
      ["objects", "a.json", () => '{"a":'.repeat(depth / 5)],
      ["in the last item", "a.json", () => `[${good},${"[".repeat(depth)}${"]".repeat(depth)}]`],
      [
        "in a line",
        "a.jsonl, line 9",
        () => [...good.slice(2), `{"label":"a","values":${"[".repeat(depth)}}`].join("\n"),
      ],
    ])("%s", async (_, where, text) => {
      const [name] = where.split(",") as [string];
      const given = text();
      given.lastIndexOf("?"); // it lies in one piece
      const [started, { heapUsed }] = [performance.now(), process.memoryUsage()];
      const message = await readLabelledFile(name, given).catch((error: Error) => error.message);
      expect(performance.now() - started).toBeLessThan(1000);
      expect(process.memoryUsage().heapUsed - heapUsed).toBeLessThan(50e6);
      const got =
        "has brackets nested more than 1000 deep, expected items of a class and a text or values; rewrite it so.";
      expect(message).toBe(`${where}: ${got}`);
    });

    test("but not for brackets in a text", async () => {
      const texts = items.map(({ label }) => ({ label, text: `"${"[{".repeat(2000)}` }));
      expect(await readLabelledFile("a.json", JSON.stringify(texts))).toMatchObject({ longest: 4001 });
    });
  });

  test("of a hundred thousand items that are none, and says the first of them, in an array and a line each", async () => {
    const wrong = new Array<number>(1e5).fill(1);
    const said =
      "a.json: 100000 of 100000 items cannot be used (item 1: is 1; item 2: is 1; item 3: is 1; item 4: is 1; item 5: is 1; and 99995 more), expected {";
    await expect(readLabelledFile("a.json", JSON.stringify(wrong))).rejects.toThrow(said);
    const lines = ['{"label":1}', ...wrong].join("\n\n");
    await expect(readLabelledFile("a.json", lines)).rejects.toThrow(
      'items cannot be used (line 1: is {"label":1}; line 3: is 1',
    );
  });
});

test.each([
  ["that is empty", [""], "data.csv: has 0 items, expected 10 or more; add some."],
  ["of few items", ["label,text", ...languages.slice(1)], "data.csv: has 9 items, expected 10 or more"],
  [
    "of a class a row",
    ["label,text", ...Array.from({ length: 1001 }, (_, i) => `${i},text`)],
    "data.csv: has 1001 classes, expected 1 to 1000; the class is in the first",
  ],
  ["of one column", repeated(["a", "b"]), "data.csv: has one column, expected the class in one column and a text or"],
  [
    "with a header that may be an item",
    ["kind,text", ...languages.slice(2), "fr,le chat", "fr,un chat", "it,il gatto"],
    'data.csv, row 1: "kind" is the class of no other row, expected a class that comes again, or a header; call ' +
      'the column of classes "label" in a header, there or above.',
  ],
  ["with years for a header", ["name,1990,1991,1992", ...series], 'row 1: "name" is the class of no other row'],
  [
    "with many values that are no numbers, all of them at once",
    ["label,t1,t2,t3", ...series, "", "up,1,2,n/a", "up,,,x"],
    'data.csv: 2 of 12 rows cannot be used (row 13: value 3 is "n/a"; row 14: value 1 is ""; row 14: value 2 is ""; row 14: ' +
      'value 3 is "x"), expected a number such as 1.5; correct or remove the row; put quotes around a text with separators.',
  ],
  [
    "with much else, of which the first is told",
    [...series, ...[" ,1", "up,", "up,Infinity,1", "up,1,,3", "up,x,y", ",z,"]],
    'data.csv: 6 of 16 rows cannot be used (row 11: its class is ""; row 12: its values are []; row 13: value 1 is "Infinity"; row 14: value 2 is ""; row 15: value 1 is "x"; and 3 more)',
  ],
  [
    "with a quote that does not end",
    [...languages, 'en,"the cat', "de,die Katze"],
    "data.csv, row 11: its quotes do not pair (quoted field unterminated), expected",
  ],
])("readLabelledFile refuses a file %s", async (_, lines, message) => {
  await expect(readLines(lines)).rejects.toThrow(message);
});

test.each([
  ["with a hole", [...series, "up,1,,3"], 'row 11: value 2 is ""'],
  ["with infinity", [...series, "up,1,Infinity"], 'row 11: value 2 is "Infinity"'],
  ["with a class alone", [...series, "up,,"], "row 11: its values are []"],
  ["with a text that is empty", [...languages, "en,"], 'row 11: its text is ""'],
  ["without a class", [...languages, " ,text"], 'row 11: its class is ""'],
  ["with a comma in a text", [...languages, "en,one, two"], 'row 11: its text is ["one"," two"]'],
  ["with a comma in its first text", ["en,one, two", ...languages], 'row 1: its text is ["one"," two"]'],
])("readLabelledFile leaves a row out %s, and says so", async (_, lines, said) => {
  const file = await readLines(lines);
  expect(file.items).toHaveLength(10);
  expect(file.said).toEqual([`1 of 11 rows left out, which cannot be used (${said})`]);
  expect(classification(file).description).toContain(said);
});

describe("readLabelledFile finds by what they hold", () => {
  const views: TableView[] = [];
  const rolesOf = async (lines: readonly string[], options = {}) => {
    const file = await readLabelledFile("data.csv", lines.join("\n"), { ...options, show: (view) => views.push(view) });
    return { file, roles: views.at(-1)!.columns.map(({ role }) => role), view: views.at(-1)! };
  };
  const iris = Array.from({ length: 30 }, (_, i) => `${i + 1},${5 + (i % 7) / 10},3.${i % 5},kind ${i % 3}`);
  const tweets = Array.from(
    { length: 30 },
    (_, i) => `"no ${i}, really",${i % 4 ? "good" : "bad"},${i % 9},${i % 2 ? "en" : "de"}`,
  );

  test("classes behind numbers, with a header that does not say so", async () => {
    const { file, roles, view } = await rolesOf(["Id,Length,Width,Flower", ...iris]);
    expect(roles).toEqual(["left out", "read", "read", "class"]);
    expect(file).toMatchObject({
      kind: "features",
      classes: ["kind 0", "kind 1", "kind 2"],
      columns: ["Length", "Width"],
    });
    expect(file.said).toEqual(['the class is "Flower"']);
    expect(view).toMatchObject({ total: 30, hasHeader: true });
    expect(view.rows[1]).toEqual(["2", "5.1", "3.1", "kind 1"]);
  });

  test("a text before its class, among columns that are neither, which it says", async () => {
    const { file, roles } = await rolesOf(["words,mood,likes,tongue", ...tweets]);
    expect(roles).toEqual(["read", "class", "left out", "left out"]);
    expect(textsOf(file)[0]).toEqual(["bad", "no 0, really"]);
    expect(file.said).toEqual(['the class is "mood"', '"words" read, and not "likes", "tongue"']);
  });

  test("what the visitor chooses instead", async () => {
    const { file, roles } = await rolesOf(["words,mood,likes,tongue", ...tweets], { label: "tongue", read: "likes" });
    expect(roles).toEqual(["left out", "left out", "read", "class"]);
    expect(file).toMatchObject({ kind: "features", classes: ["de", "en"] });
    const both = await rolesOf(["words,mood,a b,tongue", ...tweets], { label: "2", read: 'words, "tongue"' });
    expect(textsOf(both.file)[1]).toEqual(["good", "no 1, really\nen"]);
    await expect(rolesOf(["words,mood,a,b", ...tweets], { label: "mood", read: "words, mood" })).rejects.toThrow(
      'data.csv: is to be read with "mood", its column of classes, expected the class to be none of what is read; name',
    );
    await expect(rolesOf(["words,mood", ...tweets], { read: "tongue" })).rejects.toThrow('has no column "tongue"');
  });

  test("a header of names alone, unless the first row is said to be data", async () => {
    const named = await rolesOf(["tongue,words", ...languages]);
    expect([named.view.hasHeader, named.file.items.length]).toEqual([true, 10]);
    const data = await rolesOf(["tongue,words", ...languages], { firstRow: "data" });
    expect([data.view.hasHeader, data.file.items.length, data.file.classes]).toEqual([
      false,
      11,
      ["de", "en", "tongue"],
    ]);
    const names = await rolesOf(["en,the dog", ...languages], { firstRow: "names" });
    expect([names.view.columns[1]!.name, names.file.items.length]).toEqual(["the dog", 10]);
  });

  test("and tells how a table is taken that cannot be used", async () => {
    views.length = 0;
    const torn = ["label,t1,t2", ...repeated(["up,1,x", "down,2,3"])];
    await expect(rolesOf(torn)).rejects.toThrow("5 of 10 rows cannot be used");
    expect(views.map(({ columns }) => columns.map(({ role }) => role))).toEqual([["class", "read", "read"]]);
  });
});

describe("classification", () => {
  test("holds a tenth back, the same for the same seed, and encodes texts by a vocabulary of 64 at most", async () => {
    const letters = Array.from({ length: 100 }, (_, i) => String.fromCodePoint(0x1f600 + (i % 80)));
    const file = await readLines(letters.map((letter, i) => `${i % 3},${letter}${letters[0]}`));
    const made = classification(file);
    expect(made).toMatchObject({ inputs: 64, steps: 2, description: "100 in 3 classes (0, 1, 2), 10 held out" });
    expect([made.training.length, made.heldOut.length, made.trainedOn.symbols.length]).toEqual([90, 10, 64]);
    expect(made).toEqual(classification(file));
    expect(made).toEqual(classification(file, { trained: made.trainedOn }));
    const largest = Math.max(...[0, 1, 2].map((label) => made.heldOut.filter((item) => item.label === label).length));
    expect(made.baseline).toBe(largest / 10);
    const short = classification(file, { steps: 1 });
    expect(short.steps).toBe(1);
    expect(short.description).toBe("100 in 3 classes (0, 1, 2), 10 held out, 100 cut to 1 steps");
    expect(short.training[0]!.tokens).toEqual(made.training[0]!.tokens!.subarray(0, 1));
  });

  test("standardises each feature to mean 0 and deviation 1 over what is trained on, steps that are cut aside", () => {
    const feature = fc.integer({ min: -1e6, max: 1e6 }).map((value) => value / 8);
    const item = fc.array(fc.tuple(feature, feature), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(item, { minLength: 10, maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (all, steps) => {
        const file: LabelledFile = {
          ...{
            kind: "features",
            name: "all",
            classes: ["a", "b"],
            inputs: 3,
            longest: 5,
            columns: [],
            leftOut: [],
            said: [],
          },
          items: all.map((values, i) => {
            return { label: i % 2, features: Float64Array.from(values.flatMap(([a, b]) => [a, 1e9 + b, 0.1])) };
          }),
        };
        const { training, heldOut, description, trainedOn } = classification(file, { steps });
        const cut = all.filter((values) => values.length > steps).length;
        expect(description.includes(`, ${cut} cut to ${steps} steps`)).toBe(cut > 0);
        expect(training.length + heldOut.length).toBe(all.length);
        for (const input of [0, 1, 2]) {
          const values = training.flatMap(({ features }) => [...features!.filter((_, i) => i % 3 === input)]);
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
          const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
          expect(mean).toBeCloseTo(0, 3);
          const constant = input === 2 || values.every((value) => value === values[0]);
          expect(square).toBeCloseTo(constant ? 0 : 1, 3);
        }
        const whole = file.items.map(({ features }) => [
          ...standardised(features.subarray(0, 3 * steps), trainedOn.scale!),
        ]);
        for (const { features } of [...training, ...heldOut]) expect(whole).toContainEqual([...features!]);
      }),
    );
  });
});

describe("classification for a network that was trained on another file", () => {
  const three = ["ant,aab", "bee,bba", "cat,cca"];
  const trainedOn = async (lines: readonly string[]) => classification(await readLines(lines)).trainedOn;

  test("gives its classes their indices, whatever order the file would give them", async () => {
    const trained = await trainedOn(repeated(three));
    expect(trained).toEqual({
      answer: "class",
      symbols: ["a", "b", "c"],
      classes: ["ant", "bee", "cat"],
      columns: [],
      scale: null,
    });
    const subset = classification(await readLines(repeated(["cat,cc", "bee,bb"])), { trained });
    expect(subset.classes).toEqual(["ant", "bee", "cat"]);
    for (const { label, tokens } of subset.training) expect(label).toBe(tokens![0]); // c, the third, is of cat
    const one = classification(await readLines(repeated(["cat,cc"], 10)), { trained });
    expect(one.baseline).toBe(1);
    await expect(readLines(repeated(["cat,cc"], 10)).then((file) => classification(file))).rejects.toThrow(
      "data.csv: has 1 classes, expected 2 to 1000; the class is in the first column",
    );
    const turned = { ...trained, classes: ["cat", "ant", "bee"] };
    const read = classification(await readLines(repeated(three)), { trained: turned });
    for (const { label, tokens } of read.heldOut) expect(turned.classes[label]![0]).toBe("abc"[tokens![0]!]);
  });

  test("standardises by the scale of the training", async () => {
    const columns = "label,t1,t2,t3";
    const trained = await trainedOn([columns, ...repeated(["up,1,2,3", "down,5,6,7"])]);
    expect(trained).toMatchObject({ columns: ["t1", "t2", "t3"], symbols: [] });
    const file = await readLines([columns, ...repeated(["up,101,102,103", "down,105,106,107"])]);
    const { mean, deviation } = trained.scale!;
    const found = classification(file, { trained });
    expect(found.trainedOn).toEqual(trained);
    expect(found.description).toContain("standardised as in training, by mean");
    const raw = found.training[0]!.features![0]! * deviation[0]! + mean[0]!;
    expect([101, 105]).toContain(Math.round(raw));
  });

  test.each([
    [
      "another class",
      ["ant,a", "emu,b"],
      'data.csv: has the class "emu", expected the classes "ant", "bee", "cat", as',
    ],
    [
      "more of them",
      repeated(["x1,a", "x2,a", "x3,a", "x4,a", "x5,a", "x6,b"]),
      'the classes "x1", "x2", "x3", "x4", "x5" and 1 more, expected',
    ],
    ["series", ["ant,1,2", "bee,2,3"], "data.csv: has series of 1 values a step, expected texts, as the network was"],
    ["an unknown character", ["ant,a", "bee,ü"], 'data.csv: has "ü", expected only the 3 characters, as the network'],
  ])("refuses %s", async (_, lines, message) => {
    const trained = await trainedOn(repeated(three));
    const file = await readLines(repeated(lines));
    expect(() => classification(file, { trained })).toThrow(message);
  });

  test("refuses other columns, by name, unless one of the two has no header", async () => {
    const rows = repeated(["up,1,2,3", "down,3,2,1"]);
    const trained = await trainedOn(["label,t1,t2,t3", ...rows]);
    const read = async (...header: string[]) => classification(await readLines([...header, ...rows]), { trained });
    await expect(read("label,t2,t1,t3")).rejects.toThrow(
      'data.csv: calls value 1 "t2", expected "t1", as the network was trained on; put the columns in that order',
    );
    expect((await read()).trainedOn).toEqual(trained);
    expect((await read("label,t1,t2")).trainedOn).toEqual(trained);
  });

  test("refuses values that are lost in standardising", async () => {
    for (const rows of [
      ["up,1e200,1", "down,3,-1e200"],
      ["up,1,1e-300", "down,0,1"],
    ]) {
      const made = readLines(repeated(rows)).then((file) => classification(file));
      if (rows[0]!.includes("e200")) await expect(made).rejects.toThrow("has values too large to be standardised");
      else expect((await made).training).toHaveLength(9);
    }
  });
});

test("a page reads files under its content security policy", async () => {
  const text = languages.join("\n");
  const read = await withPage(
    async (page) => {
      const policy = await page.$eval("meta[http-equiv=Content-Security-Policy]", (meta) => meta.outerHTML);
      expect(policy).not.toContain("unsafe");
      return callInPage(page, "/demo/data/labelled-file.ts", "readLabelledFile", "data.csv", text);
    },
    "/demo/walkthrough/index.html",
    ["papaparse"],
  );
  expect(read).toEqual(await readLabelledFile("data.csv", text));
});
