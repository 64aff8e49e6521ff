// What a file is judged to be, by what it holds, whatever came before it, and why.

import { expect, test } from "vitest";
import { judge } from "../../demo/data/file-kind";

const many = (line: (i: number) => string) => Array.from({ length: 20 }, (_, i) => `${line(i)}\n`).join("");
const day = (i: number) => `2024-01-${String(i + 1).padStart(2, "0")}`;

test.each([
  ["a.txt", "Call me Ishmael.", "text", "its lines are no table"],
  [
    "chat.txt",
    many((i) => `[0${(i % 9) + 1}.02.24, 18:0${i % 10}] Anna: well, ${i}`),
    "text",
    "its lines are no table",
  ],
  ["lines.csv", many((i) => `only words ${i}`), "text", "it has one column, of words"],
  ["empty.txt", "", "text", "its lines are no table"],
  ["a.jsonl", '{"label": "a", "text": "b"}', "classify", 'its items have "label", and "text" or "values"'],
  [
    "result.json",
    '{"messages": [{"from": "Anna", "text": "hi"}]}',
    "text",
    'it is JSON without "label", and "text" or "values"',
  ],
  ["waves.csv", "rising,0.1,0.2\nfalling,0.2,0.1\n", "classify", "its name says that it is a table"],
  ["digits.csv", "7,0.1,0.2\n3,0.2,0.1\n", "classify", "its name says that it is a table"],
  ["iris.csv", "width,length,target\n1,2,0\n2,1,1\n", "classify", 'a column is called "target"'],
  [
    "flowers.csv",
    `width,length,kind\n${many((i) => `${i / 7},${i},${i % 2 ? "a" : "b"}`)}`,
    "classify",
    'the values of "kind" come again',
  ],
  ["reviews.csv", 'stars,words\n5,very good\n1,"bad, alas"\n', "classify", "its name says that it is a table"],
  [
    "tweets.csv",
    `day,words,mood\n${many((i) => `${day(i)},it is no ${i} today,${i % 2}`)}`,
    "classify",
    'the values of "mood" come again',
  ],
  [
    "sales.csv",
    "day,sales\n2024-01-01,3\n2024-01-02,5\n",
    "forecast",
    'its columns are numbers, and "day" holds dates or times',
  ],
  [
    "shop.csv",
    `day,shop,sales\n${many((i) => `${day(i)},north,${i}`)}`,
    "forecast",
    'it has columns of numbers beside "shop", and "day" holds dates or times',
  ],
  ["load.tsv", "load\twarmth\n1\t\n2\t3\n", "forecast", "its columns are numbers"],
  [
    "preis.csv",
    "tag;preis\n01.02.2024;1,5\n02.02.2024;2,5\n",
    "forecast",
    'its columns are numbers, and "tag" holds dates or times',
  ],
  ["series.txt", many(String), "forecast", "its columns are numbers"],
  [
    "export.txt",
    `tag;preis\n${many((i) => `0${(i % 9) + 1}.0${i > 8 ? 2 : 1}.2024;1,${i}`)}`,
    "forecast",
    'its columns are numbers, and "tag" holds dates or times',
  ],
  ["export", `label\ttext\n${many((i) => `${i % 2}\ttext ${i}`)}`, "classify", 'a column is called "label"'],
  ["torn.csv", 'label,text\na,"torn', "classify", "its name says that it is a table"],
] as const)("%s is first of all for a task", async (name, text, kind, why) => {
  expect(await judge(name, text)).toMatchObject({ kind, why });
});
