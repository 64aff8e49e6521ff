// What a time step of each cell does, forward and back: its stages, as equations.

import { blockOf, type CellName, cells } from "./cells";
import type { Line } from "./equations";
import { plain } from "./math";
import type { Stage } from "./stages";

export interface CellStages {
  /** Forward at time step t, where a word is read. */
  forward(t: number, word: string): Stage[];
  /** Back into time step t of `last`. */
  back(t: number, last: number): Stage[];
  /** The gradient of a gate's recurrent product. */
  afterProduct(gate: string | undefined, t: number): string;
  /** Parameters beside W, Wʰ and b, and what their gradients are sums of. */
  beside: readonly string[];
  gathered: readonly { formula: string; term(t: number): string; total: string }[];
  /** What is added to the texts of the first stage and of that of dWʰ. */
  parametersText: string;
  gatheredText: string;
}

const plainCell = {
  afterProduct: (gate: string | undefined, t: number) => blockOf("da", gate, t),
  beside: [],
  gathered: [],
  parametersText: "",
  gatheredText: "",
};

/** What every stage of a time step is. */
const forward = (name: string, stage: Omit<Stage, "phase" | "name">): Stage => ({ phase: "forward", name, ...stage });
const backward = (name: string, stage: Omit<Stage, "phase" | "name">): Stage => ({ phase: "backward", name, ...stage });

const beginning = (t: number): string[] => (t === 1 ? ["h0"] : []);
const remembered = (t: number): string =>
  t === 1
    ? "A one-hot word picks its row of W. Before the first word there is nothing to remember: h₀ is zero."
    : "The new word meets what the network remembers of those before it. W, Wʰ and b are the same at every time step.";

/** A gate's sum and its function. */
const gateLines = (gate: string, f: string, t: number): Line[] => [
  [`x_${t}`, "·", `W_${gate}`, "+", `h_${t - 1}`, "·", `Wʰ_${gate}`, "+", `b_${gate}`, "=", blockOf("a", gate, t)],
  [f, blockOf("a", gate, t), "=", `${gate}_${t}`],
];
const gateFormula = (gate: string, f: string, t: number) =>
  `${gate}_${t} = ${f}(x_${t}·W_${gate} + h_${t - 1}·Wʰ_${gate} + b_${gate})`;

/** x + y + …, of as many products. */
const plus = (terms: readonly Line[]): Line => terms.flatMap((term, i) => (i === 0 ? term : ["+", ...term]));
const backTitle = (what: string, t: number, last: number) =>
  t === last ? `Back into ${what}` : `Back through time, into ${what}`;
/** dh_T, which comes from the output. */
const fromOutput = (last: number): Line => ["do", "·", "Vᵀ", "=", `dh_${last}`];

const elman: CellStages = {
  ...plainCell,
  forward: (t, word) => [
    forward(`h_${t}`, {
      title: `Hidden state after “${word}”`,
      formulas: [`h_${t} = tanh(x_${t}·W + h_${t - 1}·Wʰ + b)`],
      text: remembered(t),
      lines: [
        [`x_${t}`, "·", "W", "=", `x_${t}·W`],
        [`h_${t - 1}`, "·", "Wʰ", "=", `h_${t - 1}·Wʰ`],
        [`x_${t}·W`, "+", `h_${t - 1}·Wʰ`, "+", "b", "=", `a_${t}`],
        ["tanh", `a_${t}`, "=", `h_${t}`],
      ],
      parts: [`x${t}-h${t}`, `h${t - 1}-h${t}`, `h${t}`, ...beginning(t)],
    }),
  ],
  back: (t, last) => [
    backward(`dh_${t}`, {
      title: backTitle(plain(`h_${t}`), t, last),
      formulas: [t === last ? `dh_${t} = do·Vᵀ` : `dh_${t} = da_${t + 1}·(Wʰ)ᵀ`, `da_${t} = dh_${t} ⊙ (1 − h_${t}²)`],
      text:
        t === last
          ? "The same V as before, in the other direction. Then through tanh, whose slope is 1 − h²: flat where a unit is near 1 or −1, and little comes through."
          : `${plain(`h_${t}`)} has an effect on the loss through ${plain(`h_${t + 1}`)} alone. The same Wʰ and another slope of tanh at each step back: this is how a gradient fades, or grows, with time.`,
      lines: [
        t === last ? fromOutput(last) : [`da_${t + 1}`, "·", "(Wʰ)ᵀ", "=", `dh_${t}`],
        [`dh_${t}`, "⊙", `1 − h_${t}²`, "=", `da_${t}`],
      ],
      parts: [t === last ? `o>h${t}` : `h${t + 1}>h${t}`, `dh${t}`],
    }),
  ],
};

