import { testSweeps } from "../ops/sweeps";
import { useGpu } from "../workbench";

const gpu = useGpu();

testSweeps(gpu, { cell: "gru", reset: "after" });
testSweeps(gpu, { cell: "gru", reset: "before" });
