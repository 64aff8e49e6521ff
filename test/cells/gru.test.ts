import { testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";

const gpu = useGpu();

testSweeps(gpu, "gru, reset after", twinsOf({ cell: "gru", reset: "after" }));
testSweeps(gpu, "gru, reset before", twinsOf({ cell: "gru", reset: "before" }));