const lstm: CellStages = {
  ...plainCell,
  parametersText:
    " An LSTM has them four times: for the input gate i, the forget gate f, the candidate g and the output gate o. An o without a time is the output layer’s.",
  forward: (t, word) => [
    forward(`a_${t}`, {
      title: `Gates at “${word}”`,
      formulas: cells.lstm.gates.map((gate) => gateFormula(gate, gate === "g" ? "tanh" : "σ", t)),
      text: `${remembered(t)} σ makes a gate between 0, shut, and 1, open.`,
      lines: cells.lstm.gates.flatMap((gate) => gateLines(gate, gate === "g" ? "tanh" : "σ", t)),
      parts: [`x${t}-g${t}`, `h${t - 1}-g${t}`, `g${t}`, ...beginning(t)],
    }),
    forward(`c_${t}`, {
      title: `Cell state and hidden state after “${word}”`,
      formulas: [`c_${t} = f_${t} ⊙ c_${t - 1} + i_${t} ⊙ g_${t}`, `h_${t} = o_${t} ⊙ tanh c_${t}`],
      text: "The forget gate says how much of the cell state stays, the input gate how much of the candidate comes in. No matrix stands between one cell state and the next. The output gate says what of it is shown.",
      lines: [
        [`f_${t}`, "⊙", `c_${t - 1}`, "+", `i_${t}`, "⊙", `g_${t}`, "=", `c_${t}`],
        ["tanh", `c_${t}`, "=", `tanh c_${t}`],
        [`o_${t}`, "⊙", `tanh c_${t}`, "=", `h_${t}`],
      ],
      parts: [`c${t - 1}-c${t}`, `g${t}-c${t}`, `c${t}`, `c${t}-h${t}`, `h${t}`, ...(t === 1 ? ["c0"] : [])],
    }),
  ],
  back(t, last) {
    const open: Line[] = [
      [`dh_${t}`, "⊙", `o_${t}`, "⊙", `1 − (tanh c_${t})²`],
      ...(t < last ? [[`dc_${t + 1}`, "⊙", `f_${t + 1}`]] : []),
    ];
    return [
      backward(`dc_${t}`, {
        title: backTitle(`${plain(`h_${t}`)} and ${plain(`c_${t}`)}`, t, last),
        formulas: [
          t === last ? `dh_${t} = do·Vᵀ` : `dh_${t} = Σ_k da_{k,${t + 1}}·(Wʰ_k)ᵀ`,
          `dc_${t} = dh_${t} ⊙ o_${t} ⊙ (1 − (tanh c_${t})²)${t < last ? ` + dc_${t + 1} ⊙ f_${t + 1}` : ""}`,
        ],
        text:
          t === last
            ? "The same V as before, in the other direction. The cell state has an effect through the hidden state: as far as the output gate is open, and tanh is not flat."
            : "Two ways lead back: dh through the gates and Wʰ, as in an Elman network; dc past them all, times the forget gate alone. Where that is open, the gradient does not fade.",
        lines: [
          t === last
            ? fromOutput(last)
            : [
                ...plus(cells.lstm.gates.map((gate) => [blockOf("da", gate, t + 1), "·", `(Wʰ_${gate})ᵀ`])),
                "=",
                `dh_${t}`,
              ],
          [...plus(open), "=", `dc_${t}`],
        ],
        parts: [
          ...(t === last ? [`o>h${t}`] : [`g${t + 1}>h${t}`, `c${t + 1}>c${t}`]),
          ...[`dh${t}`, `h${t}>c${t}`, `dc${t}`],
        ],
      }),
      backward(`da_${t}`, {
        title: `Back through the gates of time step ${t}`,
        formulas: [
          `da_{i,${t}} = dc_${t} ⊙ g_${t} ⊙ i_${t} ⊙ (1 − i_${t})`,
          `da_{f,${t}} = dc_${t} ⊙ c_${t - 1} ⊙ f_${t} ⊙ (1 − f_${t})`,
          `da_{g,${t}} = dc_${t} ⊙ i_${t} ⊙ (1 − g_${t}²)`,
          `da_{o,${t}} = dh_${t} ⊙ tanh c_${t} ⊙ o_${t} ⊙ (1 − o_${t})`,
        ],
        text: "Each gate is blamed by what it let through, times its slope: s·(1 − s) of σ, 1 − g² of tanh. A gate that is shut or wide open learns little.",
        lines: [
          [`dc_${t}`, "⊙", `g_${t}`, "⊙", `i_${t}`, "⊙", `1 − i_${t}`, "=", `da_{i,${t}}`],
          [`dc_${t}`, "⊙", `c_${t - 1}`, "⊙", `f_${t}`, "⊙", `1 − f_${t}`, "=", `da_{f,${t}}`],
          [`dc_${t}`, "⊙", `i_${t}`, "⊙", `1 − g_${t}²`, "=", `da_{g,${t}}`],
          [`dh_${t}`, "⊙", `tanh c_${t}`, "⊙", `o_${t}`, "⊙", `1 − o_${t}`, "=", `da_{o,${t}}`],
        ],
        parts: [`c${t}>g${t}`, `dg${t}`],
      }),
    ];
  },
};

