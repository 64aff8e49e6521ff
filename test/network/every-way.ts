// What plans of passes are made with, loaded for any of the library's own cells.
import { cellNames, loadCells } from "../../src/cells/cells";
import * as adaptive from "../../src/network/adaptive-readout";
import * as gradients from "../../src/network/gradient-slabs";
import type { PassWays } from "../../src/network/pass-ways";
import * as segments from "../../src/network/segments";
import * as trainable from "../../src/network/trainable";
import * as recurrence from "../../src/ops/recurrence";
import * as rowSums from "../../src/ops/row-sum";
import * as classLoss from "../../src/ops/softmax-cross-entropy";
import * as tokens from "../../src/ops/token-gather";
import * as valueLoss from "../../src/ops/value-loss";

export const everyWay: PassWays = {
  cellOf: await loadCells(cellNames.map((cell) => ({ cell }))),
  ...{ adaptive, gradients, segments, recurrence, rowSums, classLoss, tokens, trainable, valueLoss },
};
