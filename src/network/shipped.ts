// The library's own cells and losses that files hold by name, so that no reader has to be given them.

import { coupledLstm } from "../cells/coupled-lstm";
import { indrnn } from "../cells/indrnn";
import { minGru } from "../cells/mingru";
import { minLstm } from "../cells/minlstm";
import { peepholeLstm } from "../cells/peephole-lstm";
import { slstm } from "../cells/slstm";
import { binaryCrossEntropy } from "../losses/binary-cross-entropy";
import { huber } from "../losses/huber";
import { meanAbsoluteError } from "../losses/mean-absolute-error";
import type { SavedNames } from "./saved-network";

const shippedCells = [coupledLstm, indrnn, minGru, minLstm, peepholeLstm, slstm];
const shippedLosses = [binaryCrossEntropy(), huber(), meanAbsoluteError()];

/** A caller's own, and these. */
export const withShipped = ({ cells = [], losses = [] }: SavedNames): SavedNames => ({
  cells: [...cells, ...shippedCells],
  losses: [...losses, ...shippedLosses],
});
