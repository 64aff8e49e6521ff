import fc from "fast-check";
import { expect, test } from "vitest";
import { FlowNetwork } from "../../src/expressions/minimum-cut";

const nodes = 7;
const edge = fc.record({
  from: fc.nat(nodes - 1),
  to: fc.nat(nodes - 1),
  capacity: fc.oneof(fc.nat(6), fc.constant(Number.POSITIVE_INFINITY)),
});

test("no set of nodes cuts for less, and of those that cut for the same it is within each", () => {
  let finite = 0;
  fc.assert(
    fc.property(fc.array(edge, { minLength: 6, maxLength: 20 }), (all) => {
      const edges = all.filter(({ from, to }) => from !== to);
      const capacityOf = (side: { has(node: number): boolean }) =>
        edges.reduce((sum, { from, to, capacity }) => (side.has(from) && !side.has(to) ? sum + capacity : sum), 0);
      const sides: Set<number>[] = [];
      for (let bits = 0; bits < 2 ** nodes; bits++) {
        const side = new Set(Array.from({ length: nodes }, (_, node) => node).filter((node) => (bits >> node) & 1));
        if (side.has(0) && !side.has(1)) sides.push(side);
      }
      const least = Math.min(...sides.map(capacityOf));
      const network = new FlowNetwork();
      for (const { from, to, capacity } of edges) network.connect(from, to, capacity);
      if (least === Number.POSITIVE_INFINITY) {
        expect(() => network.cut(0, 1)).toThrow("every cut is infinite");
        return;
      }
      finite++;
      const got = network.cut(0, 1);
      expect(capacityOf(got)).toBe(least);
      for (const side of sides) {
        if (capacityOf(side) === least) expect([...got].every((node) => side.has(node))).toBe(true);
      }
    }),
    { numRuns: 500, seed: 3 },
  );
  expect(finite).toBeGreaterThan(100);
});
