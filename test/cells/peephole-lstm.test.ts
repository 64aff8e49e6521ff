import { peepholeLstm } from "../../src/index";
import { testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";
import { testNetworks } from "./networks";

const gpu = useGpu();

testSweeps(gpu, "peephole-lstm", twinsOf({ cell: peepholeLstm }));
testNetworks(gpu, peepholeLstm);
