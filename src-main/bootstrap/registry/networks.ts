interface Count {
  nodes: number;
  entries: number;
}

/** How much comes from which network (`networkOf`), so that one cannot fill the server. */
export class Networks {
  readonly #counts = new Map<string, Count>();

  of(network: string): Readonly<Count> {
    return this.#counts.get(network) ?? { nodes: 0, entries: 0 };
  }

  add(network: string, nodes: number, entries: number): void {
    const count = this.#counts.get(network) ?? { nodes: 0, entries: 0 };
    count.nodes += nodes;
    count.entries += entries;
    if (count.nodes > 0 || count.entries > 0) this.#counts.set(network, count);
    else this.#counts.delete(network);
  }
}
