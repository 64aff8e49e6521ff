// The stages of a round of backpropagation through time: forward, backward, and the update. Cells differ in what a time step
// does, forward and back (cell-stages.ts); the rest is the same for all.

import { cellStages } from "./cell-stages";
import { blockOf, blocksOf, cells, entryOf } from "./cells";
import type { Line } from "./equations";
import type { Example } from "./example";
import { plain } from "./math";

export type Phase = "forward" | "backward" | "update";

export interface Stage {
  phase: Phase;
  /** What is computed, in notation: the name of the stage's button. */
  name: string;
  title: string;
  formulas: readonly string[];
  /** What it says, in a sentence or two. */
  text: string;
  lines: readonly Line[];
  /** What of the diagram is at work. */
  parts: readonly string[];
}

export function stagesOf({ words, classes, target, cell }: Example): Stage[] {
  const walked = cells[cell];
  const own = cellStages[cell];
  const entry = entryOf(walked);
  const gates = blocksOf(walked);
  const last = words.length;
  const times = words.map((_, i) => i + 1);
  const answer = classes[target]!;
  const sum = (name: (t: number) => string, total: string): Line => [
    ...times.flatMap((t) => (t === 1 ? [name(t)] : ["+", name(t)])),
    "=",
    total,
  ];
  const parameters = [
    ...["W", "Wʰ", "b"].map((letter) => gates.map((gate) => blockOf(letter, gate))),
    own.beside,
    ["V", "b_output"],
  ];
  const begin: Stage = {
    phase: "forward",
    name: "x",
    title: "The words, one-hot, and the parameters",
    formulas: [],
    text: `Each different word has a place of its own: 1 there, 0 elsewhere. The parameters are all that the network knows, and all that training changes.${own.parametersText}`,
    lines: [
      times.map((t) => `x_${t}`),
      ...(gates.length > 1 ? parameters : [parameters.slice(0, 3).flat(), parameters[4]!]),
    ].filter(({ length }) => length > 0),
    parts: times.map((t) => `x${t}`),
  };
  const output: Stage[] = [
    {
      phase: "forward",
      name: "o",
      title: "Output",
      formulas: [`o = h_${last}·V + b_output`],
      text: "Only the last hidden state is read: all that the sentence said must have come this far.",
      lines: [
        [`h_${last}`, "·", "V", "=", `h_${last}·V`],
        [`h_${last}·V`, "+", "b_output", "=", "o"],
      ],
      parts: [`h${last}-o`, "o"],
    },
    {
      phase: "forward",
      name: "ŷ",
      title: "Prediction and loss",
      formulas: ["ŷ = softmax(o)", "L = −ln ŷ_y"],
      text: `Softmax makes probabilities of the outputs. The right answer is “${answer}”: the less probable the network holds it, the larger the loss.`,
      lines: [
        ["softmax", "o", "=", "ŷ"],
        ["−ln", "ŷ_y", "=", "L"],
      ],
      parts: ["o-y", "y-L", "ŷ", "L"],
    },
  ];
  const error: Stage[] = [
    {
      phase: "backward",
      name: "do",
      title: "Where it starts: prediction minus truth",
      formulas: ["do = ŷ − y"],
      text: "We write dx for ∂L/∂x, by how much the loss grows with x. For softmax and −ln it is simply what was predicted minus what was right. Everything that follows is the chain rule.",
      lines: [["ŷ", "−", "y", "=", "do"]],
      parts: ["L>y", "y>o", "do"],
    },
    {
      phase: "backward",
      name: "dV",
      title: "Gradients of the output layer",
      formulas: [`dV = h_${last}ᵀ·do`, "db_output = do"],
      text: `V is used once, at the end: its gradient has one term. ${plain(`h_${last}`)}, turned into a column, times the error: a row for each hidden unit, a column for each class.`,
      lines: [
        [`h_${last}ᵀ`, "·", "do", "=", "dV"],
        ["do", "=", "db_output"],
      ],
      parts: [`o>h${last}`],
    },
  ];
  const each = gates.length > 1 ? ", gate by gate" : "";
  const index = gates.length > 1 ? "{k,t}" : "t";
  const [dW, dU, db] = ["dW", "dWʰ", "db"].map((letter) => (gates.length > 1 ? `${letter}_k` : letter)) as [
    string,
    string,
    string,
  ];
  const gathered: Stage[] = [
    {
      phase: "backward",
      name: "dW",
      title: `Gradient of W: one contribution a time step${each}`,
      formulas: [sigma(`x_tᵀ·da_${index}`, dW)],
      text: "W was used at every time step, so each step has its say. A one-hot word writes to its own row alone; the contributions add up.",
      lines: gates.map((gate) => sum((t) => `x_${t}ᵀ·${blockOf("da", gate, t)}`, blockOf("dW", gate))),
      parts: times.map((t) => `${entry}${t}>x${t}`),
    },
    {
      phase: "backward",
      name: "dWʰ",
      title: `Gradient of Wʰ: one contribution a time step${each}`,
      formulas: [sigma(`h_{t−1}ᵀ·da_${index}`, dU), ...own.gathered.map(({ formula }) => formula)],
      text: `Likewise what carried each hidden state to the next. The first contribution is zero, for h₀ is.${own.gatheredText}`,
      lines: gates.map((gate) => sum((t) => `h_${t - 1}ᵀ·${own.afterProduct(gate, t)}`, blockOf("dWʰ", gate))),
      parts: times.map((t) => `${entry}${t}>h${t - 1}`),
    },
    {
      phase: "backward",
      name: "db",
      title: `Gradient of b: one contribution a time step${each}`,
      formulas: [sigma(`da_${index}`, db)],
      text: "The bias was added at every time step: its gradient is the sum of all da.",
      lines: [
        ...gates.map((gate) => sum((t) => blockOf("da", gate, t), blockOf("db", gate))),
        ...own.gathered.map(({ term, total }) => sum(term, total)),
      ],
      parts: times.map((t) => `d${entry}${t}`),
    },
  ];
  const update: Stage = {
    phase: "update",
    name: "θ′",
    title: "The update: once, after the sum over all time steps",
    formulas: ["θ ← θ − α·dθ"],
    text: "Each parameter takes a small step against its gradient. Then the next round begins with the new ones: press “One round”.",
    lines: parameters.flat().map((letter) => [letter, "−", `α·d${letter}`, "=", `${letter}′`]),
    parts: [],
  };
  return [
    begin,
    ...times.flatMap((t) => own.forward(t, words[t - 1]!)),
    ...output,
    ...error,
    ...[...times].reverse().flatMap((t) => own.back(t, last)),
    ...gathered,
    update,
  ];
}

const sigma = (term: string, total: string) => `${total} = Σ_t ${term}`;
