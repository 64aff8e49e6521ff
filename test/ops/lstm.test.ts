import { lstm } from "../../src/ops/lstm";
import { lstm as twin } from "../../src/reference/lstm";
import { useGpu } from "../workbench";
import { testSweeps } from "./sweeps";

testSweeps(useGpu(), lstm, twin);