const gru: CellStages = {
  afterProduct: (gate, t) => (gate === "n" ? `dm_${t}` : blockOf("da", gate, t)),
  beside: ["bʰ"],
  gathered: [{ formula: "dWʰ_n = Σ_t h_{t−1}ᵀ·dm_t", term: (t) => `dm_${t}`, total: "dbʰ" }],
  parametersText:
    " A GRU has them three times: for the reset gate r, the update gate z and the candidate n, whose product with the past has a bias of its own, bʰ.",
  gatheredText: " The candidate’s product stands behind the reset gate: its contributions are of dm.",
  forward: (t, word) => [
    forward(`a_${t}`, {
      title: `Gates at “${word}”`,
      formulas: [
        gateFormula("r", "σ", t),
        gateFormula("z", "σ", t),
        `m_${t} = h_${t - 1}·Wʰ_n + bʰ`,
        `n_${t} = tanh(x_${t}·W_n + b_n + r_${t} ⊙ m_${t})`,
      ],
      text: `${remembered(t)} The reset gate says how much of the past the candidate sees.`,
      lines: [
        ...gateLines("r", "σ", t),
        ...gateLines("z", "σ", t),
        [`h_${t - 1}`, "·", "Wʰ_n", "+", "bʰ", "=", `m_${t}`],
        [`x_${t}`, "·", "W_n", "+", "b_n", "+", `r_${t}`, "⊙", `m_${t}`, "=", `a_{n,${t}}`],
        ["tanh", `a_{n,${t}}`, "=", `n_${t}`],
      ],
      parts: [`x${t}-g${t}`, `h${t - 1}-g${t}`, `g${t}`, ...beginning(t)],
    }),
    forward(`h_${t}`, {
      title: `Hidden state after “${word}”`,
      formulas: [`h_${t} = (1 − z_${t}) ⊙ n_${t} + z_${t} ⊙ h_${t - 1}`],
      text: "The update gate mixes: where it is open, the hidden state stays as it was; where it is shut, the candidate takes its place.",
      lines: [[`1 − z_${t}`, "⊙", `n_${t}`, "+", `z_${t}`, "⊙", `h_${t - 1}`, "=", `h_${t}`]],
      parts: [`h${t - 1}-h${t}`, `g${t}-h${t}`, `h${t}`],
    }),
  ],
  back: (t, last) => [
    backward(`dh_${t}`, {
      title: backTitle(plain(`h_${t}`), t, last),
      formulas: [
        t === last
          ? `dh_${t} = do·Vᵀ`
          : `dh_${t} = dh_${t + 1} ⊙ z_${t + 1} + da_{r,${t + 1}}·(Wʰ_r)ᵀ + da_{z,${t + 1}}·(Wʰ_z)ᵀ + dm_${t + 1}·(Wʰ_n)ᵀ`,
      ],
      text:
        t === last
          ? "The same V as before, in the other direction."
          : "What was kept passes straight back, times the update gate: where it is open, the gradient does not fade. The rest comes back through the gates, as in an Elman network.",
      lines: [
        t === last
          ? fromOutput(last)
          : [
              ...plus([
                [`dh_${t + 1}`, "⊙", `z_${t + 1}`],
                [`da_{r,${t + 1}}`, "·", "(Wʰ_r)ᵀ"],
                [`da_{z,${t + 1}}`, "·", "(Wʰ_z)ᵀ"],
                [`dm_${t + 1}`, "·", "(Wʰ_n)ᵀ"],
              ]),
              "=",
              `dh_${t}`,
            ],
      ],
      parts: [...(t === last ? [`o>h${t}`] : [`g${t + 1}>h${t}`, `h${t + 1}>h${t}`]), `dh${t}`],
    }),
    backward(`da_${t}`, {
      title: `Back through the gates of time step ${t}`,
      formulas: [
        `da_{n,${t}} = dh_${t} ⊙ (1 − z_${t}) ⊙ (1 − n_${t}²)`,
        `da_{z,${t}} = dh_${t} ⊙ (h_${t - 1} − n_${t}) ⊙ z_${t} ⊙ (1 − z_${t})`,
        `dm_${t} = da_{n,${t}} ⊙ r_${t}`,
        `da_{r,${t}} = da_{n,${t}} ⊙ m_${t} ⊙ r_${t} ⊙ (1 − r_${t})`,
      ],
      text: "The candidate and the update gate are blamed for the mixture, the reset gate for what it let into the candidate: each times its slope. A gate that is shut or wide open learns little.",
      lines: [
        [`dh_${t}`, "⊙", `1 − z_${t}`, "⊙", `1 − n_${t}²`, "=", `da_{n,${t}}`],
        [`dh_${t}`, "⊙", `h_${t - 1} − n_${t}`, "⊙", `z_${t}`, "⊙", `1 − z_${t}`, "=", `da_{z,${t}}`],
        [`da_{n,${t}}`, "⊙", `r_${t}`, "=", `dm_${t}`],
        [`da_{n,${t}}`, "⊙", `m_${t}`, "⊙", `r_${t}`, "⊙", `1 − r_${t}`, "=", `da_{r,${t}}`],
      ],
      parts: [`h${t}>g${t}`, `dg${t}`],
    }),
  ],
};

export const cellStages: Readonly<Record<CellName, CellStages>> = { elman, lstm, gru };
