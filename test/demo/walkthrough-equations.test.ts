import { describe, expect, test } from "vitest";
import { type CellName, cells } from "../../demo/walkthrough/cells";
import { drawnParameters, referenceEngine } from "../../demo/walkthrough/engine";
import { completed, evaluated, leftOf } from "../../demo/walkthrough/equations";
import { classesOf, exampleOf } from "../../demo/walkthrough/example";
import { givenOf, matricesOf } from "../../demo/walkthrough/matrices";
import { stagesOf } from "../../demo/walkthrough/stages";

const sentences = {
  "I like NLP": "NLP",
  "the cat saw the mouse": "dog", // a word again, and an answer that is not there
  Hello: "Hello",
};

describe.each(Object.keys(cells) as CellName[])("the walkthrough of a cell, %s,", (cell) => {
  test.each(Object.entries(sentences))("says what is so: each equation of “%s”", async (sentence, answer) => {
    const words = sentence.split(" ");
    const classes = classesOf(words, answer);
    const target = classes.indexOf(answer);
    const example = exampleOf([{ words, target }], { hidden: 4, seed: 3, cell, classes });
    const parameters = drawnParameters(example);
    for (const values of Object.values(parameters)) {
      values.set(values.map((value, i) => value + 0.1 * Math.sin(i))); // biases, which begin at zero, too
    }
    const round = await referenceEngine(example).round(parameters, 0.3);
    const given = givenOf(example, round, 0.3);
    const matrices = matricesOf(example, round, 0.3);
    const lines = stagesOf(example).flatMap((stage) => stage.lines);
    expect(completed(given, lines)).toEqual(matrices);
    let compared = 0;
    for (const line of lines) {
      if (!line.includes("=")) continue;
      const name = line.at(-1)!;
      const { rows, columns, values } = matrices.get(name)!;
      const left = evaluated(leftOf(line), (part) => matrices.get(part)!);
      expect([left.rows.length, left.columns.length], name).toEqual([rows.length, columns.length]);
      for (let i = 0; i < values.length; i++) expect(left.values[i], name).toBeCloseTo(values[i]!, 12);
      if (given.has(name)) compared++;
    }
    const ofReference = [...given.keys()].filter((name) => /^(h_|c_|dh_|d(W|b|V)|o$|ŷ$|do$|L$)|′$/.test(name));
    expect(compared).toBeGreaterThanOrEqual(ofReference.length - 2); // all but h_0 and c_0
  });
});
