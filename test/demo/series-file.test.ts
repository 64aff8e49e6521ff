// Series as people have them: what is read of a table, what is left out and said, and what is refused with the cure.

import { describe, expect, test } from "vitest";
import { columnNamed, readSeriesFile, withoutGaps } from "../../demo/data/series-file";
import { timesOf } from "../../demo/data/times";
import { seriesOf } from "../../demo/tasks/forecast-problem";

const read = (lines: readonly string[], name = "data.csv") => readSeriesFile(name, lines.join("\n"));
const plain = (file: Awaited<ReturnType<typeof read>>) =>
  Object.fromEntries([...file.columns].map(([name, values]) => [name, [...values]]));
const values = [3, 1.5, -2, 8, 4];
const rows = values.map((value, i) => `${value},${10 * i}`);

describe("readSeriesFile reads", () => {
  test.each<[string, string[], object]>([
    ["a header and columns of numbers", ["y,x", ...rows], { y: values, x: [0, 10, 20, 30, 40] }],
    ["no header", rows, { "column 1": values, "column 2": [0, 10, 20, 30, 40] }],
    ["a header that is a comment", ["# made by hand", "# y,x", ...rows], { y: values, x: [0, 10, 20, 30, 40] }],
    ["one column", ["y", ...values.map(String)], { y: values }],
    ["sep= and decimal commas", ["sep=;", "y;x", "3,5;1", "-,5;7", "1e1;3"], { y: [3.5, -0.5, 10], x: [1, 7, 3] }],
    ["points between thousands beside commas", ["y;x", "1.234,5;1", "12,25;7"], { y: [1234.5, 12.25], x: [1, 7] }],
    ["tabs, blank lines and CRLF", ["y\tx\r", "\r", "1\t2\r", "3\t4\r"], { y: [1, 3], x: [2, 4] }],
    ["comments among the rows", ["y,x", "1,2", "# moved", "3,4"], { y: [1, 3], x: [2, 4] }],
  ])("%s", async (_, lines, expected) => {
    expect(plain(await read(lines))).toEqual(expected);
  });

  test.each<[string, string[], string]>([
    ["pandas' index", [",y", ...values.map((value, i) => `${i},${value}`)], 'left out "", which numbers the rows'],
    [
      "an index read again",
      ["Unnamed: 0,y", ...values.map((value, i) => `${9 - i},${value}`)],
      '"Unnamed: 0", which numbers',
    ],
    [
      "a count of any name",
      ["n,y", ...values.map((value, i) => `${i + 1},${value}`)],
      'left out "n", which numbers the rows',
    ],
    ["words", ["shop,y", ...values.map((value) => `north,${value}`)], 'left out "shop", which has no numbers'],
    ["dates", ["day,y", ...values.map((value, i) => `2024-01-0${i + 1},${value}`)], '"day" is the time of a row'],
    ["years", ["year,y", ...values.map((value, i) => `${1990 + i},${value}`)], '"year" is the time of a row'],
  ])("and leaves out %s, and says so", async (_, lines, said) => {
    const file = await read(lines);
    expect(plain(file)).toEqual({ y: values });
    expect(file.said.join(", ")).toContain(said);
  });

  test("rows in the order of their times, whatever order the file has", async () => {
    const days = ["31.01.2024", "01.02.2024", "02.02.2024", "03.02.2024", "04.02.2024"];
    const lines = days.map((day, i) => `${day},${values[i]}`);
    const turned = await read(["date,y", ...[...lines].reverse()]);
    expect(plain(turned)).toEqual({ y: values });
    expect(turned.said.join()).toContain("the rows were put in its order");
    expect(turned.rows).toEqual([6, 5, 4, 3, 2]);
    expect((await read(["date,y", ...lines])).said.join()).not.toContain("order");
    const gap = await read(["date,y", ...lines.filter((_, i) => i !== 2)]);
    expect(gap.said.join()).toContain("1 steps are longer than the others: rows may be missing");
    await expect(read(["date,y", ...lines, lines[2]!])).rejects.toThrow(
      "data.csv: has the same time in rows 4 and 7, expected a time of its own for each row; take one out",
    );
    const unclear = await read(["date,y", "1/2/2024,5", "1/1/2024,6"]);
    expect([plain(unclear), unclear.said[0]]).toEqual([
      { y: [5, 6] },
      expect.stringContaining("may be day or month first"),
    ]);
  });

  test("times of many writings, as instants", () => {
    const of = (...cells: string[]) => {
      const found = timesOf(cells);
      return found && "times" in found ? [...found.times] : found;
    };
    expect(of("2024-02-01", "2024-02-01T12:30", "2024-02-01 12:30:05.5")).toEqual(
      ["2024-02-01T00:00Z", "2024-02-01T12:30Z", "2024-02-01T12:30:05.500Z"].map(Date.parse),
    );
    expect(of("2024-02-01T00:00Z", "2024-02-01T00:00+01:00")).toEqual(
      ["2024-02-01T00:00Z", "2024-01-31T23:00Z"].map(Date.parse),
    );
    expect(of("2024-01", "2024-02")).toEqual(["2024-01-01", "2024-02-01"].map(Date.parse));
    expect(of("13/01/2024", "02/03/2024")).toEqual(["2024-01-13", "2024-03-02"].map(Date.parse));
    expect(of("01/13/2024", "02/03/2024")).toEqual(["2024-01-13", "2024-02-03"].map(Date.parse));
    expect(of("1.2.2024", "2.2.2024")).toEqual(["2024-02-01", "2024-02-02"].map(Date.parse));
    expect(of("9:30", "10:00")).toEqual([34_200_000, 36_000_000].map((time) => time + Date.UTC(2000, 0, 1)));
    expect(of("2024-02-01", "soon")).toBeUndefined();
    expect(of("2024-13-01", "2024-01-01")).toBeUndefined();
    expect(of("1.5", "2.5")).toBeUndefined();
    expect(of("01/02/2024", "03/04/2024")).toEqual({ ambiguous: true });
    expect(of("31.12.23", "01.01.24, 18:05")).toEqual(["2023-12-31", "2024-01-01T18:05Z"].map(Date.parse));
    expect(of("1/13/24 2:05 PM", "1/14/24 12:00 am")).toEqual(["2024-01-13T14:05Z", "2024-01-14"].map(Date.parse));
    expect(of("3 Feb 2024", "4-September-2024")).toEqual(["2024-02-03", "2024-09-04"].map(Date.parse));
    expect(of("Feb 3, 2024", "March 4 2024")).toEqual(["2024-02-03", "2024-03-04"].map(Date.parse));
    expect(of("20240203", "20240304")).toEqual(["2024-02-03", "2024-03-04"].map(Date.parse));
    expect(of("20249903", "20240304")).toBeUndefined();
  });
});

