// The check of parameters that are to be written elsewhere.

import { parameterShapes } from "../parts/parameter-shapes";
import type { NetworkConfig } from "./config";
import { expectValues } from "./expect-values";
import type { ParameterValues } from "./parameters";

/** @throws unless these are all parameters of the network, each of its shape and finite. */
export function expectParameters(operation: string, parameters: ParameterValues, config: NetworkConfig): void {
  const expected = Object.entries(parameterShapes(config)).map(([name, { shape }]) => ({ name, shape }));
  expectValues(operation, "parameter", parameters, expected, "pass what network.read() answers, and network.config");
}
