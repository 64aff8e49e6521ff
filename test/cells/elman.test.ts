import { testSweeps } from "../ops/sweeps";
import { useGpu } from "../workbench";

const gpu = useGpu();

testSweeps(gpu, { cell: "elman", activation: "tanh" });
testSweeps(gpu, { cell: "elman", activation: "relu" }, ["fused"]);
