import { slstm } from "../../src/index";
import { testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";
import { testNetworks } from "./networks";

const gpu = useGpu();
const normaliser = [1]; // of c, n, m

testSweeps(gpu, "slstm", { ...twinsOf({ cell: slstm }), positive: normaliser, saturating: 30 });
testNetworks(gpu, slstm, normaliser);
