import { testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";

const gpu = useGpu();

testSweeps(gpu, "lstm", twinsOf({ cell: "lstm" }));
