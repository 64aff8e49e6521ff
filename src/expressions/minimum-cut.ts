// A minimum cut of a small network, by Edmonds and Karp (1972): the flow is raised along shortest paths until none is left.

/** A network of numbered nodes, from 0 on, with capacities between them. */
export class FlowNetwork {
  /** By node: what can still flow to each other node. */
  readonly #residual: Map<number, number>[] = [];

  /** Adds an edge; edges between the same nodes add up. */
  connect(from: number, to: number, capacity: number): void {
    const forth = this.#edges(from);
    forth.set(to, (forth.get(to) ?? 0) + capacity);
    const back = this.#edges(to);
    if (!back.has(from)) back.set(from, 0);
  }

  /**
   * What stays on the source's side of the minimum cut that is nearest to it. It takes up the capacities.
   * @throws where no cut is finite.
   */
  cut(source: number, sink: number): Set<number> {
    for (;;) {
      const { parents, path } = this.#search(source, sink);
      if (!path) return new Set([source, ...parents.keys()]);
      const flow = path.reduce(
        (least, [from, to]) => Math.min(least, this.#edges(from).get(to)!),
        Number.POSITIVE_INFINITY,
      );
      if (flow === Number.POSITIVE_INFINITY)
        throw new Error("FlowNetwork: every cut is infinite, expected a finite one.");
      for (const [from, to] of path) {
        this.#edges(from).set(to, this.#edges(from).get(to)! - flow);
        this.#edges(to).set(from, this.#edges(to).get(from)! + flow);
      }
    }
  }

  #search(source: number, sink: number) {
    const parents = new Map<number, number>();
    const queue = [source];
    for (const node of queue) {
      for (const [next, capacity] of this.#edges(node)) {
        if (capacity <= 0 || next === source || parents.has(next)) continue;
        parents.set(next, node);
        queue.push(next);
      }
    }
    const path: [number, number][] = [];
    for (let node = sink; node !== source; ) {
      const parent = parents.get(node);
      if (parent === undefined) return { parents };
      path.push([parent, node]);
      node = parent;
    }
    return { parents, path };
  }

  #edges(node: number): Map<number, number> {
    while (this.#residual.length <= node) this.#residual.push(new Map());
    return this.#residual[node]!;
  }
}
