// Cells whose units do not meet: the kernels beside the twin.
import { indrnn, minGru, minLstm } from "../../src/index";
import { useGpu } from "../workbench";
import { testSweeps, twinsOf } from "./sweeps";

const gpu = useGpu();

for (const cell of [indrnn, minGru, minLstm]) testSweeps(gpu, cell.name, twinsOf({ cell }));
