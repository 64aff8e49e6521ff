import { hardLstm } from "../../src/keras/index";
import { useGpu } from "../workbench";
import { testNetworks } from "./networks";

testNetworks(useGpu(), hardLstm);
