import { testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";

const gpu = useGpu();

testSweeps(gpu, "elman, tanh", twinsOf({ cell: "elman", activation: "tanh" }));
testSweeps(gpu, "elman, relu", twinsOf({ cell: "elman", activation: "relu" }), ["fused"]);
