import { indrnn } from "../../src/index";
import { testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";
import { testNetworks } from "./networks";

const gpu = useGpu();

testSweeps(gpu, "indrnn", twinsOf({ cell: indrnn }));
testNetworks(gpu, indrnn);
