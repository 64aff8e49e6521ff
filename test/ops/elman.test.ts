import { elman } from "../../src/ops/elman";
import { elman as twin } from "../../src/reference/elman";
import { useGpu } from "../workbench";
import { testSweeps } from "./sweeps";

const gpu = useGpu();

testSweeps(gpu, elman("tanh"), twin("tanh"));
testSweeps(gpu, elman("relu"), twin("relu"), ["fused"]);
