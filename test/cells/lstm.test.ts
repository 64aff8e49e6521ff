import { testSweeps } from "../ops/sweeps";
import { useGpu } from "../workbench";

testSweeps(useGpu(), { cell: "lstm" });
