import { gru } from "../../src/ops/gru";
import { gru as twin } from "../../src/reference/gru";
import { useGpu } from "../workbench";
import { testSweeps } from "./sweeps";

const gpu = useGpu();

testSweeps(gpu, gru("after"), twin("after"));
testSweeps(gpu, gru("before"), twin("before"));
