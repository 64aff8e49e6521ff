// What a file is judged to be, whatever came before it.

import { expect, test } from "vitest";
import { kindsOf } from "../../demo/data/file-kind";

test.each([
  ["a.txt", "Call me Ishmael.", "text"],
  ["a.jsonl", '{"label": "a", "text": "b"}', "classify"],
  ["waves.csv", "rising,0.1,0.2\nfalling,0.2,0.1\n", "classify"],
  ["digits.csv", "7,0.1,0.2\n3,0.2,0.1\n", "classify"],
  ["iris.csv", "width,length,target\n1,2,0\n2,1,1\n", "classify"],
  ["reviews.csv", 'stars,words\n5,very good\n1,"bad, alas"\n', "classify"],
  ["sales.csv", "day,sales\n2024-01-01,3\n2024-01-02,5\n", "forecast"],
  ["load.tsv", "load\twarmth\n1\t\n2\t3\n", "forecast"],
  ["preis.csv", "tag;preis\n01.02.2024;1,5\n02.02.2024;2,5\n", "forecast"],
  ["torn.csv", 'label,text\na,"torn', "classify"],
] as const)("%s is first of all for a task", async (name, text, kind) => {
  expect((await kindsOf(name, text))[0]).toBe(kind);
  expect(await kindsOf(name, text)).toContain("text");
});