describe("readSeriesFile takes", () => {
  test("the column of times that is chosen, whatever others hold", async () => {
    const lines = ["made,day,y", ...values.map((value, i) => `2024-02-0${5 - i},2024-01-0${i + 1},${value}`)];
    expect(plain(await readSeriesFile("data.csv", lines.join("\n"), { time: "day" }))).toEqual({ y: values });
    expect(plain(await readSeriesFile("data.csv", lines.join("\n")))).toEqual({ y: [...values].reverse() });
    const bad = [...lines, "2024-03-01,soon,3", "2024-03-02,,4"];
    await expect(readSeriesFile("data.csv", bad.join("\n"), { time: "2" })).rejects.toThrow(
      'data.csv: has no dates or times in "day" (row 7: "soon"; row 8: ""), expected one in each row, such as 2026-01-31',
    );
  });

  test("the first row as it is said to be", async () => {
    const read = async (firstRow: "names" | "data") =>
      plain(await readSeriesFile("data.csv", ["1990,1991", ...rows].join("\n"), { firstRow }));
    expect(await read("names")).toEqual({ 1990: values, 1991: [0, 10, 20, 30, 40] });
    expect(await read("data")).toEqual({ "column 1": [1990, ...values], "column 2": [1991, 0, 10, 20, 30, 40] });
  });

  test("a second column of a name by a number, and a date that is missing as it stands", async () => {
    const twice = await read(["y,y", "1,2", "3,4"]);
    expect([plain(twice), twice.said]).toEqual([{ y: [1, 3], "y (2)": [2, 4] }, ['a second "y" is called "y (2)"']]);
    const lines = ["day,y", ...values.map((value, i) => `${i === 2 ? "" : `2024-01-0${i + 1}`},${value}`)];
    expect((await read(lines)).said).toEqual(['left out "day", which has no date in row 4']);
  });
});

