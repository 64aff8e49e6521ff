import { minGru } from "../../src/index";
import { testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";
import { testNetworks } from "./networks";

const gpu = useGpu();

testSweeps(gpu, "minGru", twinsOf({ cell: minGru }));
testNetworks(gpu, minGru);
