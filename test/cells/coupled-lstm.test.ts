import { coupledLstm } from "../../src/index";
import { testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";
import { testNetworks } from "./networks";

const gpu = useGpu();

testSweeps(gpu, "coupled-lstm", twinsOf({ cell: coupledLstm }));
testNetworks(gpu, coupledLstm);