describe("what is missing", () => {
  const holes = ["y,x", "1,2", "NA,3", "4,", "nan,null", "#N/A,5", "n/a,-", "7,8"];

  const fill = (file: Awaited<ReturnType<typeof read>>, columns: string[], from: number, to: number) => {
    const said: string[] = [];
    const found = withoutGaps(
      file,
      columns.map((column) => ({ column, to })),
      from,
      said,
    );
    return { values: columns.map((column) => [...found.get(column)!]), said };
  };

  test("is named all at once where it is much, by rows and columns, with the cure", async () => {
    const file = await read(holes);
    expect(() => fill(file, ["y"], 0, 7)).toThrow(
      'data.csv: 4 numbers are missing (row 3, "y": "NA"; row 5, "y": "nan"; row 6, "y": "#N/A"; row 7, "y": "n/a"), expected ' +
        "a number in each; fill them in, or take these rows out.",
    );
    expect(() => fill(file, ["y", "x"], 0, 7)).toThrow(
      '7 numbers are missing (row 3, "y": "NA"; row 4, "x"; row 5, "y"',
    );
    expect(() => fill(file, ["y", "x"], 0, 7)).toThrow("; and 2 more)");
    expect(fill(file, ["y", "x"], 0, 1).said).toEqual([]);
  });

  test("lies on a straight line where it is little, and that is said", async () => {
    const lines = ["y,x", ...Array.from({ length: 20 }, (_, i) => `${i},${2 * i}`)];
    for (const row of [5, 6, 12]) lines[row] = `${row === 12 ? "closed" : ""},1`;
    const file = await read(lines);
    expect(fill(file, ["y"], 0, 20)).toEqual({
      values: [Array.from({ length: 20 }, (_, i) => i)],
      said: ['3 gaps in "y" filled by a straight line (row 6; row 7; row 13: "closed"), up to 2 in a row'],
    });
    expect(file.columns.get("y")![4]).toBeNaN(); // the file stays as it is
    lines[20] = ",38";
    const open = await read(lines);
    expect(() => fill(open, ["y"], 0, 20)).toThrow('data.csv: 1 number is missing (row 21, "y"), expected');
  });

  test("at the beginning is left out, and that is said", async () => {
    const file = await read(["y,x", "5,", "6,", ...Array.from({ length: 9 }, (_, i) => `${i + 7},${3 * i}`)]);
    const { series, said } = seriesOf(file, { targets: ["y"], features: ["y", "x"] });
    expect([series.y![0], series.x![0], series.y!.length]).toEqual([7, 0, 9]);
    expect(said).toContain("the first 2 rows left out, where values are missing");
  });

  test("behind the last target is the future, of which what is known ahead is read", async () => {
    const file = await read(["y,price,x", "1,5,9", "2,6,9", ",7,", ",8,"]);
    const { series, said } = seriesOf(file, { targets: ["y"], features: ["y", "x"], known: ["price"] });
    const found = Object.fromEntries(Object.entries(series).map(([name, all]) => [name, Array.from(all)]));
    expect(found).toEqual({ y: [1, 2], x: [9, 9], price: [5, 6, 7, 8] });
    expect(said.at(-1)).toBe("2 rows without a value of y are the future");
    const spoilt = await read(["y,price", "1,5", "2,6", ",7", ",NA"]);
    expect(() => seriesOf(spoilt, { targets: ["y"], known: ["price"] })).toThrow('row 5, "price": "NA"');
  });
});

test("columns are found by name, in any case, or by place", async () => {
  const file = await read(["day,Sales,2", "2024-01-01,5,6", "2024-01-02,7,8"]);
  expect(["Sales", "sales", "1", "2"].map((wanted) => columnNamed(file, wanted))).toEqual([
    "Sales",
    "Sales",
    "Sales",
    "2",
  ]);
  expect(() => columnNamed(file, "day")).toThrow(
    'data.csv: has no column of numbers "day", expected one of "Sales", "2", or a place from 1 to 2 among them; name one',
  );
});

test.each<[string, string[], string]>([
  ["words alone", ["a,b", "c,d", "e,f"], "data.csv: has no column of numbers, expected one or more, with a row a step"],
  [
    "the same times again and again",
    ["day,y", ...["2026-01-01", "2026-01-02"].flatMap((day) => [`${day},1`, `${day},2`])],
    "data.csv: has the same time in rows 2 and 3; rows 4 and 5, expected a time of its own for each row; take one out",
  ],
  [
    "two ways to write numbers",
    ["y;x", "1,5;2", "1.5;3"],
    'data.csv: has "1,5" in row 2 and "1.5" in row 3, expected decimal',
  ],
])("a file is refused that has %s", async (_, lines, message) => {
  await expect(read(lines)).rejects.toThrow(message);
});

test("JSON is refused by name", async () => {
  await expect(read(["[1]"], "a.json")).rejects.toThrow(
    "a.json: is JSON, expected a table with a row a step; save it as CSV.",
  );
});
