// The LSTM cell: gates i f g o, and a cell state beside h.

import lstmShader from "../../shaders/lstm.wgsl?raw";
import type { Cell } from "./recurrence";

export const lstm: Cell = { name: "lstm", source: lstmShader, gates: 4, flags: {}, cellState: true, forgetGate: 1 };
