// The table of cells; that their equations are right is tested with each of them.

import { expect, test } from "vitest";
import { cellNames, cellOf } from "../../src/cells/cells";
import { referenceCellOf } from "../../src/cells/reference-cells";

test.each(cellNames)("%s has the same layout for the GPU and in float64, under its own name", (name) => {
  const { gates, states, candidate, ...cell } = cellOf({ cell: name });
  const reference = referenceCellOf({ cell: name });
  expect(cell.name).toBe(name);
  expect(reference.gates).toBe(gates);
  expect(reference.states).toBe(states);
  expect(reference.hasRecurrentBias).toBe(candidate !== undefined);
});
