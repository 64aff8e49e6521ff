import { minLstm } from "../../src/index";
import { testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";
import { testNetworks } from "./networks";

const gpu = useGpu();

testSweeps(gpu, "minLstm", twinsOf({ cell: minLstm }));
testNetworks(gpu, minLstm);
