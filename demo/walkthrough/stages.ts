// The stages of a round of backpropagation through time: forward, backward, and the update.

import { type Example, letters } from "./example";
import { plain } from "./math";

/** An equation such as x + y = z: the names of its matrices, and the signs between them. */
type Line = readonly string[];

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

export function stagesOf({ words, classes, target }: Example): Stage[] {
  const last = words.length;
  const times = words.map((_, i) => i + 1);
  const answer = classes[target]!;
  const sum = (name: (t: number) => string, total: string): Line => [
    ...times.flatMap((t) => (t === 1 ? [name(t)] : ["+", name(t)])),
    "=",
    total,
  ];
  const begin: Stage = {
    phase: "forward",
    name: "x",
    title: "The words, one-hot, and the parameters",
    formulas: [],
    text: "Each different word has a place of its own: 1 there, 0 elsewhere. The five parameters are all that the network knows, and all that training changes.",
    lines: [times.map((t) => `x_${t}`), ["W", "Wʰ", "b"], ["V", "b_output"]],
    parts: times.map((t) => `x${t}`),
  };
  const hidden = times.map(
    (t): Stage => ({
      phase: "forward",
      name: `h_${t}`,
      title: `Hidden state after “${words[t - 1]}”`,
      formulas: [`h_${t} = tanh(x_${t}·W + h_${t - 1}·Wʰ + b)`],
      text:
        t === 1
          ? "A one-hot word picks its row of W. Before the first word there is nothing to remember: h₀ is zero."
          : "The new word meets what the network remembers of those before it. W, Wʰ and b are the same at every time step.",
      lines: [
        [`x_${t}`, "·", "W", "=", `x_${t}·W`],
        [`h_${t - 1}`, "·", "Wʰ", "=", `h_${t - 1}·Wʰ`],
        [`x_${t}·W`, "+", `h_${t - 1}·Wʰ`, "+", "b", "=", `a_${t}`],
        ["tanh", `a_${t}`, "=", `h_${t}`],
      ],
      parts: [`x${t}-h${t}`, `h${t - 1}-h${t}`, `h${t}`, ...(t === 1 ? ["h0"] : [])],
    }),
  );
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
  const through = [...times].reverse().map(
    (t): Stage => ({
      phase: "backward",
      name: `dh_${t}`,
      title: t === last ? `Back into ${plain(`h_${t}`)}` : `Back through time, into ${plain(`h_${t}`)}`,
      formulas: [t === last ? `dh_${t} = do·Vᵀ` : `dh_${t} = da_${t + 1}·(Wʰ)ᵀ`, `da_${t} = dh_${t} ⊙ (1 − h_${t}²)`],
      text:
        t === last
          ? "The same V as before, in the other direction. Then through tanh, whose slope is 1 − h²: flat where a unit is near 1 or −1, and little comes through."
          : `${plain(`h_${t}`)} has an effect on the loss through ${plain(`h_${t + 1}`)} alone. The same Wʰ and another slope of tanh at each step back: this is how a gradient fades, or grows, with time.`,
      lines: [
        t === last ? ["do", "·", "Vᵀ", "=", `dh_${t}`] : [`da_${t + 1}`, "·", "(Wʰ)ᵀ", "=", `dh_${t}`],
        [`dh_${t}`, "⊙", `1 − h_${t}²`, "=", `da_${t}`],
      ],
      parts: [t === last ? `o>h${t}` : `h${t + 1}>h${t}`, `dh${t}`],
    }),
  );
  const gathered: Stage[] = [
    {
      phase: "backward",
      name: "dW",
      title: "Gradient of W: one contribution a time step",
      formulas: [sigma("x_tᵀ·da_t", "dW")],
      text: "W was used at every time step, so each step has its say. A one-hot word writes to its own row alone; the contributions add up.",
      lines: [sum((t) => `x_${t}ᵀ·da_${t}`, "dW")],
      parts: times.map((t) => `h${t}>x${t}`),
    },
    {
      phase: "backward",
      name: "dWʰ",
      title: "Gradient of Wʰ: one contribution a time step",
      formulas: [sigma("h_{t−1}ᵀ·da_t", "dWʰ")],
      text: "Likewise what carried each hidden state to the next. The first contribution is zero, for h₀ is.",
      lines: [sum((t) => `h_${t - 1}ᵀ·da_${t}`, "dWʰ")],
      parts: times.map((t) => `h${t}>h${t - 1}`),
    },
    {
      phase: "backward",
      name: "db",
      title: "Gradient of b: one contribution a time step",
      formulas: [sigma("da_t", "db")],
      text: "The bias was added at every time step: its gradient is the sum of all da.",
      lines: [sum((t) => `da_${t}`, "db")],
      parts: times.map((t) => `dh${t}`),
    },
  ];
  const update: Stage = {
    phase: "update",
    name: "θ′",
    title: "The update: once, after the sum over all time steps",
    formulas: ["θ ← θ − α·dθ"],
    text: "Each parameter takes a small step against its gradient. Then the next round begins with the new ones: press “One round”.",
    lines: Object.values(letters).map((letter) => [letter, "−", `α·d${letter}`, "=", `${letter}′`]),
    parts: [],
  };
  return [begin, ...hidden, ...output, ...error, ...through, ...gathered, update];
}

const sigma = (term: string, total: string) => `${total} = Σ_t ${term}`;
